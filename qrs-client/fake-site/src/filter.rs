//! The filters of QRS, parsed and evaluated: `name so 'sales' and app.stream.name eq 'Finance'`.
//!
//! This may be stricter than QRS: it refuses a GUID or a boolean in quotes, so that a client that works here works
//! everywhere. As in QRS, property names and texts are case-insensitive.

mod parse;

pub(super) use parse::is_guid;

use std::cmp::Ordering;

use serde_json::Value;

use super::schema::{Entity, PropertyPath};

/// A condition on the records of one kind.
#[derive(Debug)]
pub(super) struct Filter(Condition);

#[derive(Debug)]
enum Condition {
    All(Vec<Self>),
    Any(Vec<Self>),
    Compare {
        property: PropertyPath,
        operator: Operator,
        literal: Literal,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Equal,
    Unequal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    StartsWith,
    EndsWith,
    Contains,
}

/// A literal in the form in which it is compared.
#[derive(Debug, PartialEq)]
enum Literal {
    /// A text or a GUID, in lower case.
    Text(String),
    Bool(bool),
    /// In the form of [`comparable_date`].
    Date(String),
    Number(f64),
}

impl Filter {
    /// Parses a filter; the error is the text of QRS's response.
    pub(super) fn parse(entity: Entity, text: &str) -> Result<Self, String> {
        parse::condition(entity, text).map(Self)
    }

    pub(super) fn accepts(&self, record: &Value) -> bool {
        self.0.holds(record)
    }
}

impl Condition {
    fn holds(&self, record: &Value) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.holds(record)),
            Self::Any(parts) => parts.iter().any(|part| part.holds(record)),
            Self::Compare {
                property,
                operator,
                literal,
            } => match property.values(record).as_slice() {
                [] => operator.holds(&Value::Null, literal),
                values => values.iter().any(|value| operator.holds(value, literal)),
            },
        }
    }
}

impl Operator {
    /// Null is unequal to everything, and neither less nor greater.
    fn holds(self, value: &Value, literal: &Literal) -> bool {
        if let (Some(value), Literal::Text(text)) = (value.as_str(), literal) {
            let value = value.to_lowercase();
            match self {
                Self::StartsWith => return value.starts_with(text),
                Self::EndsWith => return value.ends_with(text),
                Self::Contains => return value.contains(text),
                _ => {}
            }
        }
        let order = compare(value, literal);
        match self {
            Self::Equal => order == Some(Ordering::Equal),
            Self::Unequal => order != Some(Ordering::Equal),
            Self::Greater => order == Some(Ordering::Greater),
            Self::GreaterOrEqual => order.is_some_and(Ordering::is_ge),
            Self::Less => order == Some(Ordering::Less),
            Self::LessOrEqual => order.is_some_and(Ordering::is_le),
            Self::StartsWith | Self::EndsWith | Self::Contains => false,
        }
    }
}

fn compare(value: &Value, literal: &Literal) -> Option<Ordering> {
    match literal {
        Literal::Text(text) => Some(value.as_str()?.to_lowercase().cmp(text)),
        Literal::Bool(wanted) => Some(value.as_bool()?.cmp(wanted)),
        Literal::Date(date) => Some(comparable_date(value.as_str()?)?.cmp(date)),
        Literal::Number(number) => value.as_f64()?.partial_cmp(number),
    }
}

/// A date in a form whose order as text is its order in time: with milliseconds, without a zone.
pub(super) fn comparable_date(text: &str) -> Option<String> {
    const SHAPE: &str = "dddd-dd-ddTdd:dd:dd.ddd";
    let text = text.strip_suffix('Z').unwrap_or(text);
    let full = match text.len() {
        10 => format!("{text}T00:00:00.000"),
        19 => format!("{text}.000"),
        _ => text.to_owned(),
    };
    let fits = |(shape, byte): (u8, u8)| match shape {
        b'd' => byte.is_ascii_digit(),
        fixed => byte == fixed,
    };
    let right = full.len() == SHAPE.len() && SHAPE.bytes().zip(full.bytes()).all(fits);
    right.then_some(full)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Checks `filter` against one sheet; `Err` is the text of the refusal.
    fn check(filter: &str) -> Result<bool, String> {
        let sheet = json!({
            "id": "0a5cf8a0-3c5e-4a53-9a6b-6a9d2d1f7c11",
            "name": "O'Brien \\ Söhne & Co",
            "published": true,
            "approved": false,
            "objectType": "sheet",
            "publishTime": "1753-01-01T00:00:00Z",
            "modifiedDate": "2024-05-06T07:08:09.010Z",
            "size": -1,
            "tags": [{"id": "1", "name": "Board"}, {"id": "2", "name": "Monthly"}],
            "owner": {"userId": "ada.moreau"},
            "app": {"id": "7d4c2d0e-2f2a-4a7e-8b15-0f0a1c9e55aa", "stream": null},
        });
        Filter::parse(Entity::Object, filter).map(|filter| filter.accepts(&sheet))
    }

    #[test]
    fn conditions_that_hold() {
        for filter in [
            "objectType eq 'sheet'",
            "objectType eq 'SHEET'",
            "ObjectType eq 'sheet'",
            r"name eq 'O\'Brien \\ Söhne & Co'",
            "name sw 'o' and name ew 'CO' and name so 'SÖHNE'",
            "published eq true and approved ne true",
            "(published eq false or approved eq false) and objectType eq 'sheet'",
            "published eq true or approved eq true and objectType eq 'story'",
            "id eq 0A5CF8A0-3c5e-4a53-9a6b-6a9d2d1f7c11",
            "app.id eq 7d4c2d0e-2f2a-4a7e-8b15-0f0a1c9e55aa",
            "owner.userId eq 'Ada.Moreau'",
            "tags.name eq 'monthly'",
            "app.stream.name ne 'Finance'",
            "modifiedDate gt '2024-05-06T07:08:09.009Z'",
            "modifiedDate ge '2024-05-06T07:08:09.010Z' and modifiedDate lt '2024-05-07'",
            "publishTime eq '1753-01-01T00:00:00.000Z'",
            "size le -1",
        ] {
            assert_eq!(check(filter), Ok(true), "{filter}");
        }
    }

    #[test]
    fn conditions_that_do_not_hold() {
        for filter in [
            "objectType eq 'story'",
            "objectType eq ''",
            "app.stream.name eq 'Finance'",
            "app.stream.name sw ''",
            "modifiedDate gt '2024-05-06T07:08:09.010Z'",
            "size gt 0",
            "(published eq true or approved eq true) and objectType eq 'story'",
        ] {
            assert_eq!(check(filter), Ok(false), "{filter}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_the_text_of_qrs() {
        for filter in [
            "name eq 'O''Brien'",
            "name eq \"x\"",
            "name eq 'open",
            "name eq",
            "name is 'x'",
            "name eq 'x' and",
            "name eq 'x' name eq 'y'",
            "(name eq 'x'",
            "name eq 'x')",
            "colour eq 'red'",
            "app eq 'x'",
            "name.length eq 'x'",
            "published eq 'true'",
            "published gt true",
            "id eq '0a5cf8a0-3c5e-4a53-9a6b-6a9d2d1f7c11'",
            "id eq 17",
            "name eq sheet",
            "modifiedDate gt 2024-05-06",
            "modifiedDate gt 'yesterday'",
            "modifiedDate sw '2024'",
            "size eq '1'",
        ] {
            let text = format!("Cannot parse the expression: {filter}");
            assert_eq!(check(filter), Err(text));
        }
        assert_eq!(check("()"), Err("Invalid expression".to_owned()));
    }
}
