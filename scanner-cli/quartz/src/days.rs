//! The days of a month that an expression selects.

use jiff::civil::Date;

/// The days of a month that an expression selects. Weekdays are numbered from 1, which is Sunday.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Days {
    /// One bit for each day of the month, from 1.
    OfMonth(u64),
    /// The last day of the month or one before it, or the weekday nearest to it.
    Last { before: u32, weekday: bool },
    /// The weekday (Monday to Friday) nearest to a day.
    NearestWeekday(u32),
    /// One bit for each weekday, from 1.
    OfWeek(u64),
    /// The last such weekday of the month.
    LastWeekday(u32),
    /// The nth such weekday of the month.
    NthWeekday { weekday: u32, nth: u32 },
}

/// Days of the week, from 1.
const WEEK: u32 = 7;
const SUNDAY: u32 = 1;
const SATURDAY: u32 = 7;

/// A month, with what is needed to compute its days.
#[derive(Clone, Copy)]
struct Month {
    /// The weekday of its first day.
    starts_on: u32,
    length: u32,
}

impl Days {
    /// Returns the selected days of a month, one bit for each, from 1.
    pub(super) fn of_month(self, year: u32, month: u32) -> u64 {
        let Some(month) = Month::new(year, month) else {
            return 0;
        };
        match self {
            Self::OfMonth(bits) => bits & month.all(),
            Self::Last { before, weekday } => match month.length.checked_sub(before) {
                None | Some(0) => 0,
                Some(day) if weekday => month.nearest_weekday(day),
                Some(day) => 1 << day,
            },
            Self::NearestWeekday(day) => month.nearest_weekday(day),
            Self::OfWeek(weekdays) => (1..=month.length)
                .filter(|day| weekdays & (1 << month.weekday(*day)) != 0)
                .fold(0, |bits, day| bits | (1 << day)),
            Self::LastWeekday(weekday) => {
                let first = month.first(weekday);
                1 << (first + (month.length - first) / WEEK * WEEK)
            }
            Self::NthWeekday { weekday, nth } => {
                (1 << (month.first(weekday) + (nth - 1) * WEEK)) & month.all()
            }
        }
    }
}

impl Month {
    fn new(year: u32, month: u32) -> Option<Self> {
        let (year, month) = (i16::try_from(year).ok()?, i8::try_from(month).ok()?);
        let first = Date::new(year, month, 1).ok()?;
        let starts_on = first.weekday().to_sunday_one_offset();
        Some(Self {
            starts_on: u32::from(starts_on.unsigned_abs()),
            length: u32::from(first.days_in_month().unsigned_abs()),
        })
    }

    fn all(self) -> u64 {
        (2 << self.length) - 2
    }

    /// Returns the weekday of a day, which may be in the next month.
    fn weekday(self, day: u32) -> u32 {
        (self.starts_on + day - 2) % WEEK + 1
    }

    /// The first day with this weekday.
    fn first(self, weekday: u32) -> u32 {
        (weekday + WEEK - self.starts_on) % WEEK + 1
    }

    /// Returns the weekday from Monday to Friday nearest to a day, if it is in this month. For the first and the last
    /// day, the search stays within the month. As in Quartz, the 31st of a month with 30 days is the first of the next
    /// month, so the result is the 30th if that is the Friday before it. This does not apply to February.
    fn nearest_weekday(self, day: u32) -> u64 {
        if day > self.length && self.length < 30 {
            return 0;
        }
        let nearest = match self.weekday(day) {
            SATURDAY if day == 1 => 3,
            SATURDAY => day - 1,
            SUNDAY if day == self.length => day - 2,
            SUNDAY => day + 1,
            _ => day,
        };
        (1 << nearest) & self.all()
    }
}
