//! Checks answers by reading them as settings, before anything is written.

use std::path::Path;

use super::answers::quoted;
use crate::{installation::Installation, problem::Problem};

/// The answers so far. The others have values that are valid.
#[derive(Clone)]
pub(super) struct Answered {
    pub(super) url: String,
    pub(super) link_url: String,
    pub(super) header: String,
    pub(super) code: String,
}

impl Default for Answered {
    fn default() -> Self {
        Self {
            url: "https://qlik.example.com/scanner".to_owned(),
            link_url: "https://qlik.example.com".to_owned(),
            header: "X-Scanner-User".to_owned(),
            code: "qlik".to_owned(),
        }
    }
}

/// The first problem that a connection file with these answers has.
pub(super) fn problem(installation: &Installation, answered: &Answered) -> Option<Problem> {
    let Answered {
        url,
        link_url,
        header,
        code,
    } = answered;
    let [url, link_url, header, code] = [url, link_url, header, code].map(|text| quoted(text));
    let text = format!(
        "name = trial\ncode = {code}\nconnector_id = qlik-sense\nconnection {{\nurl = {url}\nlink_url = {link_url}\n\
         auth.key = {header}\nauth.value = trial\n}}\n"
    );
    let restrictions = installation.restrictions().ok()?;
    let reading = installation.reading(&restrictions);
    let invalid = reading.read(Path::new("answer"), text.as_bytes()).err()?;
    let error = invalid.problems.into_iter().find(Problem::is_error)?;
    // Without its place in a file that does not exist.
    let hint = error.hint().map(str::to_owned);
    Some(Problem::general(error.message(), hint))
}
