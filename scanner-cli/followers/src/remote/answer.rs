//! What an answer means: only JSON with a status of success is one.

use catalog_model::{FollowError, with_causes};
use outbound_http::{Error, ErrorKind, Fact, FailureClass, HeaderMap, Response, is_html};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{Advice, CallError};

/// The fields in which servers write why they refuse a request, the most precise first.
const MESSAGE_FIELDS: [&str; 3] = ["message", "error", "detail"];

/// An answer of the server: success, with JSON.
#[derive(Clone, Debug, Default)]
pub struct Answer<T = Value> {
    /// The status, from 200 to 299. 0 if nothing was sent, because it is a dry run.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body; `null`, or the default of another type, if it was empty.
    pub json: T,
}

impl<T> Answer<T> {
    /// Whether the request was recorded instead of sent.
    #[must_use]
    pub fn is_recorded(&self) -> bool {
        self.status == 0
    }
}

/// Why a response is no answer.
pub(super) enum Failure {
    /// The connection was lost before the response was complete.
    Cut(Error),
    /// Something else.
    Call(CallError),
}

/// Reads an answer. A page that a gateway answers with success is none.
pub(super) async fn read<T: DeserializeOwned + Default>(
    mut response: Response,
    advice: &Advice,
) -> Result<Answer<T>, Failure> {
    if !response.is_success() {
        return Err(Failure::Call(refused(response, advice).await));
    }
    let (status, headers) = (response.status(), response.headers().clone());
    if response.is_labelled_as_page() {
        return Err(Failure::Call(page(&response, advice)));
    }
    if status == 204 || response.header("content-length") == Some("0") {
        let json = T::default();
        return Ok(Answer {
            status,
            headers,
            json,
        });
    }
    let json = response.json().await;
    let json = json.map_err(|error| match error.class() {
        FailureClass::ConnectionLost => Failure::Cut(error),
        _ => Failure::Call(ended(error)),
    })?;
    Ok(Answer {
        status,
        headers,
        json,
    })
}

/// Reads whether the server has accepted a request, whatever its answer says. Only a web page is not accepted: it is
/// that of a gateway. The label alone is no proof, since programs label any text as a page.
pub(super) async fn accepted(mut response: Response, advice: &Advice) -> Result<(), CallError> {
    if !response.is_success() {
        return Err(refused(response, advice).await);
    }
    // Also read if it does not matter, so that the connection can be used again.
    let body = response.page(Vec::new()).await;
    match response.is_labelled_as_page() && is_html(&body) {
        true => Err(page(&response, advice)),
        false => Ok(()),
    }
}

/// What a failed request means when no answer came, or one that is not understood.
pub(super) fn ended(error: Error) -> CallError {
    let hint = error.hint().map(str::to_owned);
    CallError::Ended(FollowError::Target {
        message: with_causes(&error),
        hint,
        source: None,
    })
}

/// What it means that no answer came, although the client has retried.
pub(super) fn unreached(error: &Error) -> CallError {
    CallError::Ended(FollowError::Unreached {
        message: with_causes(error),
        hint: error.hint().map(str::to_owned),
    })
}

fn page(response: &Response, advice: &Advice) -> CallError {
    let (server, url) = (advice.server, response.context().url());
    CallError::Page(FollowError::Target {
        message: format!("{server} answered with a web page (HTML) at `{url}`"),
        hint: Some(advice.page.to_owned()),
        source: None,
    })
}

/// What a status of failure means.
async fn refused(mut response: Response, advice: &Advice) -> CallError {
    let status = response.status();
    let body = response.page(Vec::new()).await;
    let redactor = response.context().redactor();
    let message = match message(&body) {
        Some(text) => Some(redactor.redact_line(&text)),
        None => redactor.excerpt(&body),
    };
    let Err(error) = response.error_for_status().await else {
        return CallError::TooLarge;
    };
    match status {
        413 => CallError::TooLarge,
        400..=500 if !is_end(status) => CallError::Refused {
            status,
            message: message.unwrap_or_else(|| error.to_string()),
        },
        _ => {
            let text = match message {
                Some(message) => format!("{}: {message}", with_causes(&error)),
                None => with_causes(&error),
            };
            let hint = hint(&error, advice);
            match status {
                401 | 403 => CallError::Denied {
                    status,
                    is_json: serde_json::from_slice::<Value>(&body).is_ok(),
                    error: FollowError::Rejected {
                        message: text,
                        hint,
                    },
                },
                _ => CallError::Ended(FollowError::Target {
                    message: text,
                    hint,
                    source: None,
                }),
            }
        }
    }
}

fn hint(error: &Error, advice: &Advice) -> Option<String> {
    let hint = match (error.kind(), error.fact()) {
        (ErrorKind::Unauthorized, _) => advice.unauthorized,
        (ErrorKind::Forbidden, _) => advice.forbidden,
        (_, Fact::Redirected) => "check `url`: redirects are not followed",
        _ => return error.hint().map(str::to_owned),
    };
    Some(hint.to_owned())
}

/// Whether a refusal concerns every request: the token, the proxy, or the number of requests.
fn is_end(status: u16) -> bool {
    matches!(status, 401 | 403 | 407 | 408 | 425 | 429)
}

/// The message in a JSON body.
fn message(body: &[u8]) -> Option<String> {
    let json: Value = serde_json::from_slice(body).ok()?;
    let text = MESSAGE_FIELDS
        .iter()
        .find_map(|field| json[field].as_str())?;
    (!text.trim().is_empty()).then(|| text.to_owned())
}
