//! The sign-in page.

use askama::Template;

use super::{Frame, PageResult, rendered};
use crate::{links::Links, texts::ENGLISH};

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    frame: Frame,
    problem: Option<&'a str>,
    action: String,
    next: &'a str,
}

/// The page with the form, which sends `token` and `next`, the address to go to.
pub(crate) fn page(links: &Links, problem: Option<&str>, next: &str) -> PageResult {
    rendered(&SignIn {
        frame: Frame::plain(links, ENGLISH.sign_in),
        problem,
        action: links.to("/sign-in"),
        next,
    })
}
