//! Parses the text of a filter.

use super::{Condition, Entity, Literal, Operator, PropertyPath, comparable_date};
use crate::schema::Type;

/// Parses the whole of `text`; the error is the text of QRS's response.
pub(super) fn condition(entity: Entity, text: &str) -> Result<Condition, String> {
    let refusal = || format!("Cannot parse the expression: {text}");
    let tokens = tokens(text).ok_or_else(refusal)?;
    if tokens == [Token::Open, Token::Close] {
        return Err("Invalid expression".to_owned());
    }
    let mut parser = Parser {
        entity,
        rest: &tokens,
    };
    let condition = parser.any().ok_or_else(refusal)?;
    if parser.rest.is_empty() {
        Ok(condition)
    } else {
        Err(refusal())
    }
}

#[derive(Debug, PartialEq)]
enum Token {
    Open,
    Close,
    /// A name, an operator, a GUID, a boolean or a number.
    Bare(String),
    /// The text between quotes, unescaped.
    Quoted(String),
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            '(' => (Token::Open, 1),
            ')' => (Token::Close, 1),
            '\'' => quoted(rest)?,
            _ => {
                let end = rest.find([' ', '(', ')', '\'']).unwrap_or(rest.len());
                (Token::Bare(rest[..end].to_owned()), end)
            }
        };
        tokens.push(token);
        rest = rest[length..].trim_start();
    }
    Some(tokens)
}

/// Reads a string that begins with a quote. A doubled quote ends one string and starts another, which the grammar does
/// not allow: as in QRS, it is an error.
fn quoted(text: &str) -> Option<(Token, usize)> {
    let mut content = String::new();
    let mut chars = text.char_indices().skip(1);
    while let Some((at, char)) = chars.next() {
        match char {
            '\'' => return Some((Token::Quoted(content), at + 1)),
            '\\' => content.push(chars.next()?.1),
            other => content.push(other),
        }
    }
    None
}

struct Parser<'a> {
    entity: Entity,
    rest: &'a [Token],
}

impl<'a> Parser<'a> {
    fn any(&mut self) -> Option<Condition> {
        let mut parts = vec![self.all()?];
        while self.skip_word("or") {
            parts.push(self.all()?);
        }
        Some(Condition::Any(parts))
    }

    fn all(&mut self) -> Option<Condition> {
        let mut parts = vec![self.one()?];
        while self.skip_word("and") {
            parts.push(self.one()?);
        }
        Some(Condition::All(parts))
    }

    fn one(&mut self) -> Option<Condition> {
        match self.next()? {
            Token::Open => {
                let inner = self.any()?;
                (self.next()? == &Token::Close).then_some(inner)
            }
            Token::Bare(name) => self.comparison(name),
            Token::Close | Token::Quoted(_) => None,
        }
    }

    fn comparison(&mut self, name: &str) -> Option<Condition> {
        let property = PropertyPath::resolve(self.entity, name)?;
        let Token::Bare(word) = self.next()? else {
            return None;
        };
        let operator = operator(word, property.end)?;
        let literal = literal(self.next()?, property.end)?;
        Some(Condition::Compare {
            property,
            operator,
            literal,
        })
    }

    fn next(&mut self) -> Option<&'a Token> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    fn skip_word(&mut self, word: &str) -> bool {
        match self.rest.split_first() {
            Some((Token::Bare(first), rest)) if first == word => {
                self.rest = rest;
                true
            }
            _ => false,
        }
    }
}

fn operator(word: &str, compared: Type) -> Option<Operator> {
    let operator = match word {
        "eq" => Operator::Equal,
        "ne" => Operator::Unequal,
        "gt" => Operator::Greater,
        "ge" => Operator::GreaterOrEqual,
        "lt" => Operator::Less,
        "le" => Operator::LessOrEqual,
        "sw" => Operator::StartsWith,
        "ew" => Operator::EndsWith,
        "so" => Operator::Contains,
        _ => return None,
    };
    let fits = match operator {
        Operator::Equal | Operator::Unequal => true,
        Operator::StartsWith | Operator::EndsWith | Operator::Contains => compared == Type::Text,
        _ => matches!(compared, Type::Text | Type::Date | Type::Number),
    };
    fits.then_some(operator)
}

fn literal(token: &Token, compared: Type) -> Option<Literal> {
    match (compared, token) {
        (Type::Text, Token::Quoted(text)) => Some(Literal::Text(text.to_lowercase())),
        (Type::Date, Token::Quoted(text)) => comparable_date(text).map(Literal::Date),
        (Type::Guid, Token::Bare(text)) if is_guid(text) => {
            Some(Literal::Text(text.to_lowercase()))
        }
        (Type::Bool, Token::Bare(text)) => text.parse().ok().map(Literal::Bool),
        (Type::Number, Token::Bare(text)) => text.parse().ok().map(Literal::Number),
        _ => None,
    }
}

pub(crate) fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12])
        && text
            .bytes()
            .all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}
