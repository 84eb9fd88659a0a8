use serde::Deserialize;

use super::pieces::{Outcome, check_pieces, decode, drain};
use super::*;
use crate::lend::Owned;
use crate::lenient;

mod properties;

#[derive(Debug, PartialEq, Deserialize)]
struct Sheet {
    id: String,
    #[serde(default, deserialize_with = "lenient::text")]
    name: String,
}

/// Decodes a response as a whole and byte by byte. The results must be equal.
fn check(answer: &[u8]) -> Outcome<Sheet> {
    check_pieces(&[answer]);
    let whole = decode::<Sheet>(ListDecoder::new(), [answer]);
    let bytes = decode::<Sheet>(ListDecoder::new(), answer.chunks(1));
    assert_eq!(bytes, whole, "{}", answer.escape_ascii());
    whole
}

fn sheet(id: &str, name: &str) -> Record<Sheet> {
    let (id, name) = (id.to_owned(), name.to_owned());
    Ok(Sheet { id, name })
}

#[test]
fn a_complete_list_returns_its_records() {
    let cases: [(&str, usize); 7] = [
        ("[]", 0),
        (" [ ]\r\n", 0),
        ("\u{FEFF}[]", 0),
        (r#"[{"id":"1"}]"#, 1),
        (r#"[{"id":"1","size":-1.5e-3,"x":[-0]}]"#, 1),
        ("\u{FEFF}\n[ {\"id\":\"1\"}\n,\t{\"id\":\"2\"} ] ", 2),
        (r#"[{"id":"]},{","name":"\"}"},{"id":"2"},{"id":"3"}]"#, 3),
    ];
    for (answer, count) in cases {
        let (records, end) = check(answer.as_bytes());
        assert_eq!(end, Ok(()), "{answer}");
        assert_eq!(
            records.iter().filter(|record| record.is_ok()).count(),
            count,
            "{answer}"
        );
    }
}

#[test]
fn a_response_that_is_not_a_complete_array_is_an_error() {
    let cases = [
        ("", 0, ListErrorKind::Incomplete),
        (" ", 0, ListErrorKind::Incomplete),
        ("\u{FEFF}", 0, ListErrorKind::Incomplete),
        ("[", 0, ListErrorKind::Incomplete),
        (r#"[{"id":"1"}"#, 1, ListErrorKind::Incomplete),
        (r#"[{"id":"1"},"#, 1, ListErrorKind::Incomplete),
        (r#"[{"id":"1"},{"id":"2"#, 1, ListErrorKind::Incomplete),
        (r#"[{"id":"1"},nul"#, 1, ListErrorKind::Incomplete),
        ("[1", 1, ListErrorKind::Incomplete),
        (r#"[{"id":"1"},]"#, 1, ListErrorKind::Invalid),
        (r#"[,{"id":"1"}]"#, 0, ListErrorKind::Invalid),
        (r#"[{"id":"1"},,{"id":"2"}]"#, 1, ListErrorKind::Invalid),
        (r#"[{"id":"1"}{"id":"2"}]"#, 1, ListErrorKind::Invalid),
        (r#"[{"id":"1"} {"id":"2"}]"#, 1, ListErrorKind::Invalid),
        (r#"[{"id":"1"}]]"#, 1, ListErrorKind::Invalid),
        (r#"[{"id":"1"}],"#, 1, ListErrorKind::Invalid),
        (r#"[{"id":"1"}][{"id":"2"}]"#, 1, ListErrorKind::Invalid),
        (r#"[{"id":"1"}}"#, 1, ListErrorKind::Invalid),
        (r#"[{"id":"1",}]"#, 0, ListErrorKind::Invalid),
        (r#"[{"id":"1"},{"id" "2"}]"#, 1, ListErrorKind::Invalid),
        ("[1 2]", 1, ListErrorKind::Invalid),
        ("[truefalse]", 0, ListErrorKind::Invalid),
        ("[nix]", 0, ListErrorKind::Invalid),
        (r#"{"id":"1"}"#, 0, ListErrorKind::Invalid),
        ("null", 0, ListErrorKind::Invalid),
        ("\u{FEFF}\u{FEFF}[]", 0, ListErrorKind::Invalid),
    ];
    for (answer, count, kind) in cases {
        let (records, end) = check(answer.as_bytes());
        assert_eq!(end.map_err(|error| error.kind), Err(kind), "{answer}");
        assert_eq!(records.len(), count, "{answer}");
    }
}

#[test]
fn the_error_of_an_invalid_list_has_position_and_reason() {
    let (_, end) = check(br#"[{"id":"1"} {"id":"2"}]"#);
    let error = end.unwrap_err();
    assert_eq!(error.offset, 12);
    assert_eq!(error.reason, "there is `{` instead of a comma or the end");
    let (_, end) = check(br#"[{"id":"1"},{"#);
    assert_eq!(end.unwrap_err().offset, 13);
}

#[test]
fn an_element_that_is_not_a_record_is_reported_and_the_list_continues() {
    let elements = [
        (r#"{"id":5,"name":"x"}"#, None),
        (r#"{"name":"no id"}"#, None),
        (r#"{"id":"bad","name":[1,{"a":"]"}]}"#, Some("bad")),
        (r#"{"name":{},"id":"late"}"#, Some("late")),
        ("null", None),
        ("5", None),
        ("-1.5e3", None),
        ("true", None),
        (r#""text, with ] and \"""#, None),
        (r#"[{"id":"nested"}]"#, None),
        ("[]", None),
    ];
    for (element, id) in elements {
        let answer = format!(r#"[{{"id":"1"}}, {element},{{"id":"3"}}]"#);
        let (mut records, end) = check(answer.as_bytes());
        assert_eq!(end, Ok(()), "{element}");
        let unreadable = records.remove(1).unwrap_err();
        assert_eq!(records, [sheet("1", ""), sheet("3", "")], "{element}");
        assert_eq!((unreadable.index, unreadable.offset), (1, 13), "{element}");
        assert_eq!(unreadable.id.as_deref(), id, "{element}");
        assert!(
            !unreadable.reason.contains(" at line "),
            "{}",
            unreadable.reason
        );
    }
}

#[test]
fn invalid_characters_cost_neither_the_record_nor_the_list() {
    let answer = b"[{\"id\":\"1\",\"name\":\"a\\ud83d\"},{\"id\":\"2\",\"name\":\"\xFFb\",\"x\":\"\\udc00\"}]";
    let (records, end) = check(answer);
    assert_eq!(end, Ok(()));
    assert_eq!(records, [sheet("1", "a\u{FFFD}"), sheet("2", "\u{FFFD}b")]);
}

#[test]
fn a_reason_is_short_even_for_a_long_record() {
    let answer = format!(
        r#"[{{"id":{{"{}":1}}}},"{}"]"#,
        "x".repeat(5000),
        "\\n".repeat(5000)
    );
    let (records, end) = decode::<Sheet>(ListDecoder::new(), [answer.as_bytes()]);
    assert_eq!((records.len(), end), (2, Ok(())));
    for record in records {
        assert!(record.unwrap_err().reason.chars().count() <= 300);
    }
}

/// A decoder of records of up to 100 bytes and elements of up to 2,000.
fn strict() -> ListDecoder {
    ListDecoder::new().with_limits(100, 2_000)
}

fn next(decoder: &mut ListDecoder) -> Next<Sheet> {
    decoder.next::<Owned<Sheet>>()
}

#[test]
fn an_element_that_is_too_large_for_a_record_is_skipped_and_reported() {
    let long = "x".repeat(200);
    let deep = format!(
        "{{\"id\":\"deep\",\"x\":{}1{}}}",
        "[".repeat(150),
        "]".repeat(150)
    );
    let elements = [
        (format!("{{\"id\":\"a\",\"name\":\"{long}\"}}"), Some("a")),
        (
            format!("{{\"name\":\"{long}\",\"id\":\"late\"}}"),
            Some("late"),
        ),
        (format!("{{\"id\":\"{}\"}}", long.repeat(6)), None),
        (format!("\"{long}\""), None),
        ("1".repeat(200), None),
        (deep, Some("deep")),
    ];
    for (element, id) in elements {
        let answer = format!("[{{\"id\":\"1\"}},{element},{{\"id\":\"3\"}}]");
        for size in [1, 7, 64, answer.len()] {
            let mut decoder = strict();
            let mut records = Vec::new();
            for piece in answer.as_bytes().chunks(size) {
                decoder.push(piece);
                drain(&mut decoder, &mut records).unwrap();
                assert!(decoder.buffer.len() <= 100 + 2 * size, "{element} {size}");
            }
            decoder.finish();
            drain(&mut decoder, &mut records).unwrap();
            let unreadable = records.remove(1).unwrap_err();
            assert_eq!(records, [sheet("1", ""), sheet("3", "")], "{element}");
            assert_eq!((unreadable.index, unreadable.offset), (1, 12), "{element}");
            assert_eq!(unreadable.id.as_deref(), id, "{element}");
            assert_eq!(
                unreadable.reason,
                "it has 0.0 MB, but a record may have at most 0.0 MB"
            );
        }
    }
}

#[test]
fn an_element_without_an_end_ends_the_list_with_an_error() {
    let starts = [
        "[{\"id\":\"a\",\"name\":\"",
        "[\"",
        "[1",
        "[{\"id\":\"a\",\"x\":[",
        "[[",
        "[{\"id\":\"a\",\"x\":{\"y\":{",
    ];
    let parts = ["xxxxxxx", "\\\"", "1", "[", "[[[[[[[[", "\"\":{"];
    for (start, part) in starts.into_iter().zip(parts) {
        let mut decoder = strict();
        decoder.push(start.as_bytes());
        assert_eq!(next(&mut decoder), Ok(None));
        let error = (0..2000).find_map(|_| {
            decoder.push(part.as_bytes());
            let next = next(&mut decoder);
            assert!(decoder.buffer.len() < 200);
            next.err()
        });
        let error = error.unwrap();
        assert_eq!(
            (error.kind, error.offset),
            (ListErrorKind::TooLarge, 1),
            "{start}"
        );
        assert_eq!(
            error.reason.contains("(id `a`)"),
            start.contains("id"),
            "{}",
            error.reason
        );
    }
}

#[test]
fn a_list_that_ends_within_an_element_that_is_too_large_is_incomplete() {
    let mut decoder = strict();
    decoder.push(format!("[{{\"id\":\"{}", "x".repeat(300)).as_bytes());
    assert_eq!(next(&mut decoder), Ok(None));
    decoder.finish();
    assert_eq!(
        next(&mut decoder).unwrap_err().kind,
        ListErrorKind::Incomplete
    );
}

#[test]
fn endless_white_space_needs_no_memory() {
    let mut decoder = ListDecoder::new();
    for start in ["", "[", "{\"id\":\"1\"}", ","] {
        decoder.push(start.as_bytes());
        drain::<Sheet>(&mut decoder, &mut Vec::new()).unwrap();
        for _ in 0..100 {
            decoder.push(&[b' '; 8192]);
            drain::<Sheet>(&mut decoder, &mut Vec::new()).unwrap();
            assert!(decoder.buffer.capacity() <= 2 * 8192);
        }
    }
}

#[test]
fn the_buffer_contains_only_bytes_that_are_not_decoded() {
    let record = format!("{{\"id\":\"{}\"}},", "x".repeat(1000));
    let mut decoder = ListDecoder::new();
    decoder.push(b"[");
    for piece in record.repeat(1000).as_bytes().chunks(8 * 1024) {
        drain::<Sheet>(&mut decoder, &mut Vec::new()).unwrap();
        decoder.push(piece);
    }
    assert!(decoder.buffer.capacity() < 64 * 1024);
}
