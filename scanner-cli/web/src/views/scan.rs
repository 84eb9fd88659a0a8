//! Scans.

use super::Views;
use crate::parts::{Badge, Tone};

/// How a scan ended. `None` while it runs.
pub(crate) fn outcome_badge(views: &Views<'_>, outcome: Option<&str>) -> Badge {
    let t = views.t;
    let (tone, text) = match outcome {
        Some("complete") => (Tone::Good, t.outcome_complete),
        Some("partial") => (Tone::Warning, t.outcome_partial),
        Some("failed") => (Tone::Bad, t.outcome_failed),
        Some("interrupted") => (Tone::Warning, t.outcome_interrupted),
        Some(other) => return Badge::new(Tone::Plain, other),
        None => (Tone::Note, t.outcome_running),
    };
    Badge::new(tone, text)
}

/// A duration in the largest units that say enough: `320 ms`, `4.2 s`, `3 min 12 s`, `2 h 5 min`.
pub(crate) fn duration(millis: i64) -> String {
    let millis = millis.max(0);
    let seconds = millis / 1_000;
    match seconds {
        0 => format!("{millis} ms"),
        1..60 => format!("{seconds}.{} s", millis % 1_000 / 100),
        60..3_600 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_duration_has_the_largest_units_that_say_enough() {
        for (millis, expected) in [
            (-1, "0 ms"),
            (320, "320 ms"),
            (4_250, "4.2 s"),
            (192_000, "3 min 12 s"),
            (7_500_000, "2 h 5 min"),
        ] {
            assert_eq!(super::duration(millis), expected);
        }
    }
}
