//! Counts, as sites write them.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

/// A count: `{"value":5}`, as the documentation of QRS says, or only the number.
///
/// Everything else is refused: another response must never look like a matching count.
pub(crate) struct Count(pub(crate) u64);

impl<'de> Deserialize<'de> for Count {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CountVisitor)
    }
}

struct CountVisitor;

impl<'de> Visitor<'de> for CountVisitor {
    type Value = Count;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a count")
    }

    fn visit_u64<E: Error>(self, count: u64) -> Result<Count, E> {
        Ok(Count(count))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Count, A::Error> {
        let mut value = None;
        while let Some(key) = map.next_key::<String>()? {
            if key != "value" {
                map.next_value::<IgnoredAny>()?;
            } else if value.replace(map.next_value::<u64>()?).is_some() {
                return Err(Error::duplicate_field("value"));
            }
        }
        value
            .map(Count)
            .ok_or_else(|| Error::missing_field("value"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: Option<u64>) {
        let count = serde_json::from_str(json).ok();
        assert_eq!(count.map(|Count(count)| count), expected, "{json}");
    }

    #[test]
    fn a_count_is_an_object_with_a_value_or_a_bare_number() {
        check("0", Some(0));
        check("23500", Some(23_500));
        check(r#"{"value":5}"#, Some(5));
        check(r#"{"schemaPath":[1],"value":5,"more":null}"#, Some(5));
    }

    #[test]
    fn everything_else_is_refused() {
        for json in [
            "[5]",
            "[]",
            "{}",
            "null",
            "true",
            "-1",
            "5.0",
            "\"5\"",
            r#"{"value":null}"#,
            r#"{"value":"5"}"#,
            r#"{"value":-1}"#,
            r#"{"value":5.5}"#,
            r#"{"value":true}"#,
            r#"{"value":[5]}"#,
            r#"{"value":5,"value":6}"#,
            r#"{"Value":5}"#,
            r#"[{"value":5}]"#,
        ] {
            check(json, None);
        }
    }
}
