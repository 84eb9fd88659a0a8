//! The next time of an expression.
//!
//! Between two changes of a zone's offset, local time advances like absolute time. So the search goes from change to
//! change and finds the first matching local time in each period. Times that the clocks skip match at the change
//! itself.

use jiff::{
    SignedDuration, Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};

use super::{Expression, expression::Pace, field::Field};

const SECOND: SignedDuration = SignedDuration::from_secs(1);
const DAY: SignedDuration = SignedDuration::from_hours(24);

impl Expression {
    /// Returns the first time after `after`, in the time zone `zone`. `None` if no time matches until the year 2999.
    ///
    /// The search is bounded: at most twelve months are examined for each matching year.
    pub fn next(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let now = floor(after)?;
        let mut offset = zone.to_offset(now);
        let mut from = offset.to_datetime(now).checked_add(SECOND).ok()?;
        if self.pace == Pace::Fixed {
            from = from.max(end_of_repetition(now, zone));
        }
        for change in zone.following(now) {
            let (at, new) = (change.timestamp(), change.offset());
            if new == offset {
                continue;
            }
            let (end, start) = (offset.to_datetime(at), new.to_datetime(at));
            if let Some(found) = self.first_in(from, end) {
                return offset.to_timestamp(found).ok();
            }
            if self.pace == Pace::Fixed && self.is_skipped(from.max(end), start) {
                return Some(at);
            }
            if is_over(end) {
                return None;
            }
            from = match self.pace {
                Pace::Fixed => from.max(end).max(start),
                Pace::Interval => start,
            };
            offset = new;
        }
        let found = self.first_in(from, DateTime::MAX)?;
        offset.to_timestamp(found).ok()
    }

    /// Whether the clocks, which jump from `end` to `start`, skip a time of the expression. If they skip a whole day,
    /// for example on islands that changed sides of the date line, that day has no times.
    fn is_skipped(&self, end: DateTime, start: DateTime) -> bool {
        let is_short = end.checked_add(DAY).is_ok_and(|next_day| start < next_day);
        is_short && self.first_in(end, start).is_some()
    }

    /// Finds the first matching local time that is not before `from` and is before `end`.
    fn first_in(&self, from: DateTime, end: DateTime) -> Option<DateTime> {
        if from >= end {
            return None;
        }
        let today = self.matches_day(from.date());
        let found = match today.then(|| self.first_of_day(from)).flatten() {
            Some(found) => found,
            None => {
                let day = self.first_day_after(from.date(), end.date())?;
                self.first_of_day(day.to_datetime(jiff::civil::Time::midnight()))?
            }
        };
        (found < end).then_some(found)
    }

    fn matches_day(&self, date: Date) -> bool {
        let year = u32::from(date.year().unsigned_abs());
        let month = u32::from(date.month().unsigned_abs());
        date.year() > 0
            && self.years.from(year) == Some(year)
            && self.months & (1 << month) != 0
            && self.days.of_month(year, month) & (1 << date.day()) != 0
    }

    /// Finds the first matching day after `date` and not after `end`.
    fn first_day_after(&self, date: Date, end: Date) -> Option<Date> {
        let (_, last) = Field::Year.limits();
        let last = last.min(u32::try_from(end.year()).ok()?);
        let begin = u32::try_from(date.year()).ok()?;
        let mut year = self.years.from(begin)?;
        while year <= last {
            for month in 1..=12 {
                let mut days = match self.months & (1 << month) {
                    0 => 0,
                    _ => self.days.of_month(year, month),
                };
                let here = (year, month);
                let there = (begin, u32::from(date.month().unsigned_abs()));
                if here < there {
                    continue;
                }
                if here == there {
                    days &= !((2 << date.day()) - 1);
                }
                if days != 0 {
                    let day = i8::try_from(days.trailing_zeros()).ok()?;
                    let month = i8::try_from(month).ok()?;
                    return Date::new(i16::try_from(year).ok()?, month, day).ok();
                }
            }
            year = self.years.from(year + 1)?;
        }
        None
    }

    /// Finds the first matching time on the day of `from` that is not before `from`.
    fn first_of_day(&self, from: DateTime) -> Option<DateTime> {
        let [mut hour, mut minute, mut second] =
            [from.hour(), from.minute(), from.second()].map(i32::from);
        // When a part advances, the smaller parts start at their beginning.
        loop {
            let next_hour = first_bit(self.hours, hour)?;
            if next_hour > hour {
                (hour, minute, second) = (next_hour, 0, 0);
            }
            let Some(next_minute) = first_bit(self.minutes, minute) else {
                (hour, minute, second) = (hour + 1, 0, 0);
                continue;
            };
            if next_minute > minute {
                (minute, second) = (next_minute, 0);
            }
            let Some(next_second) = first_bit(self.seconds, second) else {
                (minute, second) = (minute + 1, 0);
                continue;
            };
            let [hour, minute, second] =
                [hour, minute, next_second].map(|part| i8::try_from(part).ok());
            let date = from.date();
            return Some(date.at(hour?, minute?, second?, 0));
        }
    }
}

/// Returns the first bit that is not before `from`.
fn first_bit(bits: u64, from: i32) -> Option<i32> {
    let rest = bits.checked_shr(u32::try_from(from).ok()?)?;
    let further = i32::try_from(rest.trailing_zeros()).ok()?;
    (rest != 0).then_some(from + further)
}

/// The start of the second that contains `time`.
fn floor(time: Timestamp) -> Option<Timestamp> {
    let begun = i64::from(time.subsec_nanosecond() < 0);
    Timestamp::from_second(time.as_second() - begun).ok()
}

/// Whether no later year can match.
fn is_over(time: DateTime) -> bool {
    let (_, last) = Field::Year.limits();
    u32::try_from(time.year()).is_ok_and(|year| year > last)
}

/// Returns the local time that the clocks had reached before they were last set back.
fn end_of_repetition(now: Timestamp, zone: &TimeZone) -> DateTime {
    let none = DateTime::MIN;
    let Some(next) = now.checked_add(SECOND).ok() else {
        return none;
    };
    let Some(change) = zone.preceding(next).next() else {
        return none;
    };
    match change.timestamp().checked_sub(SECOND) {
        Ok(before) => zone.to_offset(before).to_datetime(change.timestamp()),
        Err(_) => none,
    }
}
