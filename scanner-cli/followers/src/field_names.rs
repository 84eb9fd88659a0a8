//! Names of fields as people write them: in `--columns` of a list, and in the setting `columns`.

use std::{collections::BTreeSet, fmt};

use catalog_model::nearest;

/// No field has the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownField {
    /// The name.
    pub name: String,
    /// A field with a similar name.
    pub near: Option<String>,
    /// The names of all fields.
    pub known: BTreeSet<String>,
}

/// Finds the field with a name. Spaces, `_`, `-` and upper and lower case do not matter.
///
/// # Errors
/// If it is not one of the known fields.
pub fn find_field<'a, N: AsRef<str>>(name: &str, known: &'a [N]) -> Result<&'a str, UnknownField> {
    let names = known.iter().map(AsRef::as_ref);
    let mut same = names.clone().filter(|field| is_same_field(field, name));
    same.next().ok_or_else(|| UnknownField {
        name: name.to_owned(),
        near: nearest(name, names.clone()).map(str::to_owned),
        known: names.map(str::to_owned).collect(),
    })
}

/// Whether both are names of the same field.
#[must_use]
pub fn is_same_field(one: &str, other: &str) -> bool {
    normalized(one) == normalized(other)
}

/// The name in the form in which names are compared. A name of an earlier version is replaced by the current one.
fn normalized(name: &str) -> String {
    let lower = name.trim().to_lowercase();
    match lower.replace([' ', '_', '-'], "") {
        former if former == "filtered" => "excluded".to_owned(),
        name => name,
    }
}

impl fmt::Display for UnknownField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "there is no column `{}`", self.name)?;
        if let Some(near) = &self.near {
            write!(f, "; did you mean `{near}`?")?;
        }
        let known: Vec<_> = self.known.iter().map(String::as_str).collect();
        write!(f, "; there are: {}", known.join(", "))
    }
}

impl std::error::Error for UnknownField {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_found_by_any_way_to_write_its_name() {
        let known = ["sheet_url", "key"];
        for name in ["sheet_url", "SHEET URL", " Sheet-Url "] {
            assert_eq!(find_field(name, &known), Ok("sheet_url"));
        }
        assert_eq!(
            find_field("sheet_ulr", &known).unwrap_err().to_string(),
            "there is no column `sheet_ulr`; did you mean `sheet_url`?; there are: key, sheet_url"
        );
    }
}
