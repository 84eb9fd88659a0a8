//! Records that borrow from the response.

use std::borrow::Cow;

use qrs_client::{Error, ErrorKind, Lend, RecordList, lenient};
use serde::Deserialize;

use crate::scripted::{Script, Site, answer, begun, json};

#[derive(Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
struct Sheet<'a> {
    #[serde(borrow, deserialize_with = "lenient::borrowed_identifier")]
    id: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "lenient::borrowed_text")]
    name: Cow<'a, str>,
    #[serde(borrow, deserialize_with = "lenient::list")]
    tags: Vec<Tag<'a>>,
    #[serde(rename = "$odd")]
    odd: lenient::OddFields,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, remote = "Self")]
struct Tag<'a> {
    #[serde(borrow, deserialize_with = "lenient::borrowed_text")]
    name: Cow<'a, str>,
}

qrs_client::objects_only!(Sheet<'a>, Tag<'a>);

impl Lend for Sheet<'_> {
    type Record<'de> = Sheet<'de>;
}

/// Why the reading of a list ended.
#[derive(Debug)]
enum Ended {
    List(Error),
    Caller(&'static str),
}

impl From<Error> for Ended {
    fn from(error: Error) -> Self {
        Self::List(error)
    }
}

/// What a list lends: `id name tag …`, whether the name is borrowed, and the ignored fields; or why an element is unreadable.
async fn read(list: RecordList<Sheet<'static>>) -> (Vec<String>, Result<(), Ended>) {
    let mut lent = Vec::new();
    let end = list.for_each(|sheet| {
        lent.push(match sheet {
            Ok(sheet) if sheet.name == "stop" => return Err(Ended::Caller("asked to stop")),
            Ok(sheet) => {
                let kind = match sheet.name {
                    Cow::Owned(ref text) if !text.is_empty() => "owned",
                    _ => "borrowed",
                };
                let tags = sheet.tags.iter().map(|tag| format!(" #{}", tag.name));
                let odd = sheet
                    .odd
                    .iter()
                    .map(|(path, found)| format!(" {path}: {found}"));
                let (id, name) = (&sheet.id, &sheet.name);
                format!(
                    "{id} {name} {kind}{}{}",
                    tags.collect::<String>(),
                    odd.collect::<String>()
                )
            }
            Err(record) => format!("{} at {}: {:?}", record.index, record.offset, record.id),
        });
        Ok(())
    });
    let end = end.await;
    (lent, end)
}

async fn check(script: Script, expected: &[&str]) -> Result<(), Ended> {
    let site = Site::start([script]).await;
    let (lent, end) = read(site.client().app_objects::<Sheet<'_>>(None)).await;
    assert_eq!(lent, expected);
    end
}

#[tokio::test]
async fn texts_are_borrowed_unless_they_have_escapes() {
    let list = r#"[{"id":"1","name":"Näme","tags":[{"name":"a"}]},{"id":"2","name":"a\"b"},{"id":"3","name":"\ud83d?"},{"id":null}]"#;
    let expected = [
        "1 Näme borrowed #a",
        "2 a\"b owned",
        "3 \u{FFFD}? owned",
        "  borrowed",
    ];
    check(json(list), &expected).await.unwrap();
}

#[tokio::test]
async fn a_field_of_an_unexpected_type_costs_only_that_field() {
    let list = r#"[{"id":"1","name":5,"tags":[{"name":"a"},7]},{"id":"2","name":"after"}]"#;
    let expected = [
        "1  borrowed #a name: a number tags: a number",
        "2 after borrowed",
    ];
    check(json(list), &expected).await.unwrap();
}

#[tokio::test]
async fn an_element_that_is_not_a_record_is_reported_and_the_list_continues() {
    let large = "x".repeat(4_100_000);
    let list = format!(
        r#"[null,{{"id":5}},[],{{"id":"large","name":"{large}"}},{{"id":"2","name":"n"}}]"#
    );
    let expected = [
        "0 at 1: None",
        "1 at 6: None",
        "2 at 15: None",
        "3 at 18: Some(\"large\")",
        "2 n borrowed",
    ];
    check(json(&list), &expected).await.unwrap();
    check(json("[]"), &[]).await.unwrap();
}

#[tokio::test]
async fn the_end_of_a_broken_list_is_an_error_after_the_records_before_it() {
    for list in [
        r#"[{"id":"1","name":"n"},{"id":"2"#,
        r#"[{"id":"1","name":"n"}}"#,
    ] {
        let end = check(begun(list), &["1 n borrowed"]).await;
        let Err(Ended::List(error)) = end else {
            panic!("{list}: {end:?}")
        };
        assert_eq!(error.kind(), ErrorKind::ListBroken, "{list}");
    }
    let end = check(answer(403, &[], "no"), &[]).await;
    assert!(matches!(end, Err(Ended::List(error)) if error.kind() == ErrorKind::Forbidden));
}

#[tokio::test]
async fn an_error_of_the_caller_ends_the_list() {
    let list = r#"[{"id":"1","name":"n"},{"id":"2","name":"stop"},{"id":"3"}]"#;
    let end = check(json(list), &["1 n borrowed"]).await;
    assert!(
        matches!(end, Err(Ended::Caller("asked to stop"))),
        "{end:?}"
    );
}

#[tokio::test]
async fn a_list_in_parts_is_complete_and_in_order() {
    let elements =
        (0..5_000).map(|number| format!(r#"{{"id":"{number}","name":"Sheet {number}"}}"#));
    let list = format!("[{}]", elements.collect::<Vec<_>>().join(","));
    let site = Site::start([json(&list)]).await;
    let mut sheets = site.client().app_objects::<Sheet<'_>>(None);
    sheets.start();
    let (mut ids, mut parts) = (Vec::new(), 0);
    loop {
        let before = ids.len();
        let lent = sheets.lend_arrived(32, |sheet| {
            let sheet = sheet.map_err(|_unreadable| Ended::Caller("unreadable"))?;
            ids.push(sheet.id.parse::<usize>().unwrap());
            Ok::<_, Ended>(())
        });
        let lent = lent.unwrap();
        assert_eq!(lent, ids.len() - before);
        assert!(lent <= 32);
        parts += u64::from(lent > 0);
        if lent == 0 && !sheets.await_more().await.unwrap() {
            break;
        }
    }
    assert!(ids.iter().copied().eq(0..5_000));
    assert!(parts > 100, "{parts}");
    assert_eq!(
        (sheets.records_read(), sheets.bytes_read()),
        (5_000, list.len() as u64)
    );
    assert!(!sheets.await_more().await.unwrap());
}
