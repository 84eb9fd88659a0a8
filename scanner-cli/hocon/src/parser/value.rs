//! Values: adjacent pieces after a separator, and lists.

use std::{ops::Range, rc::Rc};

use super::{
    Parsed, ParsedSubstitution, Parser, Pending, PendingKind, Scalar, SyntaxError, T, Token,
    never_closed,
};
use crate::{parser::messages::NEW_LINE_HINT, pending::join};

impl Parser<'_, '_> {
    /// Reads a value: all adjacent pieces on the line, joined as far as possible before substitutions are resolved.
    pub(super) fn value(&mut self) -> Parsed<Rc<Pending>> {
        let place = self.place();
        self.value_start = self.span().start;
        let mut pieces: Vec<Rc<Pending>> = Vec::new();
        let mut after_simple = false;
        loop {
            let span = self.span();
            let piece = match self.kind() {
                T::OpenBrace => self.block()?,
                T::OpenBracket => self.list()?,
                T::Space => {
                    let between = after_simple && self.tokens[self.at + 1].kind.is_simple();
                    let space = self.scalar(Scalar::Unquoted(self.text().to_owned()));
                    if !between {
                        continue;
                    }
                    space
                }
                kind if kind.is_simple() => self.simple(),
                _ => break,
            };
            after_simple = !matches!(piece.kind, PendingKind::List(_) | PendingKind::Object(_));
            self.push(&mut pieces, piece, span)?;
        }
        match pieces.pop() {
            None => Err(self.no_value().into()),
            Some(only) if pieces.is_empty() => Ok(only),
            Some(last) => {
                pieces.push(last);
                Ok(Pending::new(
                    place,
                    PendingKind::Concatenation(self.reader.id(), pieces),
                ))
            }
        }
    }

    /// Reads a list, from its opening to its closing bracket.
    fn list(&mut self) -> Parsed<Rc<Pending>> {
        let place = self.place();
        let open = self.span();
        self.deeper(1)?;
        self.lists += 1;
        self.advance();
        let mut items = Vec::new();
        loop {
            self.skip_lines();
            match self.kind() {
                T::CloseBracket => break,
                T::End => return Err(never_closed(&open, "[", "]").into()),
                _ => items.push(self.value()?),
            }
            if !self.separator() && *self.kind() != T::CloseBracket {
                return Err(match self.kind() {
                    T::End => never_closed(&open, "[", "]"),
                    T::CloseBrace => self
                        .error_here("a `}` before the end of the list")
                        .hint("close the list with a `]`"),
                    _ => self.unexpected_after_value(),
                }
                .into());
            }
        }
        self.advance();
        self.lists -= 1;
        self.depth -= 1;
        Ok(Pending::new(place, PendingKind::List(items)))
    }

    /// Reads a token that is a value, or part of one.
    fn simple(&mut self) -> Rc<Pending> {
        let scalar = match self.kind() {
            T::Null => Scalar::Null,
            T::Bool(value) => Scalar::Bool(*value),
            T::Number => Scalar::Number(self.text().to_owned()),
            T::Quoted(text) => {
                let text = text.clone();
                self.warn_of_controls(&text);
                Scalar::String(text)
            }
            T::Substitution { path, optional } => {
                let (path, optional) = (path.clone(), *optional);
                let nameable = self.secret_since.is_none() || self.stands_alone();
                let place = self.place();
                self.advance();
                return self.reference(
                    ParsedSubstitution {
                        path,
                        optional,
                        nameable,
                    },
                    place,
                );
            }
            _ => Scalar::Unquoted(self.text().to_owned()),
        };
        self.scalar(scalar)
    }

    /// Whether no adjacent piece would be joined with the next token.
    fn stands_alone(&self) -> bool {
        let not_space = |token: &&Token| token.kind != T::Space;
        let before = self.tokens[..self.at].iter().rev().find(not_space);
        let after = self.tokens[self.at + 1..].iter().find(not_space);
        ![before, after]
            .into_iter()
            .flatten()
            .any(|token| token.kind.is_simple())
    }

    fn scalar(&mut self, scalar: Scalar) -> Rc<Pending> {
        let place = self.place();
        self.advance();
        Pending::new(place, PendingKind::Scalar(scalar))
    }

    /// Adds the piece at `span`, joined with the previous one if both are known.
    fn push(
        &mut self,
        pieces: &mut Vec<Rc<Pending>>,
        piece: Rc<Pending>,
        span: Range<usize>,
    ) -> Parsed<()> {
        let Some(last) = pieces.pop_if(|last| !last.is_open() && !piece.is_open()) else {
            pieces.push(piece);
            return Ok(());
        };
        let is_text = matches!(&piece.kind, PendingKind::Scalar(Scalar::Unquoted(text)) if !text.trim().is_empty());
        if is_text && !matches!(last.kind, PendingKind::Scalar(_)) {
            let dropped = SyntaxError::new(span.clone(), "text after a block or list is ignored")
                .hint("remove it, or begin a new line before the next setting");
            self.warn(dropped);
        }
        let joined = join(last, piece).map_err(|_unjoinable| {
            SyntaxError::new(span, "a text cannot be joined with a block or list")
                .hint(NEW_LINE_HINT)
        })?;
        pieces.push(joined);
        Ok(())
    }
}
