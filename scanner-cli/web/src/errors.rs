//! Errors of requests. `pages` shows them in the frame of all pages.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::{
    store::{StoreError, browse::BrowseError},
    texts::ENGLISH,
};

/// An error that a page is shown for.
#[derive(Debug)]
pub(crate) struct ErrorPage {
    pub(crate) status: StatusCode,
    pub(crate) title: String,
    pub(crate) text: String,
}

impl ErrorPage {
    fn new(status: StatusCode, title: &str, text: impl Into<String>) -> Self {
        Self {
            status,
            title: title.to_owned(),
            text: text.into(),
        }
    }

    pub(crate) fn not_found() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            ENGLISH.not_found,
            ENGLISH.not_found_text,
        )
    }

    pub(crate) fn bad_request(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, ENGLISH.bad_request, text)
    }

    pub(crate) fn unreadable(text: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, ENGLISH.unreadable, text)
    }
}

impl From<StoreError> for ErrorPage {
    fn from(error: StoreError) -> Self {
        Self::unreadable(catalog_model::with_causes(&error))
    }
}

impl From<BrowseError> for ErrorPage {
    fn from(error: BrowseError) -> Self {
        match error {
            BrowseError::InvalidCursor => Self::bad_request(ENGLISH.invalid_cursor),
            BrowseError::InvalidRequest(problem) => Self::bad_request(problem),
            BrowseError::NoStore => Self::new(
                StatusCode::OK,
                ENGLISH.empty_store,
                ENGLISH.empty_store_text,
            ),
            BrowseError::Store(error) => error.into(),
            error => Self::unreadable(error.to_string()),
        }
    }
}

impl From<askama::Error> for ErrorPage {
    fn from(error: askama::Error) -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            ENGLISH.unreadable,
            error.to_string(),
        )
    }
}

/// Without the frame, for what is not a page.
impl IntoResponse for ErrorPage {
    fn into_response(self) -> Response {
        (self.status, format!("{}: {}\n", self.title, self.text)).into_response()
    }
}
