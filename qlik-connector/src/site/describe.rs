//! The message of a client error, with the setting of a time limit that was exceeded.

use std::time::Duration;

use catalog_model::with_causes;
use qrs_client::{Error, TimeLimit};

/// Formats an error with its causes, and with the setting of a time limit that was exceeded.
pub(crate) fn describe(error: &Error) -> String {
    let message = with_causes(error);
    match error.time_limit() {
        Some((limit, value)) => {
            let (setting, value) = (setting(limit), written(value));
            let of_lists = match limit {
                TimeLimit::FirstByteOfList => " for lists",
                _ => "",
            };
            format!("{message} (`{setting}` is {value}{of_lists})")
        }
        None => message,
    }
}

/// The setting of a time limit.
pub(crate) fn setting(limit: TimeLimit) -> &'static str {
    match limit {
        TimeLimit::Connect => "connection.time_limits.connect",
        TimeLimit::FirstByte | TimeLimit::FirstByteOfList => "connection.time_limits.first_byte",
        TimeLimit::Silence => "connection.time_limits.silence",
        _ => "connection.time_limits.list",
    }
}

/// Formats a duration as in a connection file: `100 ms`, `120 s`, `15 m`.
fn written(time: Duration) -> String {
    let (seconds, millis) = (time.as_secs(), time.as_millis());
    if millis % 1000 != 0 {
        format!("{millis} ms")
    } else if seconds >= 600 && seconds % 60 == 0 {
        format!("{} m", seconds / 60)
    } else {
        format!("{seconds} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_written_as_in_a_connection_file() {
        for (millis, expected) in [
            (100, "100 ms"),
            (1_500, "1500 ms"),
            (10_000, "10 s"),
            (120_000, "120 s"),
            (900_000, "15 m"),
            (3_600_000, "60 m"),
            (601_000, "601 s"),
        ] {
            assert_eq!(written(Duration::from_millis(millis)), expected);
        }
    }
}
