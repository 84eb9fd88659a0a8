use std::time::Duration;

use futures_util::StreamExt;
use qrs_client::{
    App, AppObject, Error, ErrorKind, HeaderCredentials, QrsClient, RecordList, SiteUrl,
};
use tokio::time::{sleep, timeout};

use crate::scripted::{Act, Script, Site, answer, begun, json, then};

fn sheets(count: usize) -> String {
    let sheets: Vec<_> = (0..count)
        .map(|number| format!(r#"{{"id":"{number}","objectType":"sheet","name":"Sheet"}}"#))
        .collect();
    format!("[{}]", sheets.join(","))
}

/// The ids of the records, unreadable ones with a `!`, and how the list ended.
async fn read(list: &mut RecordList<AppObject>) -> (Vec<String>, Result<(), Error>) {
    let mut ids = Vec::new();
    loop {
        match list.try_next().await {
            Ok(Some(Ok(object))) => ids.push(object.id.to_string()),
            Ok(Some(Err(unreadable))) => {
                ids.push(format!("!{}", unreadable.id.unwrap_or_default()));
            }
            Ok(None) => return (ids, Ok(())),
            Err(error) => return (ids, Err(error)),
        }
    }
}

async fn check(scripts: &[Script], records: usize) -> (Result<(), Error>, usize) {
    let site = Site::start(scripts).await;
    let mut list = site.client().app_objects(None);
    let (ids, end) = read(&mut list).await;
    assert_eq!(ids.len(), records, "{end:?}");
    assert!(
        matches!(list.try_next().await, Ok(None)),
        "a list ends once"
    );
    (end, site.requests().len())
}

#[tokio::test]
async fn a_list_longer_than_all_batches_is_complete_and_in_order() {
    let answer = sheets(1000);
    let site = Site::start([json(&answer)]).await;
    let mut list = site.client().app_objects(None);
    assert_eq!((list.bytes_read(), list.records_read()), (0, 0));
    let (ids, end) = read(&mut list).await;
    end.unwrap();
    assert!(
        ids.iter()
            .enumerate()
            .all(|(number, id)| *id == number.to_string())
    );
    assert_eq!(list.records_read(), 1000);
    assert_eq!(list.bytes_read(), u64::try_from(answer.len()).unwrap());
}

#[tokio::test]
async fn nothing_is_requested_before_the_first_record_is_awaited() {
    let site = Site::start([json("[]")]).await;
    let mut list = site.client().app_objects(None);
    sleep(Duration::from_millis(20)).await;
    assert!(site.requests().is_empty());
    read(&mut list).await.1.unwrap();
    assert_eq!(site.requests().len(), 1);
}

#[tokio::test]
async fn records_come_before_the_list_has_ended() {
    let script = then(begun(r#"[{"id":"1"},{"id":"2"},"#), [Act::AwaitHangUp]);
    let site = Site::start([script]).await;
    let mut list = site.client().app_objects::<AppObject>(None);
    for id in ["1", "2"] {
        let next = timeout(Duration::from_secs(60), list.next()).await.unwrap();
        assert_eq!(next.unwrap().unwrap().unwrap().id.as_str(), id);
    }
    drop(list);
    for _ in 0..6_000 {
        if site.hang_ups() == 1 {
            return;
        }
        sleep(Duration::from_millis(10)).await;
    }
    panic!("dropping the list does not hang up");
}

#[tokio::test]
async fn an_unreadable_record_is_reported_and_the_list_continues() {
    let body = r#"[{"id":"1"},{"id":"2","engineObjectId":5},null,{"id":"4","published":"maybe"}]"#;
    let site = Site::start([json(body)]).await;
    let (ids, end) = read(&mut site.client().app_objects(None)).await;
    end.unwrap();
    assert_eq!(
        ids,
        ["1", "!2", "!", "4"],
        "a field of little weight costs no record"
    );
}

#[tokio::test]
async fn a_clean_end_of_the_connection_does_not_end_a_list() {
    let cut = begun(r#"[{"id":"1"},{"id":"2"}"#);
    let (end, requests) = check(&[cut, json(sheets(3))], 2).await;
    let error = end.unwrap_err();
    assert_eq!(
        (error.kind(), requests),
        (ErrorKind::ListBroken, 1),
        "{error}"
    );
    assert!(error.to_string().contains("byte 22"), "{error}");
}

#[tokio::test]
#[cfg_attr(windows, ignore = "Wine reports the reset of a connection as its end")]
async fn a_break_after_the_first_record_is_returned_to_the_caller() {
    let begun = || begun(r#"[{"id":"1"},"#);
    let short = "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n[{\"id\":\"1\"},";
    let short = vec![Act::Send(short.into())];
    for script in [
        then(begun(), [Act::Pause(Duration::from_millis(50)), Act::Reset]),
        short,
    ] {
        let (end, requests) = check(&[script, json(sheets(3))], 1).await;
        let error = end.unwrap_err();
        assert_eq!(
            (error.kind(), requests),
            (ErrorKind::ListBroken, 1),
            "{error}"
        );
        let cause: &dyn std::error::Error = &error;
        let cause = cause.source().unwrap().downcast_ref::<Error>().unwrap();
        assert_eq!(cause.kind(), ErrorKind::Unreachable, "{cause}");
    }
}

#[tokio::test]
async fn a_break_before_the_first_record_is_retried() {
    let broken: [Script; 5] = [
        vec![],
        vec![Act::Reset],
        answer(503, &["Retry-After: 0"], "busy"),
        then(
            begun("["),
            [Act::Pause(Duration::from_millis(50)), Act::Reset],
        ),
        begun(r#"[{"id":"#),
    ];
    for script in broken {
        let (end, requests) = check(&[script.clone(), script, json(sheets(3))], 3).await;
        end.unwrap();
        assert_eq!(requests, 3);
    }
}

#[tokio::test]
async fn retries_are_limited() {
    let (end, requests) = check(&[answer(502, &[], "bad gateway")], 0).await;
    let error = end.unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::ServerError, Some(502))
    );
    assert_eq!(requests, 3);
    let (end, requests) = check(&[begun("[")], 0).await;
    assert_eq!(
        (end.unwrap_err().kind(), requests),
        (ErrorKind::ListBroken, 3)
    );
}

#[tokio::test]
async fn a_response_that_is_not_an_array_is_not_requested_again() {
    for body in [
        r#"{"id":"1"}"#,
        "Internal error",
        r#"[{"id":"1"}] and more"#,
    ] {
        let records = usize::from(body.starts_with('['));
        let (end, requests) = check(&[json(body)], records).await;
        let error = end.unwrap_err();
        assert_eq!(
            (error.kind(), requests),
            (ErrorKind::ListBroken, 1),
            "{error}"
        );
        assert!(body.ends_with(error.excerpt().unwrap()), "{error}");
    }
}

#[tokio::test]
async fn a_list_is_a_stream() {
    let site = Site::start([begun(r#"[{"id":"1"},{"id":"2"},"#)]).await;
    let stream = site.client().app_objects::<AppObject>(None);
    let items: Vec<_> = stream.collect().await;
    assert_eq!(items.len(), 3);
    assert!(items[0].is_ok() && items[1].is_ok() && items[2].is_err());
}

#[tokio::test]
async fn unreadable_records_are_reported_and_left_out_or_an_error() {
    let list = r#"[{"id":"1"},5,{"id":"2"}]"#;
    let site = Site::start([json(list), json(list), json(list)]).await;
    let mut reported = Vec::new();
    let readable = site
        .client()
        .app_objects::<AppObject>(None)
        .skip_unreadable(|unreadable| reported.push(unreadable.index));
    let sheets = readable.collect_all().await.unwrap();
    assert_eq!((sheets.len(), reported), (2, vec![1]));

    let readable = site
        .client()
        .app_objects::<AppObject>(None)
        .skip_unreadable(|_| {});
    let sheets: Vec<_> = readable.collect().await;
    assert!(sheets.len() == 2 && sheets.iter().all(Result::is_ok));

    let all = site.client().app_objects::<AppObject>(None).collect_all();
    let error = all.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer);
    assert!(error.to_string().contains("record 1"), "{error}");
}

#[test]
fn outside_of_a_runtime_there_is_an_error() {
    use futures_util::FutureExt;

    let credentials = HeaderCredentials::new("X-User", "u".to_owned().into()).unwrap();
    let site = SiteUrl::parse("http://127.0.0.1:1/").unwrap();
    let client = QrsClient::builder(site, credentials).build().unwrap();
    let mut apps = client.apps::<App>(None);
    let errors = [
        apps.try_next().now_or_never().unwrap().unwrap_err(),
        client.about().now_or_never().unwrap().unwrap_err(),
        client.app_count(None).now_or_never().unwrap().unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(error.to_string().contains("outside of a tokio runtime"));
    }
    let steps = client.diagnose().now_or_never().unwrap();
    assert!(steps[0].seen.is_err());
}
