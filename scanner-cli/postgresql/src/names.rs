//! Names of schemas and roles in statements.

/// A name of PostgreSQL in quotes.
#[must_use]
pub fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A name of PostgreSQL as people write it: in quotes only if it needs them.
#[must_use]
pub fn written(name: &str) -> String {
    let is_plain = |byte| matches!(byte, b'a'..=b'z' | b'_' | b'0'..=b'9');
    let is_digit = name.starts_with(|first: char| first.is_ascii_digit());
    match name.is_empty() || is_digit || !name.bytes().all(is_plain) {
        true => quoted(name),
        false => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_in_a_name_is_doubled() {
        assert_eq!(quoted("a\"; DROP"), "\"a\"\"; DROP\"");
    }

    #[test]
    fn a_name_is_written_in_quotes_if_it_needs_them() {
        for (name, expected) in [
            ("qlik_catalog", "qlik_catalog"),
            ("Sales", "\"Sales\""),
            ("1st", "\"1st\""),
            ("", "\"\""),
        ] {
            assert_eq!(written(name), expected);
        }
    }
}
