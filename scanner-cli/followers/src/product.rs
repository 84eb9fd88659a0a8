//! The names under which catalogs show the product whose items are delivered. This is the only place here that names
//! it.

/// The product's own name, which begins the names of types: `Qlik App`.
const PRODUCT: &str = "Qlik";

/// The name of this program in the types and sources of events.
pub const SCANNER: &str = "qlik-scanner";

/// The id of the product among the platforms that DataHub brings along.
pub const PLATFORM: &str = "qlik-sense";

/// The full name, in descriptions.
pub const FULL_NAME: &str = "Qlik Sense";

/// The name of the classification in OpenMetadata that has the tags of the product.
pub const CLASSIFICATION: &str = "QlikSense";

/// What the names of custom properties in OpenMetadata begin with.
pub const PROPERTY_PREFIX: &str = "qlik";

/// The name of a type of things in the product, such as `Qlik App` for the label `App`.
#[must_use]
pub fn type_name(label: &str) -> String {
    format!("{PRODUCT} {label}")
}

/// A part of a key, such as `sheet`, as a label: `Sheet`.
#[must_use]
pub fn label(part: &str) -> String {
    let mut characters = part.chars();
    let first = characters.next().map(char::to_uppercase);
    first.into_iter().flatten().chain(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_is_named_after_the_product_and_the_label() {
        for (part, expected) in [
            ("sheet", "Qlik Sheet"),
            ("", "Qlik "),
            ("émoi", "Qlik Émoi"),
        ] {
            assert_eq!(type_name(&label(part)), expected);
        }
    }
}
