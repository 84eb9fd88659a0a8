//! Errors of requests. `pages` shows them with the layout of all pages.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};

use crate::{
    store::{StoreError, browse::BrowseError},
    texts,
};

/// An error that a page is shown for.
#[derive(Debug)]
pub(crate) struct ErrorPage {
    pub(crate) status: StatusCode,
    pub(crate) title: String,
    pub(crate) text: String,
}

impl ErrorPage {
    pub(crate) fn not_found() -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            title: texts::NOT_FOUND.to_owned(),
            text: texts::NOT_FOUND_TEXT.to_owned(),
        }
    }

    pub(crate) fn bad_request(text: impl Into<String>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            title: texts::BAD_REQUEST.to_owned(),
            text: text.into(),
        }
    }

    pub(crate) fn unreadable(text: impl Into<String>) -> Self {
        Self {
            status: StatusCode::SERVICE_UNAVAILABLE,
            title: texts::UNREADABLE.to_owned(),
            text: text.into(),
        }
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
            BrowseError::InvalidCursor => Self::bad_request(error.to_string()),
            BrowseError::InvalidRequest(problem) => Self::bad_request(problem),
            BrowseError::Store(error) => error.into(),
            error => Self::unreadable(error.to_string()),
        }
    }
}

impl From<askama::Error> for ErrorPage {
    fn from(error: askama::Error) -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            title: texts::UNREADABLE.to_owned(),
            text: error.to_string(),
        }
    }
}

/// Without the layout, for what is not a page.
impl IntoResponse for ErrorPage {
    fn into_response(self) -> Response {
        (self.status, format!("{}: {}\n", self.title, self.text)).into_response()
    }
}
