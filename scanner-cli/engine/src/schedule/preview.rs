//! The next times of a schedule, for `status` and `config show`.

use jiff::{Timestamp, tz::TimeZone};

use crate::quartz::{Expression, QuartzError};

/// Number of scan times in a preview.
const PREVIEW_TIMES: usize = 3;

/// An expression with its next times.
pub struct Preview {
    expression: String,
    zone: TimeZone,
    times: Vec<Timestamp>,
}

impl Preview {
    /// The next times of an expression after `now`.
    ///
    /// # Errors
    /// If the text is not a valid expression.
    pub fn new(text: &str, now: Timestamp, zone: &TimeZone) -> Result<Self, QuartzError> {
        let expression: Expression = text.parse()?;
        let next = |last: &Timestamp| expression.next(*last, zone);
        let times = std::iter::successors(next(&now), next).take(PREVIEW_TIMES);
        Ok(Self {
            times: times.collect(),
            expression: expression.text().to_owned(),
            zone: zone.clone(),
        })
    }

    /// The text of the expression.
    pub fn expression(&self) -> &str {
        &self.expression
    }

    /// The times in UTC, for programs.
    pub fn times(&self) -> Vec<String> {
        let times = self.times.iter();
        times.map(|time| format!("{time:.3}")).collect()
    }

    /// The times in the time zone, for people.
    pub fn local_times(&self) -> String {
        let local = |time: &Timestamp| {
            let offset = self.zone.to_offset(*time);
            time.display_with_offset(offset).to_string()
        };
        let times: Vec<_> = self.times.iter().map(local).collect();
        match times.as_slice() {
            [] => "none".to_owned(),
            times => times.join(", "),
        }
    }

    /// The name of the time zone.
    pub fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or("time zone of the machine")
    }
}
