//! One field: a list of elements.

use super::element::{self, Element};
use crate::{
    error::QuartzError,
    field::Field,
    ignored::Ignored,
    part::Part,
    term::{Term, Values},
    years::Years,
};

/// The elements of one field.
pub(super) struct List<'t> {
    pub(super) part: Part<'t>,
    pub(super) elements: Vec<Element<'t>>,
}

impl<'t> List<'t> {
    /// Reads a field.
    pub(super) fn read(part: Part<'t>) -> Result<Self, QuartzError> {
        let elements: Result<Vec<_>, _> = part.elements().map(element::read).collect();
        let elements = elements?;
        if elements.is_empty() {
            return Err(part.error("has no value"));
        }
        Ok(Self { part, elements })
    }

    /// Returns the terms of the elements.
    pub(super) fn terms(&self) -> impl Iterator<Item = Term> {
        self.elements.iter().map(|element| element.term)
    }

    fn values(&self) -> impl Iterator<Item = Values> {
        self.terms().filter_map(|term| match term {
            Term::Values(values) => Some(values),
            Term::NearestWeekday(day) => Some(Values::one(day)),
            Term::NthWeekday { weekday, .. } => Some(Values::one(weekday)),
            Term::Unset | Term::LastDay { .. } | Term::LastWeekday(_) => None,
        })
    }

    /// Returns the values as bits, from 0. Not for the year.
    pub(super) fn bits(&self) -> u64 {
        let values = self.values();
        values.fold(0, |bits, values| bits | values.bits(self.part.field))
    }

    /// The values as years.
    pub(super) fn years(&self) -> Years {
        let mut years = Years::none();
        self.values().for_each(|values| years.add(values));
        years
    }

    /// Whether the field is `?`.
    pub(super) fn is_unset(&self) -> bool {
        self.terms().any(|term| term == Term::Unset)
    }

    /// Whether all values are listed individually, without `*`, steps and ranges.
    pub(super) fn is_named(&self) -> bool {
        let mut elements = self.elements.iter();
        elements.all(|element| element.part.text.bytes().all(|byte| byte.is_ascii_digit()))
    }

    /// The parts that Quartz ignores.
    pub(super) fn ignored(&self) -> Vec<Ignored> {
        let elements = self.elements.iter();
        let mut ignored: Vec<_> = elements.filter_map(Element::ignored).collect();
        let meanings: Vec<_> = self
            .elements
            .iter()
            .map(|element| element.meaning.as_str())
            .collect();
        if let Some(meaning) = self.only_element() {
            ignored = vec![Ignored::new(self.part, &meaning)];
        } else if self.part.text.split(',').any(str::is_empty) {
            ignored = vec![Ignored::new(self.part, &meanings.join(","))];
        }
        ignored
    }

    /// Returns the only element of a list with `W` or `#` that has an effect: the one with the smallest value.
    fn only_element(&self) -> Option<String> {
        if !matches!(self.part.field, Field::DayOfMonth | Field::DayOfWeek) {
            return None;
        }
        let smallest = self.bits().trailing_zeros();
        let meaning = self.terms().find_map(|term| match term {
            Term::NearestWeekday(_) => Some(format!("{smallest}W")),
            Term::NthWeekday { nth, .. } => Some(format!("{smallest}#{nth}")),
            _ => None,
        });
        meaning.filter(|_| self.elements.len() > 1)
    }
}
