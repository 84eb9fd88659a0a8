//! Reads the responses of QRS that are a single value, and recognizes what is not QRS.

use outbound_http::{FailureClass, text_on_one_line, without_byte_order_mark};
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::error::{EndedSession, Error, ErrorKind};
use crate::fact::Fact;
use crate::lend::Owned;
use crate::lenient::{self, salvage};
use crate::models::About;
use crate::request_context::RequestContext;
use crate::too_many_sessions;

/// The response to `/qrs/about`.
pub(crate) fn about(json: &[u8], context: RequestContext<'_>) -> Result<About, Error> {
    // A response that is not JSON has an error of its own.
    let _: IgnoredAny = decode(json, context)?;
    about_record(json).ok_or_else(|| not_qrs(json, context))
}

/// Whether a response is one of `/qrs/about`.
pub(crate) fn is_about(json: &[u8]) -> bool {
    about_record(json).is_some()
}

fn about_record(json: &[u8]) -> Option<About> {
    let about = lenient::record(without_byte_order_mark(json));
    about.filter(|about: &About| !about.build_version.trim().is_empty())
}

fn not_qrs(json: &[u8], context: RequestContext<'_>) -> Error {
    let excerpt = context.redactor().excerpt(json);
    if too_many_sessions::is_text_about_it(&text_on_one_line(json)) {
        return too_many_sessions::error(context).with_excerpt(excerpt);
    }
    let message = "the response is not from QRS: it has no `buildVersion`";
    context
        .error(ErrorKind::UnexpectedAnswer, message)
        .with_fact(Fact::NotQrs)
        .with_ended_session(EndedSession::Possible)
        .with_excerpt(excerpt)
}

/// Decodes the response to a change: an empty one, as to `DELETE`, as `null`.
pub(crate) fn decode_result<T: DeserializeOwned>(
    json: &[u8],
    context: RequestContext<'_>,
) -> Result<T, Error> {
    match json.trim_ascii() {
        b"" => decode(b"null", context),
        json => decode(json, context),
    }
}

/// Decodes a single value.
pub(crate) fn decode<T: DeserializeOwned>(
    json: &[u8],
    context: RequestContext<'_>,
) -> Result<T, Error> {
    let json = without_byte_order_mark(json);
    let value = serde_json::from_slice(json);
    let value = value.or_else(|error| salvage::<Owned<T>>(json, &mut String::new()).ok_or(error));
    value.map_err(|error: serde_json::Error| {
        let reason = context.redactor().redact_line(&error.to_string());
        let message = match (error.is_eof(), error.is_syntax()) {
            (true, _) => "the response ends before its JSON is complete".to_owned(),
            (_, true) => format!("the response is not valid JSON: {reason}"),
            _ => format!("the response is not the expected JSON: {reason}"),
        };
        // JSON that ends too early was cut off, although the connection was closed properly.
        let (fact, class, ended_session) = match error.is_eof() {
            true if json.trim_ascii().is_empty() => (
                Fact::AnswerCut,
                FailureClass::ConnectionLost,
                EndedSession::Possible,
            ),
            true => (
                Fact::AnswerCut,
                FailureClass::ConnectionLost,
                EndedSession::Excluded,
            ),
            false if error.is_syntax() => (
                Fact::NotJson,
                FailureClass::Permanent,
                EndedSession::Possible,
            ),
            false => (
                Fact::UnexpectedJson,
                FailureClass::Permanent,
                EndedSession::Possible,
            ),
        };
        context
            .error(ErrorKind::UnexpectedAnswer, message)
            .with_fact(fact)
            .with_class(class)
            .with_ended_session(ended_session)
            .with_excerpt(context.redactor().excerpt(json))
    })
}
