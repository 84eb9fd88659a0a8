//! A part of the text, with its position.

use super::{error::QuartzError, field::Field};

/// The text of a field, or of one element of its list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'t> {
    pub(super) field: Field,
    pub(super) text: &'t str,
    /// Its offset in the text.
    pub(super) offset: usize,
}

/// Smallest valid year. Years before 1970 are allowed, because a range may begin there. A year with fewer than four
/// digits can only be a mistake.
const LEAST_YEAR: u32 = 1000;

impl<'t> Part<'t> {
    /// Returns the part from byte `at` to the end.
    pub(super) fn from(self, at: usize) -> Self {
        Self {
            text: self.text.get(at..).unwrap_or_default(),
            offset: self.offset + at,
            ..self
        }
    }

    /// Returns the first `length` bytes.
    pub(super) fn until(self, length: usize) -> Self {
        Self {
            text: self.text.get(..length).unwrap_or(self.text),
            ..self
        }
    }

    /// Returns the elements of the list, without empty ones.
    pub(super) fn elements(self) -> impl Iterator<Item = Self> {
        let mut at = 0;
        let elements = self.text.split(',').map(move |text| {
            let offset = self.offset + at;
            at += text.len() + 1;
            Self {
                text,
                offset,
                ..self
            }
        });
        elements.filter(|element| !element.text.is_empty())
    }

    /// Creates an error at this part: `hour: `24` at column 5 is …`.
    pub(super) fn error(self, what: &str) -> QuartzError {
        let Part { text, offset, .. } = self;
        let column = offset + 1;
        let message = format!("{}: `{text}` at column {column} {what}", self.field.name());
        QuartzError::new(message)
    }

    /// Refuses a number outside the field's limits.
    pub(super) fn check_limits(self, value: u32) -> Result<(), QuartzError> {
        let (least, most) = self.field.limits();
        match self.field {
            Field::Year if value >= LEAST_YEAR => Ok(()),
            Field::Year => Err(self.error("is not a year of four digits")),
            _ if (least..=most).contains(&value) => Ok(()),
            field => Err(self.error(&format!("is not between {}", field.limits_text()))),
        }
    }
}
