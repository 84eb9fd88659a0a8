#![doc = include_str!("../README.md")]

mod diagnostic;
mod lexer;
mod limits;
mod parser;
mod path;
mod pending;
mod read;
mod reader;
mod resolve;
mod secret;
mod show;
mod source;
mod syntax_error;
#[cfg(test)]
mod tests;
mod within;

pub use catalog_model::Severity;
pub use catalog_model::settings::{Entry, Map, Node, Object, Value};

pub use self::{
    diagnostic::{Colors, LocatedProblem, Shown, SourceDiagnostic},
    path::render_path,
    read::{Document, parse_path, read},
    reader::{Files, IncludeError, NoFiles},
    resolve::Variables,
    secret::is_secret,
    show::{MASK, Masking, Setting, settings, to_json},
    within::{char_at, place_within},
};
