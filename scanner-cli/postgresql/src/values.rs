//! Values of statements: as the driver sends them, and as text in the statements of a dry run.

use std::fmt::Write;

use tokio_postgres::types::ToSql;

/// The values of a statement.
pub type Values<'a> = &'a [&'a dyn Value];

/// A value of a statement.
pub trait Value: Sync {
    /// The value as the driver takes it.
    fn parameter(&self) -> &(dyn ToSql + Sync);

    /// The value in SQL.
    fn literal(&self) -> String;
}

/// Implements [`Value`] for a type, with a function that writes its literal.
macro_rules! value {
    ($($type:ty => $literal:expr;)*) => { $(
        impl Value for $type {
            fn parameter(&self) -> &(dyn ToSql + Sync) {
                self
            }

            fn literal(&self) -> String {
                let literal: fn(&Self) -> String = $literal;
                literal(self)
            }
        }
    )* };
}

value! {
    &str => |text| text_literal(text);
    String => |text| text_literal(text);
    Option<&str> => |text| text.map_or_else(null, text_literal);
    Option<String> => |text| text.as_deref().map_or_else(null, text_literal);
    &[String] => |texts| array(texts.iter().map(|text| text_literal(text)), "text");
    Vec<&str> => |texts| array(texts.iter().map(|text| text_literal(text)), "text");
    i32 => |number| number.to_string();
    Option<i64> => |number| number.map_or_else(null, |number| number.to_string());
    Vec<i64> => |numbers| array(numbers.iter().map(i64::to_string), "bigint");
    bool => |flag| flag.to_string();
}

fn null() -> String {
    "NULL".to_owned()
}

fn array(elements: impl Iterator<Item = String>, kind: &str) -> String {
    let elements: Vec<_> = elements.collect();
    format!("ARRAY[{}]::{kind}[]", elements.join(", "))
}

/// A text in quotes, as PostgreSQL reads it unless `standard_conforming_strings` is off.
#[must_use]
pub fn text_literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// The statement with its values in the places of `$1`, `$2`…, except in quotes.
#[must_use]
pub fn with_values(sql: &str, values: Values<'_>) -> String {
    let mut text = String::with_capacity(sql.len());
    let mut quote = None;
    let mut rest = sql.chars().peekable();
    while let Some(char) = rest.next() {
        match (quote, char) {
            (None, '\'' | '"') => quote = Some(char),
            (Some(open), _) if open == char => quote = None,
            _ => {}
        }
        let number = match (quote, char, rest.peek().and_then(|next| next.to_digit(10))) {
            (None, '$', Some(number)) => number as usize,
            _ => {
                text.push(char);
                continue;
            }
        };
        rest.next();
        match number.checked_sub(1).and_then(|index| values.get(index)) {
            Some(value) => text.push_str(&value.literal()),
            // Writing to a text does not fail.
            None => drop(write!(text, "${number}")),
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_in_the_places_of_their_numbers_but_not_in_quotes() {
        let texts = vec!["a", "b'c"];
        let values: Values<'_> = &[&"it's $2", &None::<i64>, &texts, &vec![1_i64], &true];
        for (sql, expected) in [
            ("SELECT $1::text", "SELECT 'it''s $2'::text"),
            (
                "x = $2 OR \"$1\" = '$1' OR y = ANY ($3)",
                "x = NULL OR \"$1\" = '$1' OR y = ANY (ARRAY['a', 'b''c']::text[])",
            ),
            (
                "'it''s $1', $4, $5, $9",
                "'it''s $1', ARRAY[1]::bigint[], true, $9",
            ),
        ] {
            assert_eq!(with_values(sql, values), expected);
        }
    }
}
