//! Tests against a real local server.
