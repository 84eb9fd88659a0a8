//! Parses an expression by recursive descent, no deeper than [`MAX_DEPTH`], so that no input overflows the stack.

use std::ops::Range;

use super::{
    criteria::{Criterion, CriterionKind, UsedCriterion, listed},
    error::{ExpressionError, excerpt},
    expression::{Each, Formula, Operand, Quantifier},
    lexer::{Kind, Lexer, Token},
    near::{KEYWORDS, joint_of, keyword_of},
};
use crate::nearest;

mod condition;

/// Maximum nesting depth of parentheses, `not`, `any` and `all`.
const MAX_DEPTH: usize = 64;

/// Maximum nesting depth of `any` and `all`: for lists with ten values, this is a thousand comparisons.
const MAX_LIST_DEPTH: usize = 3;

/// Maximum number of comparisons in an expression. All of them may be evaluated for each item.
pub(super) const MAX_TERMS: usize = 10_000;

/// Maximum number of regular expressions in a filter, each of which takes up to a megabyte.
pub(super) const MAX_REGEXES: usize = 1_000;

/// Maximum number of texts in all lists of an expression.
const MAX_TEXTS: usize = 200_000;

/// Parses a whole expression. An empty expression is always true.
pub(super) fn parse(text: &str, criteria: &[Criterion]) -> Result<Formula, ExpressionError> {
    let mut lexer = Lexer::new(text);
    let token = lexer.next()?;
    let mut parser = Parser {
        text,
        criteria,
        lexer,
        token,
        depth: 0,
        terms: 0,
        regexes: 0,
        texts: 0,
        values: Vec::new(),
    };
    if parser.token.kind == Kind::End {
        return Ok(Formula::Always);
    }
    let node = parser.alternatives()?;
    match parser.token.kind {
        Kind::End => Ok(node),
        _ => Err(parser.unexpected_after()),
    }
}

struct Parser<'t> {
    text: &'t str,
    criteria: &'t [Criterion],
    lexer: Lexer<'t>,
    /// The current token.
    token: Token<'t>,
    depth: usize,
    /// Numbers of comparisons, regular expressions, and texts in lists that were read.
    terms: usize,
    regexes: usize,
    texts: usize,
    /// The names of the values of the enclosing lists, from the outermost to the innermost.
    values: Vec<&'t str>,
}

type Parsed<T> = Result<T, ExpressionError>;

impl<'t> Parser<'t> {
    /// `a or b`
    fn alternatives(&mut self) -> Parsed<Formula> {
        let first = self.conjunction()?;
        self.joined(first, ["or", "||"], Self::conjunction, Formula::Or)
    }

    /// `a and b`
    fn conjunction(&mut self) -> Parsed<Formula> {
        let first = self.single()?;
        self.joined(first, ["and", "&&"], Self::single, Formula::And)
    }

    fn joined(
        &mut self,
        first: Formula,
        joints: [&str; 2],
        next: fn(&mut Self) -> Parsed<Formula>,
        join: fn(Vec<Formula>) -> Formula,
    ) -> Parsed<Formula> {
        let mut nodes = vec![first];
        while joints.into_iter().any(|joint| self.is(joint)) {
            self.advance()?;
            nodes.push(next(self)?);
        }
        Ok(match nodes.len() {
            1 => nodes.remove(0),
            _ => join(nodes),
        })
    }

    fn single(&mut self) -> Parsed<Formula> {
        self.depth += 1;
        self.terms += 1;
        if self.terms > MAX_TERMS {
            return Err(self.too_many("comparisons", MAX_TERMS));
        }
        if self.depth > MAX_DEPTH {
            let message = format!("the expression is nested more than {MAX_DEPTH} deep");
            let hint = "remove parentheses that are not needed, or split it";
            return Err(self.error(self.token.span.clone(), message, hint.to_owned()));
        }
        let node = if self.takes("(")? {
            let inner = self.alternatives()?;
            if !self.takes(")")? {
                return Err(self.unexpected_after());
            }
            inner
        } else if self.is("not") || self.is("!") {
            self.advance()?;
            Formula::Not(Box::new(self.single()?))
        } else if self.takes("always")? {
            Formula::Always
        } else if self.takes("never")? {
            Formula::Never
        } else if self.is("any") {
            self.each(Quantifier::Any)?
        } else if self.is("all") {
            self.each(Quantifier::All)?
        } else {
            self.comparison()?
        };
        self.depth -= 1;
        Ok(node)
    }

    fn too_many(&self, what: &str, max: usize) -> ExpressionError {
        let message = format!("the expression has more than {max} {what}");
        let hint = "compare with several texts at once: `key in ('one', 'other')`";
        self.error(self.token.span.clone(), message, hint.to_owned())
    }

    /// `any t in tag match …`. The condition extends as far as possible.
    fn each(&mut self, quantifier: Quantifier) -> Parsed<Formula> {
        if self.values.len() == MAX_LIST_DEPTH {
            let message =
                format!("`any` and `all` are more than {MAX_LIST_DEPTH} deep within each other");
            let hint = "remove one that does not need the outer values, or split it";
            return Err(self.error(self.token.span.clone(), message, hint.to_owned()));
        }
        self.advance()?;
        let value = self.value_name()?;
        self.expect("in")?;
        let span = self.token.span.clone();
        let list = self.criterion()?;
        if !list.is_list() {
            let message = format!("`{list}` is a text, not a list");
            let lists = listed(self.criteria, |kind| kind != CriterionKind::Text);
            let hint = match lists.as_str() {
                "" => "there are no lists".to_owned(),
                lists => format!("the lists are {lists}; compare a text by itself: `{list} = 'x'`"),
            };
            return Err(self.error(span, message, hint));
        }
        self.expect("match")?;
        self.values.push(value);
        let condition = self.alternatives()?;
        self.values.pop();
        Ok(Formula::Each(Box::new(Each {
            quantifier,
            value: value.into(),
            list,
            condition,
        })))
    }

    /// Reads the name of a list's values.
    fn value_name(&mut self) -> Parsed<&'t str> {
        let span = self.token.span.clone();
        let name = &self.text[span.clone()];
        let plain = matches!(&self.token.kind, Kind::Word(_)) && !name.contains('.');
        if !plain || KEYWORDS.contains(&name) {
            let hint = "name the values of the list: `any t in tag match t = 'x'`";
            return Err(self.unexpected(hint.to_owned()));
        }
        if self.values.contains(&name) {
            let name = excerpt(name);
            let message = format!("`{name}` is the name of another list's values already");
            return Err(self.error(span, message, "choose another name".to_owned()));
        }
        self.advance()?;
        Ok(name)
    }

    fn operand(&mut self) -> Parsed<Operand> {
        if let Kind::Word(word) = &self.token.kind
            && let Some(outward) = self.values.iter().rev().position(|value| value == word)
        {
            let name = word.as_ref().into();
            self.advance()?;
            return Ok(Operand::Value { name, outward });
        }
        self.criterion().map(Operand::Criterion)
    }

    fn criterion(&mut self) -> Parsed<UsedCriterion> {
        let span = self.token.span.clone();
        let word = match &self.token.kind {
            Kind::Word(word) if !KEYWORDS.contains(&&self.text[span.clone()]) => word,
            _ => {
                let names = listed(self.criteria, |_| true);
                return Err(self.unexpected(format!("a criterion is expected here: {names}")));
            }
        };
        match UsedCriterion::find(self.criteria, word) {
            Ok(used) => {
                self.advance()?;
                Ok(used)
            }
            Err(unknown) => {
                let hint = match self.meant_by(word) {
                    Some(meant) => format!("did you mean `{}`?", excerpt(meant)),
                    None => unknown.hint,
                };
                Err(self.error(span, unknown.message, hint))
            }
        }
    }

    /// Suggests a keyword in different case, or the name of a list's values, for a misspelt word.
    fn meant_by(&self, word: &str) -> Option<&'t str> {
        let values = || nearest(word, self.values.iter().copied());
        keyword_of(word).or_else(values)
    }

    /// Creates the error for an unexpected token after a complete expression.
    fn unexpected_after(&self) -> ExpressionError {
        let written = &self.text[self.token.span.clone()];
        let after_text = self.text[..self.token.span.start].ends_with('\'');
        let hint = match &self.token.kind {
            Kind::Word(_) if after_text => {
                Some("the text ended before this; within one, write `\\'` for `'`".to_owned())
            }
            Kind::Word(_) => joint_of(written)
                .or_else(|| keyword_of(written))
                .or_else(|| nearest(written, ["and", "or"]))
                .filter(|meant| *meant != written)
                .map(|meant| format!("did you mean `{meant}`?")),
            Kind::Symbol(",") => Some("did you mean `and`?".to_owned()),
            Kind::Symbol(")") => Some("no parenthesis is open here".to_owned()),
            Kind::End => Some("add `)`".to_owned()),
            _ => None,
        };
        self.unexpected(hint.unwrap_or_else(|| "join comparisons by `and` or `or`".to_owned()))
    }

    fn unexpected(&self, hint: String) -> ExpressionError {
        let span = self.token.span.clone();
        let message = match self.token.kind {
            Kind::End => "the expression ends too early,".to_owned(),
            _ => format!("unexpected `{}`", excerpt(&self.text[span.clone()])),
        };
        self.error(span, message, hint)
    }

    fn error(
        &self,
        span: Range<usize>,
        message: impl Into<String>,
        hint: String,
    ) -> ExpressionError {
        ExpressionError::new(self.text, span, message, hint)
    }

    /// Whether the token is this keyword or symbol.
    fn is(&self, word: &str) -> bool {
        match &self.token.kind {
            Kind::Word(_) => self.text[self.token.span.clone()] == *word,
            Kind::Symbol(sign) => *sign == word,
            _ => false,
        }
    }

    fn takes(&mut self, word: &str) -> Parsed<bool> {
        let is = self.is(word);
        if is {
            self.advance()?;
        }
        Ok(is)
    }

    fn expect(&mut self, word: &str) -> Parsed<()> {
        if self.takes(word)? {
            return Ok(());
        }
        Err(self.unexpected(format!("`{word}` is expected here")))
    }

    fn advance(&mut self) -> Parsed<()> {
        self.token = self.lexer.next()?;
        Ok(())
    }
}
