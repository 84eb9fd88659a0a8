//! `include "x"`, `include file("x")`, `include required(…)`.

use super::{Block, IncludeContext, Parsed, Parser, PendingKind, SyntaxError, T, merge};
use crate::reader::{Include, Target};

const INCLUDE_SYNTAX: &str =
    "write `include \"x.conf\"`, `include file(\"x.conf\")` or `include required(\"x.conf\")`";

impl Parser<'_, '_> {
    /// Reads an include, and the settings of the file that it names into `block`.
    pub(super) fn include(&mut self, block: &mut Block) -> Parsed<()> {
        self.key_start = None;
        let include = self.include_statement()?;
        let within = IncludeContext {
            path: self.full_path(),
            list: self.lists > 0,
            // A file uses about as much stack as three blocks.
            depth: self.depth + 3,
        };
        for file in self.reader.include(&self.source, &include, &within)? {
            if within.list && !file.is_resolved() {
                let message = "a file with `${…}` in it cannot be included inside a list";
                let error = SyntaxError::new(include.span, message);
                return Err(error.hint("include it outside of the list").into());
            }
            if let PendingKind::Object(included) = &file.kind {
                for entry in included.settings.iter() {
                    block.settings.put(entry.clone(), merge);
                }
            }
        }
        Ok(())
    }

    fn include_statement(&mut self) -> Parsed<Include> {
        self.advance();
        let start = self.span();
        let opening = self.parentheses(|word| word.ends_with('('), usize::MAX);
        let span = self.span();
        let T::Quoted(name) = self.kind() else {
            let message = "`include` is not followed by a file name in double quotes";
            return Err(self.error_here(message).hint(INCLUDE_SYNTAX).into());
        };
        let name = name.clone();
        self.advance();
        let open = opening.matches('(').count();
        let closing = self.parentheses(|word| word.chars().all(|c| c == ')'), open);
        let (required, kind) = match opening.strip_prefix("required(") {
            Some(kind) => (true, kind),
            None => (false, opening.as_str()),
        };
        let target = match kind {
            "" => Some(Target::Beside),
            "file(" => Some(Target::WorkingDirectory),
            "url(" => Some(Target::Url),
            "classpath(" => Some(Target::ClassPath),
            _ => None,
        };
        match target {
            Some(target) if closing.len() == open => Ok(Include {
                name,
                span,
                target,
                required,
            }),
            _ => {
                let error = SyntaxError::new(start, "this is not a valid way to include a file");
                Err(error.hint(INCLUDE_SYNTAX).into())
            }
        }
    }

    /// Reads and joins the next unquoted words that fit, up to a number of bytes.
    fn parentheses(&mut self, fits: impl Fn(&str) -> bool, limit: usize) -> String {
        let mut words = String::new();
        while words.len() < limit {
            self.skip_lines();
            if *self.kind() != T::Unquoted || !fits(self.text()) {
                break;
            }
            words.push_str(self.text());
            self.advance();
        }
        words
    }
}
