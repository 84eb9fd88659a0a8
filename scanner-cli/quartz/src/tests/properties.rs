//! Compares the search with a brute-force search, and parses arbitrary texts.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};
use proptest::prelude::*;

use crate::Expression;

/// A field as a text, the values that it selects, and whether it lists them individually.
type Written = (String, BTreeSet<i16>, bool);

fn field(least: i16, most: i16) -> impl Strategy<Value = Written> {
    let value = least..=most;
    let all = Just(("*".to_owned(), (least..=most).collect(), false));
    let list = prop::collection::btree_set(value.clone(), 1..4).prop_map(|values| {
        let texts: Vec<_> = values.iter().map(ToString::to_string).collect();
        (texts.join(","), values, true)
    });
    let step = (value.clone(), 1..=most).prop_map(move |(first, step)| {
        let values = (first..=most).step_by(usize::try_from(step).unwrap());
        (format!("{first}/{step}"), values.collect(), false)
    });
    let range = (value.clone(), value).prop_map(move |(first, last)| {
        let values = match first <= last {
            true => (first..=last).collect(),
            false => (first..=most).chain(least..=last).collect(),
        };
        (format!("{first}-{last}"), values, false)
    });
    prop_oneof![2 => list, 1 => all, 1 => step, 1 => range]
}

#[derive(Clone, Debug)]
struct Case {
    text: String,
    /// Second, minute, hour, day of month, month, day of week.
    fields: [BTreeSet<i16>; 6],
    is_named: bool,
}

fn case() -> impl Strategy<Value = Case> {
    // Only one value of seconds, so that the brute-force search can advance by minutes.
    let fields = (
        0_i16..60,
        field(0, 59),
        field(0, 23),
        field(1, 31),
        field(1, 12),
        field(1, 7),
    );
    (fields, any::<bool>()).prop_map(
        |((second, minute, hour, mut day, month, mut weekday), by_week)| {
            let unset = if by_week {
                (&mut day, 31)
            } else {
                (&mut weekday, 7)
            };
            *unset.0 = ("?".to_owned(), (1..=unset.1).collect(), false);
            Case {
                text: format!(
                    "{second} {} {} {} {} {}",
                    minute.0, hour.0, day.0, month.0, weekday.0
                ),
                is_named: minute.2 && hour.2,
                fields: [[second].into(), minute.1, hour.1, day.1, month.1, weekday.1],
            }
        },
    )
}

impl Case {
    fn matches(&self, time: DateTime) -> bool {
        let weekday = i16::from(time.weekday().to_sunday_one_offset());
        let parts = [
            time.second(),
            time.minute(),
            time.hour(),
            time.day(),
            time.month(),
        ];
        let parts = parts.map(i16::from).into_iter().chain([weekday]);
        self.fields
            .iter()
            .zip(parts)
            .all(|(field, part)| field.contains(&part))
    }

    /// Whether the expression has this time, determined without a search.
    fn has(&self, time: Timestamp, zone: &TimeZone) -> bool {
        let local = zone.to_datetime(time);
        let first = zone.to_ambiguous_timestamp(local).earlier().unwrap();
        let is_first = !self.is_named || first == time;
        self.matches(local) && is_first || self.is_named && self.is_first_after_skipped(time, zone)
    }

    fn is_first_after_skipped(&self, time: Timestamp, zone: &TimeZone) -> bool {
        let before = zone.to_offset(time - SignedDuration::from_secs(1));
        let (mut skipped, end) = (before.to_datetime(time), zone.to_datetime(time));
        while skipped < end {
            if self.matches(skipped) {
                return true;
            }
            skipped += SignedDuration::from_secs(1);
        }
        false
    }
}

const ZONES: [&str; 6] = [
    "UTC",
    "Europe/Berlin",
    "America/Sao_Paulo",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/St_Johns",
];

/// A time. Half of the times are shortly before the clocks of the zone change.
fn start() -> impl Strategy<Value = (&'static str, Timestamp)> {
    let from = "2016-01-01T00:00:00Z".parse::<Timestamp>().unwrap();
    let parts = (
        prop::sample::select(ZONES.to_vec()),
        0_i64..400_000_000,
        any::<bool>(),
        0_i64..40,
    );
    parts.prop_map(move |(name, seconds, before_change, hours)| {
        let time = from + SignedDuration::from_millis(seconds * 1000 + 500);
        let zone = TimeZone::get(name).unwrap();
        let change = zone.following(time).next().filter(|_| before_change);
        let near = change.map(|change| change.timestamp() - SignedDuration::from_mins(hours * 20));
        (name, near.unwrap_or(time))
    })
}

/// Number of minutes that the brute-force search examines.
const SPAN: i64 = 2 * 24 * 60;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    #[test]
    fn the_next_time_is_the_first_that_matches(case in case(), (name, after) in start()) {
        let zone = TimeZone::get(name).unwrap();
        let expression: Expression = case.text.parse().unwrap();
        let next = expression.next(after, &zone);
        if let Some(next) = next {
            prop_assert!(next > after);
            prop_assert!(case.has(next, &zone), "{} at {next} in {name}", case.text);
        }
        // Minutes of these zones are minutes of UTC, and clocks change at whole minutes.
        let second = i64::from(*case.fields[0].first().unwrap());
        let minute = after.as_second().div_euclid(60) * 60;
        let minutes = (0..SPAN).flat_map(|count| [minute + count * 60, minute + count * 60 + second]);
        let times = minutes.map(|second| Timestamp::from_second(second).unwrap());
        let mut between = times.filter(|time| *time > after && next.is_none_or(|next| *time < next));
        let missed = between.find(|time| case.has(*time, &zone));
        prop_assert_eq!(missed, None, "{} after {} in {}", case.text, after, name);
    }

    #[test]
    fn any_text_is_read_or_refused(text in "[-0-9*/,?LW#CMONFRIjan @\u{a0}\té]{0,30}") {
        match text.parse::<Expression>() {
            Ok(expression) => {
                expression.next(Timestamp::UNIX_EPOCH, &TimeZone::UTC);
            }
            Err(error) => prop_assert!(!error.to_string().is_empty()),
        }
    }
}

#[test]
fn the_search_ends_if_nothing_matches() {
    for text in [
        "0 0 0 31 2 ?",
        "* * * 31 2,4,6,9,11 ?",
        "0 0 0 29 2 ? 2027",
        "0 0 0 1 1 ? 1999",
        "0 0 0 30W 2 ?",
        "0 0 0 L-30 2,4 ? 1970/1",
        "0/1 0/1 0/1 30 2 ? 1970/1,1971/1,1972/1",
    ] {
        let expression: Expression = text.parse().unwrap();
        for zone in ZONES {
            let zone = TimeZone::get(zone).unwrap();
            for after in ["2026-11-24T07:00:00Z", "9999-12-30T22:00:00.9Z"] {
                assert_eq!(
                    expression.next(after.parse().unwrap(), &zone),
                    None,
                    "{text}"
                );
            }
        }
    }
}

#[test]
fn a_time_between_two_seconds_counts_as_the_earlier_second() {
    let expression: Expression = "* * * * * ?".parse().unwrap();
    for (after, next) in [
        ("2026-11-24T07:00:00Z", "2026-11-24T07:00:01Z"),
        ("2026-11-24T07:00:00.000000001Z", "2026-11-24T07:00:01Z"),
        ("2026-11-24T06:59:59.999Z", "2026-11-24T07:00:00Z"),
        ("1969-12-31T23:59:59.5Z", "1970-01-01T00:00:00Z"),
    ] {
        let found = expression.next(after.parse().unwrap(), &TimeZone::UTC);
        assert_eq!(found, Some(next.parse().unwrap()), "{after}");
    }
}
