//! Comparisons: `stream in ('Finance', 'Sales')`.

use super::{MAX_REGEXES, MAX_TEXTS, Parsed, Parser};
use crate::filter::{
    error::{ExpressionError, TextPosition, excerpt},
    expression::{Condition, Formula, Operand, Substring, Texts},
    glob::Glob,
    lexer::{Kind, unescape},
    near::{keyword_of, operator_of},
    regex::{Flags, InvalidRegex, Regex},
};

impl Parser<'_> {
    pub(super) fn comparison(&mut self) -> Parsed<Formula> {
        let operand = self.operand()?;
        let operator = self.token.span.clone();
        let condition = self.condition(&operand)?;
        if let Operand::Criterion(used) = &operand
            && used.is_list()
            && !matches!(condition, Condition::IsNull | Condition::IsNotNull)
        {
            let free = |name: &&str| !self.values.contains(name);
            let value = ["t", "u", "value"].into_iter().find(free).unwrap_or("x");
            let word = if condition.is_negative() {
                "all"
            } else {
                "any"
            };
            let written = match condition {
                Condition::StartsWith(_) => "starts with",
                Condition::EndsWith(_) => "ends with",
                Condition::NotIn(_) => "not in",
                _ => &self.text[operator.clone()],
            };
            let used = excerpt(&used.to_string());
            let message = format!("`{written}` compares texts, and `{used}` is a list,");
            let condition = excerpt(&condition.to_string());
            let hint = format!("write `{word} {value} in {used} match {value} {condition}`");
            return Err(self.error(operator, message, hint));
        }
        Ok(Formula::Comparison(operand, condition))
    }

    fn condition(&mut self, operand: &Operand) -> Parsed<Condition> {
        Ok(if self.takes("=")? {
            Condition::Equals(self.text_value()?)
        } else if self.takes("!=")? {
            Condition::Differs(self.text_value()?)
        } else if self.takes("contains")? {
            Condition::Contains(Substring::new(&self.text_value()?))
        } else if self.takes("starts")? {
            self.expect("with")?;
            Condition::StartsWith(self.text_value()?)
        } else if self.takes("ends")? {
            self.expect("with")?;
            Condition::EndsWith(self.text_value()?)
        } else if self.is("~") || self.is("matches") {
            self.advance()?;
            self.pattern()?
        } else if self.takes("in")? {
            Condition::In(self.texts()?)
        } else if self.is("not") {
            self.not_in(operand)?
        } else if self.takes("is")? {
            let negative = self.takes("not")?;
            self.expect("null")?;
            if negative {
                Condition::IsNotNull
            } else {
                Condition::IsNull
            }
        } else {
            return Err(self.no_operator(operand));
        })
    }

    fn not_in(&mut self, operand: &Operand) -> Parsed<Condition> {
        self.advance()?;
        if self.takes("in")? {
            return self.texts().map(Condition::NotIn);
        }
        let written = match &self.token.kind {
            Kind::Word(word) => operator_of(word).unwrap_or("="),
            _ => "=",
        };
        let operand = excerpt(&operand.to_string());
        let before = format!("`not` must be before a comparison: `not {operand} {written} …`");
        Err(self.unexpected(before))
    }

    fn no_operator(&self, operand: &Operand) -> ExpressionError {
        let meant = match &self.token.kind {
            Kind::Word(word) => keyword_of(word)
                .filter(|meant| !matches!(*meant, "and" | "or"))
                .and_then(operator_of)
                .or_else(|| operator_of(word))
                .filter(|meant| meant != word),
            _ => None,
        };
        let operand = excerpt(&operand.to_string());
        match meant {
            Some(meant) => self.unexpected(format!("did you mean `{meant}`?")),
            None => self.unexpected(format!(
                "compare it: `{operand} = 'x'`, or `{operand} is null`"
            )),
        }
    }

    /// `('a', 'b')`
    fn texts(&mut self) -> Parsed<Texts> {
        if !self.is("(") {
            return Err(self.unexpected("write the texts in parentheses: `in ('a', 'b')`".into()));
        }
        self.advance()?;
        if self.is(")") {
            return Err(self.unexpected("name at least one text: `in ('a')`".to_owned()));
        }
        let mut texts = vec![self.text_value()?];
        while self.takes(",")? {
            self.texts += 1;
            if self.texts > MAX_TEXTS {
                return Err(self.too_many("texts", MAX_TEXTS));
            }
            texts.push(self.text_value()?);
        }
        if !self.takes(")")? {
            let hint = "separate texts with `,` and end the list with `)`: `in ('a', 'b')`";
            return Err(self.unexpected(hint.to_owned()));
        }
        Ok(Texts::new(texts))
    }

    fn text_value(&mut self) -> Parsed<Box<str>> {
        let Kind::Text(raw) = self.token.kind else {
            return Err(self.no_text("a text in single quotes is expected here: `'x'`"));
        };
        let inside = self.token.span.start + 1;
        let text = unescape(raw).map_err(|at| self.lexer.bad_escape(inside + at))?;
        let text = text.into();
        self.advance()?;
        Ok(text)
    }

    fn no_text(&self, due: &str) -> ExpressionError {
        self.unexpected(match &self.token.kind {
            Kind::Regex { .. } => "a regular expression is only allowed after `~`".to_owned(),
            Kind::Word(word) if word == "null" => "write `is null` or `is not null`".to_owned(),
            Kind::Word(word) => {
                format!("put texts in single quotes: `'{}'`", excerpt(word))
            }
            _ => due.to_owned(),
        })
    }

    /// `'glob'` or `/regex/flags`
    fn pattern(&mut self) -> Parsed<Condition> {
        let start = self.token.span.start;
        self.regexes += usize::from(matches!(self.token.kind, Kind::Regex { .. }));
        if self.regexes > MAX_REGEXES {
            return Err(self.too_many("regular expressions", MAX_REGEXES));
        }
        let condition = match self.token.kind {
            Kind::Text(raw) => Condition::Glob(
                Glob::escaped(raw).map_err(|at| self.lexer.bad_escape(start + 1 + at))?,
            ),
            Kind::Regex { text, flags } => self.regex(start, text, flags)?,
            _ => return Err(self.no_text("a pattern is expected here: `'Fin*'` or `/Fin.*/`")),
        };
        self.advance()?;
        Ok(condition)
    }

    fn regex(&self, start: usize, text: &str, flags: &str) -> Parsed<Condition> {
        let flags = Flags::read(flags).map_err(|(at, flag)| {
            let at = start + 1 + text.len() + 1 + at;
            let hint = "the flags are `i`, `x`, `m`, `s`, `d`, `u` and `U`";
            let message = format!("`{flag}` is not a flag of a regular expression,");
            self.error(at..at + flag.len_utf8(), message, hint.to_owned())
        })?;
        let position = TextPosition::new(self.text, start);
        Regex::new(text, flags, Some(position))
            .map(Condition::Regex)
            .map_err(|InvalidRegex { at, why, hint }| {
                let message = format!(
                    "`/{}/` is not a valid regular expression: {why},",
                    excerpt(text)
                );
                let at = (start + 1 + at).min(start + 1 + text.len());
                self.error(at..start + 1 + text.len(), message, hint)
            })
    }
}
