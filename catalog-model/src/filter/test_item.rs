//! An item for the tests of filters.

use std::{borrow::Cow, collections::BTreeMap, ops::ControlFlow};

use super::{Criterion, CriterionId, Subject};

/// An item with any values, for tests of filters.
///
/// It panics if a filter requests a value that is unknown.
#[derive(Clone, Debug)]
pub struct TestItem {
    criteria: &'static [Criterion],
    /// The values by name: `stream`, `tag`, `custom_property.Region`.
    values: BTreeMap<String, Vec<String>>,
    /// The names of the criteria whose values are unknown.
    unknown: Vec<&'static str>,
}

impl TestItem {
    /// An item without values.
    #[must_use]
    pub fn new(criteria: &'static [Criterion]) -> Self {
        Self {
            criteria,
            values: BTreeMap::new(),
            unknown: Vec::new(),
        }
    }

    /// The same item with a text.
    #[must_use]
    pub fn with(self, criterion: &str, text: &str) -> Self {
        self.list(criterion, &[text])
    }

    /// The same item with a list. A list of a family is named `custom_property.Region`. Without the second part of the
    /// name, it is the value of each list of the family that is not set by its own name.
    #[must_use]
    pub fn list(mut self, name: &str, values: &[impl AsRef<str>]) -> Self {
        let values = values.iter().map(|value| value.as_ref().to_owned());
        self.values.insert(name.to_owned(), values.collect());
        self
    }

    /// The same item with unknown values for these criteria.
    #[must_use]
    pub fn with_unknown(self, criteria: impl IntoIterator<Item = &'static str>) -> Self {
        Self {
            unknown: criteria.into_iter().collect(),
            ..self
        }
    }

    /// The values with this name, known or unknown.
    #[must_use]
    pub fn values(&self, name: &str) -> &[String] {
        self.values.get(name).map_or(&[], Vec::as_slice)
    }

    /// The name of a criterion whose value is known.
    fn known(&self, criterion: CriterionId) -> &'static str {
        let name = self.criteria[criterion.0].name;
        assert!(!self.unknown.contains(&name), "`{name}` is unknown");
        name
    }
}

impl Subject for TestItem {
    fn knows(&self, criterion: CriterionId) -> bool {
        !self.unknown.contains(&self.criteria[criterion.0].name)
    }

    fn text(&self, criterion: CriterionId) -> Option<Cow<'_, str>> {
        let text = self.values(self.known(criterion)).first();
        text.map(|text| Cow::Borrowed(text.as_str()))
    }

    fn each(
        &self,
        criterion: CriterionId,
        name: Option<&str>,
        visit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) {
        let criterion = self.known(criterion);
        let own = name.and_then(|name| self.values.get(&format!("{criterion}.{name}")));
        let values = own.map_or(self.values(criterion), Vec::as_slice);
        let _ = values.iter().try_for_each(|value| visit(value));
    }
}
