//! The meaning of one element of a field's comma-separated list.

use super::field::Field;

/// The meaning of one element of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Term {
    /// `?`: the other of the two day fields decides.
    Unset,
    /// `*`, `/5`, `5`, `5/10`, `5-20`, `22-4/3`, `MON-FRI`.
    Values(Values),
    /// `L`, `LW`, `L-3`, `L-3W` of the day of month.
    LastDay { before: u32, weekday: bool },
    /// `15W`.
    NearestWeekday(u32),
    /// `6L`, `FRIL`.
    LastWeekday(u32),
    /// `6#3`, `FRI#3`.
    NthWeekday { weekday: u32, nth: u32 },
}

/// The values from the first to the last, in steps. If the last one is before the first, the range continues at the
/// start of the field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Values {
    pub(super) first: u32,
    pub(super) last: u32,
    /// 0: the first value only.
    pub(super) step: u32,
}

impl Values {
    pub(super) fn one(value: u32) -> Self {
        Self {
            first: value,
            last: value,
            step: 1,
        }
    }

    pub(super) fn all(field: Field) -> Self {
        let (first, last) = field.limits();
        Self {
            first,
            last,
            step: 1,
        }
    }

    /// The values as bits; bit 0 is the value 0. All values must be below 64.
    pub(super) fn bits(self, field: Field) -> u64 {
        let (least, most) = field.limits();
        let size = most - least + 1;
        let end = match self.last < self.first {
            true => self.last + size,
            false => self.last,
        };
        let step = usize::try_from(self.step.max(1)).unwrap_or(usize::MAX);
        let end = if self.step == 0 { self.first } else { end };
        (self.first..=end)
            .step_by(step)
            .map(|value| 1 << ((value - least) % size + least))
            .fold(0, |bits, bit: u64| bits | bit)
    }
}
