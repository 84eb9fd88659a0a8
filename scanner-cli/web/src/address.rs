//! The address of a list with its parameters, and the addresses that differ from it by one parameter.

use crate::{links::Links, query::Query};

/// A path with parameters. A parameter may occur several times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    path: String,
    parameters: Vec<(String, String)>,
}

impl Address {
    /// The address of a request: the parameters with one of these names that are not empty.
    pub(crate) fn new(path: &str, query: &Query, names: &[&str]) -> Self {
        let known = query
            .pairs()
            .filter(|(name, value)| names.contains(name) && !value.trim().is_empty());
        let known = known.map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
        let mut parameters = Vec::new();
        for parameter in known {
            if !parameters.contains(&parameter) {
                parameters.push(parameter);
            }
        }
        Self {
            path: path.to_owned(),
            parameters,
        }
    }

    /// An address without parameters.
    pub(crate) fn bare(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            parameters: Vec::new(),
        }
    }

    /// The same list at another path.
    pub(crate) fn at(&self, path: &str) -> Self {
        Self {
            path: path.to_owned(),
            parameters: self.parameters.clone(),
        }
    }

    /// With one more value of a parameter.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Without one value of a parameter.
    pub(crate) fn without(mut self, name: &str, value: &str) -> Self {
        self.parameters
            .retain(|(known, text)| known != name || text != value);
        self
    }

    /// Without any value of a parameter.
    pub(crate) fn without_any(mut self, name: &str) -> Self {
        self.parameters.retain(|(known, _)| known != name);
        self
    }

    /// With this one value of a parameter.
    pub(crate) fn set(self, name: &str, value: &str) -> Self {
        self.without_any(name).with(name, value)
    }

    /// Only with the parameters of these names.
    pub(crate) fn only(mut self, names: &[&str]) -> Self {
        self.parameters
            .retain(|(name, _)| names.contains(&name.as_str()));
        self
    }

    /// Whether a parameter has this value.
    pub(crate) fn has(&self, name: &str, value: &str) -> bool {
        let mut parameters = self.parameters.iter();
        parameters.any(|(known, text)| known == name && text == value)
    }

    /// The path.
    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    /// Names and values.
    pub(crate) fn parameters(&self) -> &[(String, String)] {
        &self.parameters
    }

    /// The address as text.
    pub(crate) fn href(&self, links: &Links) -> String {
        let pairs: Vec<_> = self
            .parameters
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        links.with_query(&self.path, &pairs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_known_parameters_and_changes_one() {
        let query = Query::new("q=a+b&tag=x&tag=y&tag=x&cursor=7&other=1&owner=");
        let address = Address::new("/search", &query, &["q", "tag", "owner"]);
        let links = Links::below("/c");
        for (address, expected) in [
            (address.clone(), "/c/search?q=a+b&tag=x&tag=y"),
            (address.clone().without("tag", "x"), "/c/search?q=a+b&tag=y"),
            (
                address.clone().set("tag", "é&"),
                "/c/search?q=a+b&tag=%C3%A9%26",
            ),
            (address.clone().only(&["q"]), "/c/search?q=a+b"),
            (address.at("/x").only(&[]), "/c/x"),
        ] {
            assert_eq!(address.href(&links), expected);
        }
    }
}
