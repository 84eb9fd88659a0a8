//! The seven fields of an expression: names, limits, and the names of months and weekdays.

/// A field of an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Second,
    Minute,
    Hour,
    DayOfMonth,
    Month,
    DayOfWeek,
    Year,
}

/// The fields in the order of an expression. The last may be missing.
pub(super) const FIELDS: [Field; 7] = [
    Field::Second,
    Field::Minute,
    Field::Hour,
    Field::DayOfMonth,
    Field::Month,
    Field::DayOfWeek,
    Field::Year,
];

const MONTHS: [&str; 12] = [
    "JANUARY",
    "FEBRUARY",
    "MARCH",
    "APRIL",
    "MAY",
    "JUNE",
    "JULY",
    "AUGUST",
    "SEPTEMBER",
    "OCTOBER",
    "NOVEMBER",
    "DECEMBER",
];
const WEEKDAYS: [&str; 7] = [
    "SUNDAY",
    "MONDAY",
    "TUESDAY",
    "WEDNESDAY",
    "THURSDAY",
    "FRIDAY",
    "SATURDAY",
];

impl Field {
    /// Returns the name of the field for messages.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::DayOfMonth => "day of month",
            Self::Month => "month",
            Self::DayOfWeek => "day of week",
            Self::Year => "year",
        }
    }

    /// The smallest and the largest value. Years may be any number; years outside these limits never match.
    pub(super) fn limits(self) -> (u32, u32) {
        match self {
            Self::Second | Self::Minute => (0, 59),
            Self::Hour => (0, 23),
            Self::DayOfMonth => (1, 31),
            Self::Month => (1, 12),
            Self::DayOfWeek => (1, 7),
            Self::Year => (1970, 2999),
        }
    }

    /// Formats the limits for a message.
    pub(super) fn limits_text(self) -> String {
        let (first, last) = self.limits();
        let note = match self {
            Self::DayOfWeek => " (1 is Sunday)",
            _ => "",
        };
        format!("{first} and {last}{note}")
    }

    /// Returns the largest step. A larger step would never reach a second value.
    pub(super) fn max_step(self) -> u32 {
        match self {
            Self::Year => u32::MAX,
            _ => self.limits().1,
        }
    }

    /// Returns the names of the values, beginning with the smallest value. Empty for fields that have only numbers.
    pub(super) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Month => &MONTHS,
            Self::DayOfWeek => &WEEKDAYS,
            _ => &[],
        }
    }

    /// Finds the value whose name begins with these three capital letters, and returns it with its full name.
    pub(super) fn named(self, letters: &str) -> Option<(u32, &'static str)> {
        let mut values = (1..).zip(self.names().iter().copied());
        values.find(|(_, name)| name.starts_with(letters) && letters.len() == 3)
    }
}
