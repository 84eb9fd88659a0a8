use proptest::prelude::*;

use super::*;

#[test]
fn a_point_in_time_is_converted_to_the_system_time_and_back() {
    for millis in [0, 1_500, -1_500, 253_402_300_799_999] {
        let timestamp = Timestamp::At(millis);
        let time = SystemTime::try_from(timestamp.clone()).unwrap();
        assert_eq!(Timestamp::from(time), timestamp);
    }
    assert_eq!(
        SystemTime::try_from(Timestamp::Never),
        Err(Timestamp::Never)
    );
}

#[cfg(all(feature = "with-jiff-0_2", feature = "with-chrono-0_4"))]
#[test]
fn a_point_in_time_is_converted_to_the_types_of_jiff_and_chrono_and_back() {
    let timestamp = Timestamp::At(1_500);
    let jiff = jiff::Timestamp::try_from(timestamp.clone()).unwrap();
    assert_eq!(jiff.to_string(), "1970-01-01T00:00:01.5Z");
    assert_eq!(Timestamp::from(jiff), timestamp);
    let chrono = chrono::DateTime::<chrono::Utc>::try_from(timestamp.clone()).unwrap();
    assert_eq!(chrono.timestamp_millis(), 1_500);
    assert_eq!(Timestamp::from(chrono), timestamp);
    assert!(jiff::Timestamp::try_from(Timestamp::At(i64::MAX)).is_err());
}

#[test]
fn a_timestamp_is_written_as_sites_write_it() {
    let written = |text: &str| serde_json::to_value(Timestamp::parse(text)).unwrap();
    assert_eq!(written("2019-02-15T15:46:20Z"), "2019-02-15T15:46:20.000Z");
    assert_eq!(written("1753-01-01T00:00:00"), NEVER);
    assert_eq!(written("soon"), "soon");
}

#[test]
fn every_observed_format_is_read() {
    let cases = [
        ("2019-02-15T15:46:20.997Z", "2019-02-15T15:46:20.997Z"),
        ("2019-02-15T15:46:20Z", "2019-02-15T15:46:20.000Z"),
        ("2019-02-15T15:46:20.9971234Z", "2019-02-15T15:46:20.997Z"),
        ("2019-02-15T15:46:20", "2019-02-15T15:46:20.000Z"),
        ("2019-02-15T15:46:20+01:00", "2019-02-15T14:46:20.000Z"),
        ("2019-02-15T15:46:20-0130", "2019-02-15T17:16:20.000Z"),
        ("2019-02-15T15:46:20+02", "2019-02-15T13:46:20.000Z"),
        (" 2019-02-15 15:46:20z ", "2019-02-15T15:46:20.000Z"),
        ("9999-12-31T00:00:00", "9999-12-31T00:00:00.000Z"),
        ("9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z"),
        ("1899-12-30T00:00:00Z", "1899-12-30T00:00:00.000Z"),
    ];
    for (text, expected) in cases {
        assert_eq!(Timestamp::parse(text).to_string(), expected, "{text}");
    }
    assert_eq!(
        Timestamp::parse("1969-12-31T23:59:59.5Z").as_unix_millis(),
        Some(-500)
    );
}

proptest! {
    #[test]
    fn any_text_has_a_result(text in "\\PC*|[0-9]{1,5}(-|[0-9]|T|:|\\.|Z|\\+){0,30}") {
        let timestamp = Timestamp::parse(&text);
        prop_assert!(!timestamp.to_string().is_empty());
    }

    #[test]
    fn the_usual_form_is_read_as_any_form_is(
        text in "[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\\.[0-9]{3}Z"
    ) {
        // A fourth digit after the point makes the form unusual.
        let unusual = text.replace('Z', "0Z");
        match Timestamp::parse(&text) {
            Timestamp::Unreadable(_) => {
                prop_assert_eq!(Timestamp::parse(&unusual), Timestamp::Unreadable(unusual));
            }
            readable => prop_assert_eq!(Timestamp::parse(&unusual), readable),
        }
    }

    #[test]
    fn written_timestamps_can_be_read(millis in -6_847_718_400_000_i64..=253_402_214_400_000) {
        let timestamp = Timestamp::At(millis);
        prop_assert_eq!(Timestamp::parse(&timestamp.to_string()), timestamp);
    }
}

#[test]
fn never_is_recognized_in_all_formats() {
    for text in [
        "1753-01-01T00:00:00.000Z",
        "1753-01-01T00:00:00Z",
        "1753-01-01T00:00:00",
        "1753-01-01T00:00:00+01:00",
        "1753-01-01T00:00:00-01:00",
        "0000-00-00T00:00:00.000Z",
        "0001-01-01T00:00:00",
        "",
    ] {
        assert!(Timestamp::parse(text).is_never(), "{text}");
    }
    assert!(
        serde_json::from_str::<Timestamp>("null")
            .unwrap()
            .is_never()
    );
}

#[test]
fn an_unreadable_text_is_kept() {
    for text in [
        "yesterday",
        "2019-02-30T00:00:00Z",
        "2019-02-15T25:00:00Z",
        "15/02/2019",
        "9999-12-31T23:59:59-12:00",
        "2019-02-15T15:46:20+1",
        "2019-02-15T15:46:20+é1",
        "Z",
        "+",
    ] {
        let timestamp = Timestamp::parse(text);
        assert_eq!(timestamp, Timestamp::Unreadable(text.to_owned()));
        assert_eq!(timestamp.to_string(), text);
        assert_eq!(timestamp.as_unix_millis(), None);
    }
    assert!(!Timestamp::At(i64::MAX).to_string().is_empty());
    let long = Timestamp::parse(&"é".repeat(1_000_000)).to_string();
    assert!(long.len() <= 103 && long.ends_with('…'), "{long}");
}
