//! Properties of all lists: cut anywhere, mutated, or without an end.

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn values() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,8}|[\\\\\"\\[\\]{},:\n]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map("[a-z\\\\\"]{0,4}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn answers() -> impl Strategy<Value = Vec<u8>> {
    (vec(values(), 0..6), any::<bool>()).prop_map(|(list, pretty)| {
        let list = json!(list);
        if pretty {
            format!("{list:#}").into_bytes()
        } else {
            list.to_string().into_bytes()
        }
    })
}

/// Cuts a response at these positions.
fn cut<'a>(answer: &'a [u8], places: &[prop::sample::Index]) -> Vec<&'a [u8]> {
    let mut places: Vec<_> = places
        .iter()
        .map(|place| place.index(answer.len() + 1))
        .collect();
    places.sort_unstable();
    places.push(answer.len());
    let mut start = 0;
    let next = |end| &answer[std::mem::replace(&mut start, end)..end];
    places.into_iter().map(next).collect()
}

/// Checks that the decoder returns what `serde_json` reads from the whole response.
fn agrees_with_serde_json(answer: &[u8], (records, end): &Outcome<Value>) {
    match serde_json::from_slice::<Vec<Value>>(answer) {
        Ok(expected) => {
            assert_eq!(end, &Ok(()));
            assert_eq!(records.len(), expected.len());
            for (record, expected) in records.iter().zip(expected) {
                assert_eq!(
                    record.as_ref().ok(),
                    Some(&expected).filter(|value| value.is_object())
                );
            }
        }
        Err(_) => assert!(end.is_err() || records.iter().any(Result::is_err)),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_cut_gives_what_serde_json_reads(
        answer in answers(),
        places in vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let outcome = decode::<Value>(ListDecoder::new(), cut(&answer, &places));
        agrees_with_serde_json(&answer, &outcome);
    }

    #[test]
    fn every_cut_skips_the_same_elements_that_are_too_large(
        answer in answers(),
        places in vec(any::<prop::sample::Index>(), 0..8),
        max_record in 1_usize..60,
    ) {
        let outcome = |pieces: Vec<&[u8]>| {
            let mut decoder = ListDecoder::new().with_limits(max_record, MAX_ELEMENT_BYTES);
            let mut records = Vec::<Record<Value>>::new();
            for piece in pieces {
                decoder.push(piece);
                drain(&mut decoder, &mut records).unwrap();
            }
            decoder.finish();
            drain(&mut decoder, &mut records).unwrap();
            records
        };
        let whole = outcome(vec![&answer]);
        let all: Vec<Value> = serde_json::from_slice(&answer).unwrap();
        assert_eq!(whole.len(), all.len());
        assert_eq!(outcome(cut(&answer, &places)), whole);
    }

    #[test]
    fn a_hostile_stream_ends_or_needs_bounded_memory(
        start in prop::sample::select(vec!["", "[", "[{", "[{\"id\":\"", "[{\"id\":\"a\",\"x\":", "[\"", "[-", "[[", "[{}"]),
        part in prop_oneof![
            prop::sample::select(vec![" ", "null,", "{},", "1", "[", "{\"a\":", "\\\"", ",{}", "\u{FEFF}", "]", "true", "e1"])
                .prop_map(|part| part.as_bytes().to_vec()),
            vec(any::<u8>(), 1..8),
        ],
        size in 1_usize..300,
    ) {
        let mut decoder = strict();
        decoder.push(start.as_bytes());
        let flood: Vec<u8> = part.iter().copied().cycle().take(6_000).collect();
        for piece in flood.chunks(size) {
            if drain::<Value>(&mut decoder, &mut Vec::new()).is_err() {
                break;
            }
            decoder.push(piece);
            assert!(decoder.buffer.len() <= 102 + 2 * size + start.len());
        }
    }

    #[test]
    fn a_mutated_response_neither_panics_nor_looks_like_a_list(
        mut answer in answers(),
        at in any::<prop::sample::Index>(),
        with in prop_oneof![any::<u8>(), prop::sample::select(b"[]{},:\" 1n\\".to_vec())],
        mutation in 0..4,
        places in vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let at = at.index(answer.len());
        match mutation {
            0 => answer[at] = with,
            1 => answer.insert(at, with),
            2 => drop(answer.remove(at)),
            _ => answer.truncate(at),
        }
        prop_assume!(!answer.starts_with(BYTE_ORDER_MARK));
        let whole = decode::<Value>(ListDecoder::new(), [answer.as_slice()]);
        agrees_with_serde_json(&answer, &whole);
        assert_eq!(decode::<Value>(ListDecoder::new(), cut(&answer, &places)), whole);
    }
}
