//! Combines tokens into blocks, lists and values. Included files are read on the way.

mod cursor;
mod include;
mod messages;
mod value;

use std::{ops::Range, rc::Rc};

use catalog_model::{Place, settings::Entry};

use super::{
    lexer::{Token, TokenKind as T, tokens},
    limits::{ELEMENT_EFFORT, MAX_KEY_BYTES},
    path::{Piece, path_of},
    pending::{Block, Pending, PendingKind, Reference, Scalar, merge},
    reader::{IncludeContext, Reader},
    secret::may_be_secret,
    source::Source,
    syntax_error::SyntaxError,
};

/// Maximum nesting depth of blocks, lists and elements of keys. Deeper nesting could overflow the stack.
pub(super) const MAX_NESTING: usize = 200;

/// Reads the tree of `source`. Reports errors to the reader. Returns a tree only if the file could be read to its end.
pub(super) fn parse(
    reader: &mut Reader<'_>,
    source: Source,
    within: &IncludeContext,
) -> Option<Rc<Pending>> {
    let tokens = tokens(&source.text, reader.tokens_left);
    reader.tokens_left -= tokens.len().min(reader.tokens_left);
    let mut parser = Parser {
        reader,
        source,
        tokens,
        at: 0,
        within,
        path: Vec::new(),
        lists: usize::from(within.list),
        depth: within.depth,
        secret_since: None,
        astray: false,
        value_start: 0,
        key_start: None,
    };
    let root = parser.root();
    let root = root.map_err(|error| parser.report_last(*error)).ok();
    let Parser { reader, source, .. } = parser;
    reader.sources.push(source);
    root
}

/// A substitution as it is written.
struct ParsedSubstitution {
    path: Vec<String>,
    optional: bool,
    /// Whether messages may name the path.
    nameable: bool,
}

type Parsed<T> = Result<T, Box<SyntaxError>>;

struct Parser<'a, 'r> {
    reader: &'a mut Reader<'r>,
    source: Source,
    tokens: Vec<Token>,
    at: usize,
    within: &'a IncludeContext,
    /// The path of the current setting.
    path: Vec<String>,
    /// Number of open lists.
    lists: usize,
    /// Number of open blocks, lists and elements of keys.
    depth: usize,
    /// The offset at which the value of the current secret began.
    secret_since: Option<usize>,
    /// Whether the next tokens may be part of a secret that lacks its quotes or its key.
    astray: bool,
    /// The offset at which the last value began.
    value_start: usize,
    /// The offset at which the current key began, while it is being read.
    key_start: Option<usize>,
}

impl Parser<'_, '_> {
    fn root(&mut self) -> Parsed<Rc<Pending>> {
        self.skip_lines();
        let place = self.place();
        let root = match self.kind() {
            T::OpenBracket => {
                return Err(self
                    .error_here("the file contains a list instead of settings")
                    .into());
            }
            T::OpenBrace => self.block()?,
            _ => Pending::new(place, PendingKind::Object(self.settings(None)?)),
        };
        self.skip_lines();
        match self.kind() {
            T::End => Ok(root),
            _ => Err(self.unexpected_after_root().into()),
        }
    }

    /// Reads a block, from its opening brace to its closing one.
    fn block(&mut self) -> Parsed<Rc<Pending>> {
        let place = self.place();
        let open = self.span();
        self.deeper(1)?;
        self.advance();
        let block = self.settings(Some(open))?;
        self.depth -= 1;
        Ok(Pending::new(place, PendingKind::Object(block)))
    }

    /// Reads settings until the brace that closes the one at `open`, or until the end of the file.
    fn settings(&mut self, open: Option<Range<usize>>) -> Parsed<Block> {
        let mut block = Block::default();
        loop {
            self.skip_lines();
            match (self.kind(), &open) {
                (T::CloseBrace, Some(_)) => {
                    self.advance();
                    return Ok(block);
                }
                (T::End, None) => return Ok(block),
                (T::End, Some(open)) => return Err(never_closed(open, "{", "}").into()),
                (T::CloseBrace, None) => return Err(self.unmatched("}").into()),
                (T::Unquoted, _) if self.text() == "include" => self.include(&mut block)?,
                _ => self.setting(&mut block)?,
            }
            if !self.separator() && !matches!(self.kind(), T::CloseBrace | T::End) {
                return Err(self.unexpected_after_value().into());
            }
        }
    }

    fn setting(&mut self, block: &mut Block) -> Parsed<()> {
        self.key_start = Some(self.span().start);
        let start = self.at;
        let place = self.place();
        let key = self.key()?;
        let key_span = self.tokens[start].span.start..self.tokens[self.at - 1].span.end;
        self.skip_lines();
        let separator = match self.kind() {
            T::OpenBrace => None,
            kind if kind.is_separator() => Some(*kind == T::PlusEquals),
            _ => return Err(self.no_separator(&key_span).into()),
        };
        self.deeper(key.len() - 1)?;
        self.path.extend(key.iter().cloned());
        // The effort of copying the path and searching it for words that announce secrets.
        let path = self.within.path.iter().chain(&self.path);
        let effort = path.map(|element| element.len() + ELEMENT_EFFORT).sum();
        self.reader.spend(effort, key_span.clone())?;
        self.key_start = None;
        self.astray = false;
        let value = match separator {
            None => self.remembering_secrets(Self::block).map(Some)?,
            Some(false) => {
                self.advance();
                self.remembering_secrets(|parser| parser.setting_value(&key_span))?
            }
            Some(true) => {
                self.in_no_list()?;
                self.advance();
                self.lists += 1;
                let item = self.remembering_secrets(|parser| parser.setting_value(&key_span))?;
                self.lists -= 1;
                item.map(|item| self.appended(item))
            }
        };
        if !self.ends_value() {
            return Err(self.unexpected_after_value().into());
        }
        self.astray |= may_be_secret(&self.full_path());
        self.path.truncate(self.path.len() - key.len());
        self.depth -= key.len() - 1;
        if let Some(value) = value {
            put(block, &key, place, value);
        }
        Ok(())
    }

    /// Reads a value, and remembers its place if it belongs to a secret.
    fn remembering_secrets<V>(&mut self, read: impl FnOnce(&mut Self) -> Parsed<V>) -> Parsed<V> {
        if self.secret_since.is_some() || !may_be_secret(&self.full_path()) {
            return read(self);
        }
        let start = self.span().start;
        self.secret_since = Some(start);
        let value = read(self)?;
        self.secret_since = None;
        let end = self.tokens[self.at.saturating_sub(1)].span.end;
        self.source.secrets.push(start..end.max(start));
        Ok(value)
    }

    /// Reads the value after the separator of the setting at `key`, or reports that it is missing.
    fn setting_value(&mut self, key: &Range<usize>) -> Parsed<Option<Rc<Pending>>> {
        if self.is_unfilled() {
            let error = self.unfilled(key);
            self.report(error);
            return Ok(None);
        }
        self.skip_lines();
        self.value().map(Some)
    }

    /// Whether no value follows, because the setting ends here or the next line is another setting.
    fn is_unfilled(&self) -> bool {
        let mut ahead = self.tokens[self.at..].iter().map(|token| &token.kind);
        let mut crossed = false;
        let mut next = ahead.next();
        while let Some(T::Newline | T::Space) = next {
            crossed |= next == Some(&T::Newline);
            next = ahead.next();
        }
        if matches!(next, Some(T::End | T::CloseBrace | T::Comma)) {
            return true;
        }
        // A string after the separator of a secret is treated as the secret, so that no message quotes it as a key.
        let is_string = self.secret_since.is_some() && matches!(next, Some(T::Quoted(_)));
        if !crossed || is_string || !next.is_some_and(T::is_key_part) {
            return false;
        }
        let mut rest = ahead.skip_while(|kind| kind.is_key_part() || **kind == T::Space);
        match rest.next() {
            // A separator before another one is an error of its own, because many encoded secrets end with `==`.
            Some(kind) if kind.is_separator() => !rest.next().is_some_and(T::is_separator),
            Some(T::OpenBrace) => true,
            _ => false,
        }
    }

    fn key(&mut self) -> Parsed<Vec<String>> {
        let start = self.at;
        while self.kind().is_key_part()
            || (*self.kind() == T::Space && self.tokens[self.at + 1].kind.is_key_part())
        {
            self.at += 1;
        }
        if self.at == start {
            return Err(self.no_key().into());
        }
        let text = self.source.text.clone();
        let pieces = self.tokens[start..self.at]
            .iter()
            .map(|token| match &token.kind {
                T::Quoted(text) => Piece::Quoted(text),
                _ => Piece::Plain(&text[token.span.clone()]),
            });
        let span = self.tokens[start].span.start..self.tokens[self.at - 1].span.end;
        let path = path_of(pieces);
        if (path.iter().flatten()).any(|element| element.len() > MAX_KEY_BYTES) {
            let message = format!("this key has more than {MAX_KEY_BYTES} bytes");
            let start = span.start;
            return Err(SyntaxError::new(start..start, message)
                .hint("shorten it")
                .into());
        }
        path.ok_or_else(|| {
            SyntaxError::new(span, "this key has an extra dot")
                .hint("remove the dot at its start or end, or put the key in double quotes")
                .into()
        })
    }

    /// Returns the value of `+=`: the list so far, and the item.
    fn appended(&mut self, item: Rc<Pending>) -> Rc<Pending> {
        let place = item.place.clone();
        let path = self.path.clone();
        let so_far = ParsedSubstitution {
            path,
            optional: true,
            nameable: true,
        };
        let so_far = self.reference(so_far, place.clone());
        Pending::new(
            place,
            PendingKind::Addition(self.reader.id(), so_far, vec![item]),
        )
    }

    fn reference(&mut self, written: ParsedSubstitution, place: Place) -> Rc<Pending> {
        let reference = Reference {
            id: self.reader.id(),
            path: [self.within.path.as_slice(), &written.path].concat(),
            prefix: self.within.path.len(),
            optional: written.optional,
            nameable: written.nameable,
        };
        Pending::new(place, PendingKind::Reference(reference))
    }
}

/// Adds a value with a key of several elements.
fn put(block: &mut Block, key: &[String], place: Place, value: Rc<Pending>) {
    let Some((first, rest)) = key.split_first() else {
        return;
    };
    let mut nested = value;
    for element in rest.iter().rev() {
        let mut inner = Block::default();
        let key_place = place.clone();
        let inner_place = nested.place.clone();
        inner.settings.put(
            Entry {
                key: element.clone(),
                key_place,
                value: nested,
            },
            merge,
        );
        nested = Pending::new(inner_place, PendingKind::Object(inner));
    }
    block.settings.put(
        Entry {
            key: first.clone(),
            key_place: place,
            value: nested,
        },
        merge,
    );
}

fn never_closed(open: &Range<usize>, opening: &str, closing: &str) -> SyntaxError {
    SyntaxError::new(open.clone(), format!("this `{opening}` is never closed"))
        .hint(format!("add the `{closing}` that is missing below"))
}
