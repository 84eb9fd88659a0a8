//! What happens when the clocks change.

use super::times;

/// Checks lines of an expression, a zone, a time to start after, and the next times.
fn check(cases: &str) {
    for case in cases
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
    {
        let cells: Vec<_> = case.split('|').map(str::trim).collect();
        let expected: Vec<_> = cells[3].split(' ').collect();
        let found = times(cells[0], cells[2], cells[1], expected.len());
        assert_eq!(found, expected, "{case}");
    }
}

#[test]
fn a_fixed_time_that_the_clocks_skip_is_the_first_time_after_the_change() {
    check(
        "
        0 30 2 * * ? | Europe/Berlin | 2026-03-28T12:00:00Z | 2026-03-29T01:00:00Z 2026-03-30T00:30:00Z
        0 0 2 * * ? | Europe/Berlin | 2026-03-28T12:00:00Z | 2026-03-29T01:00:00Z 2026-03-30T00:00:00Z
        0 0 2,14 * * ? | Europe/Berlin | 2026-03-28T22:00:00Z | 2026-03-29T01:00:00Z 2026-03-29T12:00:00Z
        // Two skipped times and one that is not skipped coincide.
        0 0,30 2,3 ? * SUN | Europe/Berlin | 2026-03-28T22:00:00Z | 2026-03-29T01:00:00Z 2026-03-29T01:30:00Z 2026-04-05T00:00:00Z
        // From 0:00 to 1:00.
        @daily | America/Sao_Paulo | 2018-11-03T12:00:00Z | 2018-11-04T03:00:00Z 2018-11-05T02:00:00Z
        // From 2:00 to 2:30.
        0 15 2 * * ? | Australia/Lord_Howe | 2026-10-03T12:00:00Z | 2026-10-03T15:30:00Z 2026-10-04T15:15:00Z
        0 45 2 * * ? | Australia/Lord_Howe | 2026-10-03T12:00:00Z | 2026-10-03T15:45:00Z
        // Just before it, and at it.
        0 30 2 * * ? | Europe/Berlin | 2026-03-29T00:59:59.9Z | 2026-03-29T01:00:00Z
        0 30 2 * * ? | Europe/Berlin | 2026-03-29T01:00:00Z | 2026-03-30T00:30:00Z
        // Another day.
        0 30 2 ? * MON | Europe/Berlin | 2026-03-28T12:00:00Z | 2026-03-30T00:30:00Z",
    );
}

#[test]
fn a_fixed_time_that_the_clocks_repeat_occurs_once() {
    check(
        "
        0 30 2 * * ? | Europe/Berlin | 2026-10-24T22:00:00Z | 2026-10-25T00:30:00Z 2026-10-26T01:30:00Z
        0 30 2,14 * * ? | Europe/Berlin | 2026-10-24T22:00:00Z | 2026-10-25T00:30:00Z 2026-10-25T13:30:00Z
        // Within the first hour, at its end, and within the second.
        0 30 2 * * ? | Europe/Berlin | 2026-10-25T00:30:00Z | 2026-10-26T01:30:00Z
        0 30 2 * * ? | Europe/Berlin | 2026-10-25T00:59:59Z | 2026-10-26T01:30:00Z
        0 30 2 * * ? | Europe/Berlin | 2026-10-25T01:10:00Z | 2026-10-26T01:30:00Z
        0 0 3 * * ? | Europe/Berlin | 2026-10-25T01:10:00Z | 2026-10-25T02:00:00Z
        0 30 23 * * ? | America/Sao_Paulo | 2018-02-17T12:00:00Z | 2018-02-18T01:30:00Z 2018-02-19T02:30:00Z
        0 45 1 * * ? | Australia/Lord_Howe | 2026-04-04T12:00:00Z | 2026-04-04T14:45:00Z 2026-04-05T15:15:00Z",
    );
}

#[test]
fn an_interval_follows_the_clock() {
    check(
        "
        0 0 * * * ? | Europe/Berlin | 2026-03-28T23:30:00Z | 2026-03-29T00:00:00Z 2026-03-29T01:00:00Z 2026-03-29T02:00:00Z
        0 0 * * * ? | Europe/Berlin | 2026-10-24T23:30:00Z | 2026-10-25T00:00:00Z 2026-10-25T01:00:00Z 2026-10-25T02:00:00Z
        0 0/30 * * * ? | Europe/Berlin | 2026-10-25T00:15:00Z | 2026-10-25T00:30:00Z 2026-10-25T01:00:00Z 2026-10-25T01:30:00Z 2026-10-25T02:00:00Z
        0 0/30 2 * * ? | Europe/Berlin | 2026-03-28T12:00:00Z | 2026-03-30T00:00:00Z
        0 0 */2 * * ? | Europe/Berlin | 2026-03-28T22:30:00Z | 2026-03-28T23:00:00Z 2026-03-29T02:00:00Z
        0 0/15 * * * ? | Australia/Lord_Howe | 2026-10-03T15:10:00Z | 2026-10-03T15:15:00Z 2026-10-03T15:30:00Z 2026-10-03T15:45:00Z
        @hourly | America/Sao_Paulo | 2018-02-18T00:30:00Z | 2018-02-18T01:00:00Z 2018-02-18T02:00:00Z 2018-02-18T03:00:00Z",
    );
}

#[test]
fn a_day_that_a_zone_skips_has_no_times() {
    check(
        "
        // Samoa went from the 29th to the 31st of December 2011.
        0 0 2 * * ? | Pacific/Apia | 2011-12-29T10:00:00Z | 2011-12-29T12:00:00Z 2011-12-30T12:00:00Z
        0 0 2 30 12 ? | Pacific/Apia | 2011-12-29T10:00:00Z | 2012-12-29T12:00:00Z",
    );
}
