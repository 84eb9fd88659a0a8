#![doc = include_str!("../README.md")]

mod diagnostic;
mod format;
mod lexer;
mod limits;
mod parser;
mod path;
mod pending;
mod place_within;
mod read;
mod reader;
mod resolve;
mod secret;
mod show;
mod source;
mod syntax_error;
#[cfg(test)]
mod tests;

pub use catalog_model::Severity;
pub use catalog_model::settings::{Entry, Map, Node, Object, Value};

pub use self::{
    diagnostic::{Colors, LocatedProblem, SourceDiagnostic, ValueVisibility},
    format::{FormatError, format},
    path::render_path,
    place_within::{char_at, place_within},
    read::{Document, parse_path, read},
    reader::{Files, IncludeError, NoFiles},
    resolve::Variables,
    secret::is_secret,
    show::{MASK, Masking, Setting, settings, to_json},
};
