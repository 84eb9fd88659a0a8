//! The year field.

use super::{field::Field, term::Values};

/// The years that an expression selects, without years outside the field's limits, which never match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Years(Vec<Values>);

impl Years {
    /// No year yet.
    pub(super) fn none() -> Self {
        Self(Vec::new())
    }

    /// Every year.
    pub(super) fn all() -> Self {
        Self(vec![Values::all(Field::Year)])
    }

    /// Adds years, whose last one is not before the first.
    pub(super) fn add(&mut self, values: Values) {
        self.0.push(values);
    }

    /// Returns the first of these years that is not before `year`.
    pub(super) fn from(&self, year: u32) -> Option<u32> {
        let (least, most) = Field::Year.limits();
        let firsts = self.0.iter().filter_map(|values| {
            let from = year.max(least);
            let first = match (values.first >= from, values.step) {
                (true, _) => values.first,
                (false, 0) => return None,
                (false, step) => {
                    let steps = (from - values.first).div_ceil(step);
                    values.first.checked_add(steps.checked_mul(step)?)?
                }
            };
            (first <= values.last && first <= most).then_some(first)
        });
        firsts.min()
    }
}
