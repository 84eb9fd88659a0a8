//! `include "x"`, `include file("x")`, `include required(…)`.

use super::{Block, Fault, Kind, Parsed, Parser, T, Within, merge};
use crate::hocon::reader::{Include, Target};

const SYNTAX: &str =
    "write `include \"x.conf\"`, `include file(\"x.conf\")` or `include required(\"x.conf\")`";

impl Parser<'_, '_> {
    /// Reads an include, and the settings of the file that it names into `block`.
    pub(super) fn include(&mut self, block: &mut Block) -> Parsed<()> {
        self.in_value = true;
        let keyword = self.span();
        self.advance();
        let opening = self.words(|word| word.ends_with('('));
        let T::Quoted(name) = self.kind() else {
            return Err(self
                .fault("`include` is followed by no file name in double quotes")
                .hint(SYNTAX)
                .into());
        };
        let name = name.clone();
        let name_span = self.span();
        self.advance();
        let closing = self.words(|word| word.chars().all(|c| c == ')'));
        if closing != ")".repeat(opening.matches('(').count()) {
            return Err(
                Fault::new(name_span, "the parentheses of this `include` do not match")
                    .hint(SYNTAX)
                    .into(),
            );
        }
        let (required, opening) = match opening.strip_prefix("required(") {
            Some(rest) => (true, rest),
            None => (false, opening.as_str()),
        };
        let target = match opening {
            "" => Target::Beside,
            "file(" => Target::WorkingDirectory,
            "url(" => Target::Url,
            "classpath(" => Target::ClassPath,
            _ => {
                return Err(Fault::new(keyword, "this is no way to include a file")
                    .hint(SYNTAX)
                    .into());
            }
        };
        let include = Include {
            name: &name,
            span: name_span,
            target,
            required,
        };
        let within = Within {
            path: self.full_path(),
            list: self.lists > 0,
        };
        let files = self.reader.include(&self.source, &include, &within)?;
        for file in files {
            let Kind::Object(included) = &file.kind else {
                continue;
            };
            if self.lists > 0 && !file.resolved {
                return Err(Fault::new(
                    include.span,
                    "a file with `${…}` in it cannot be included inside a list",
                )
                .hint("include it outside of the list")
                .into());
            }
            for entry in included.settings.iter() {
                block.settings.put(entry.clone(), merge);
            }
        }
        Ok(())
    }

    /// Reads the unquoted words that come next and fit, and puts them together.
    fn words(&mut self, fits: impl Fn(&str) -> bool) -> String {
        let mut words = String::new();
        loop {
            match self.kind() {
                T::Space | T::Newline => {
                    let ahead = self.tokens[self.at..]
                        .iter()
                        .find(|token| !matches!(token.kind, T::Space | T::Newline));
                    let goes_on = ahead.is_some_and(|token| match token.kind {
                        T::Unquoted => fits(&self.source.text[token.span.clone()]),
                        T::Quoted(_) => words.is_empty() || words.ends_with('('),
                        _ => false,
                    });
                    if !goes_on {
                        return words;
                    }
                    self.skip_lines();
                }
                T::Unquoted if fits(self.text()) => {
                    words.push_str(self.text());
                    self.advance();
                }
                _ => return words,
            }
        }
    }
}
