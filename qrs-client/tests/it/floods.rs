//! Answers that are larger than they should be, or have no end.

use std::time::{Duration, Instant};

use qrs_client::fake_site::{FakeSite, Fault};
use qrs_client::{
    AppObject, Error, ErrorKind, HeaderCredentials, QrsClient, QrsPath, SiteUrl, TimeLimits,
};
use serde_json::Value;

const LIST: &str = "/qrs/app/object/full";

/// Far from the limits that are to strike, on a busy machine, too.
const LONG: Duration = Duration::from_secs(600);

fn site(faults: impl IntoIterator<Item = Fault>) -> FakeSite {
    let site = FakeSite::start_in_thread();
    for fault in faults {
        site.fail(fault);
    }
    site
}

fn client(site: &FakeSite, list: Duration) -> QrsClient {
    let value = site.header_value().into();
    let credentials = HeaderCredentials::new(site.header_name(), value).unwrap();
    let limits = TimeLimits::default().with_list(list);
    QrsClient::builder(SiteUrl::parse(&site.url()).unwrap(), credentials)
        .time_limits(limits)
        .build()
        .unwrap()
}

/// How many records were read, unreadable ones apart, and how the list ended.
async fn read(client: &QrsClient) -> (u64, Vec<qrs_client::UnreadableRecord>, Result<(), Error>) {
    let mut list = client.app_objects::<AppObject>(None);
    let (mut read, mut unreadable) = (0, Vec::new());
    loop {
        match list.try_next().await {
            Ok(Some(Ok(_))) => read += 1,
            Ok(Some(Err(record))) => unreadable.push(record),
            Ok(None) => return (read, unreadable, Ok(())),
            Err(error) => return (read, unreadable, Err(error)),
        }
    }
}

#[tokio::test]
async fn the_time_limit_of_a_list_holds_while_bytes_keep_coming() {
    for (start, part) in [("", " "), ("[", " "), ("[{}", ",{}"), ("[{},", "\n")] {
        for packed in [false, true] {
            let flood = Fault::endless(start, part.repeat(1000)).on(LIST);
            let faults = packed.then(|| Fault::gzip().on(LIST));
            let site = site(faults.into_iter().chain([flood]));
            let limit = Duration::from_millis(700);
            let started = Instant::now();
            let (_, _, end) = read(&client(&site, limit)).await;
            assert!(started.elapsed() < LONG, "{start} {part}");
            let error = end.unwrap_err();
            let cause = std::error::Error::source(&error);
            let text = format!(
                "{error} {}",
                cause.map_or(String::new(), ToString::to_string)
            );
            assert!(
                text.contains("did not complete its response within 0.7 s"),
                "{text}"
            );
        }
    }
}

#[tokio::test]
async fn reading_a_mostly_unreadable_list_stops() {
    let parts = [
        ("[null", ",null", "it is not an object"),
        ("[1", ",2", "it is not an object"),
        ("[{\"id\":5}", ",{\"id\":5}", "invalid type"),
        ("[{\"id\":\"a\"}", ",[\"nested\"]", "it is not an object"),
        (
            "[{\"id\":\"a\"}",
            ",{\"id\":\"a\",\"app\":5}",
            "invalid type",
        ),
    ];
    for (start, part, reason) in parts {
        let site = site([Fault::endless(start, part).on(LIST)]);
        let (_, unreadable, end) = read(&client(&site, LONG)).await;
        let error = end.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
        assert!(
            error
                .to_string()
                .contains("stopped reading the list: 10001 of its first"),
            "{error}"
        );
        assert!(error.to_string().contains(reason), "{error}");
        assert!(unreadable.len() <= 10_001);
    }
}

#[tokio::test]
async fn a_list_with_many_unreadable_records_and_more_readable_ones_is_read_to_its_end() {
    let part = r#",{"id":"a"},{"id":"b"},null"#;
    let site = site([Fault::repeated(r#"[{"id":"first"}"#, part, 11_000, "]").on(LIST)]);
    let (read, unreadable, end) = read(&client(&site, LONG)).await;
    end.unwrap();
    assert_eq!((read, unreadable.len()), (22_001, 11_000));
}

#[tokio::test]
async fn a_record_of_60_mb_costs_only_itself() {
    let start = r#"[{"id":"1"},{"description":""#;
    let end = r#"","id":"huge"},{"id":"3"}]"#;
    let flood = Fault::repeated(start, "x".repeat(60_000), 1000, end).on(LIST);
    let site = site([flood, Fault::gzip().on(LIST)]);
    let (read, unreadable, end) = read(&client(&site, LONG)).await;
    end.unwrap();
    assert_eq!((read, unreadable.len()), (2, 1));
    assert_eq!(unreadable[0].id.as_deref(), Some("huge"));
    assert!(
        unreadable[0].reason.contains("it has 60.0 MB"),
        "{}",
        unreadable[0].reason
    );
}

#[tokio::test]
async fn an_endless_element_ends_the_list_with_its_id() {
    let text = "x".repeat(10_000);
    let objects = "{\"x\":".repeat(2_000);
    for (start, part, named) in [
        (r#"[{"id":"a-1","name":""#, &text, true),
        (r#"[{"id":"a-1","x":"#, &objects, true),
    ] {
        let site = site([Fault::endless(start, part).on(LIST), Fault::gzip().on(LIST)]);
        let (_, _, end) = read(&client(&site, LONG)).await;
        let error = end.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
        assert!(
            error.to_string().contains("has more than 64.0 MB"),
            "{error}"
        );
        assert_eq!(error.to_string().contains("(id `a-1`)"), named, "{error}");
        assert_eq!(
            site.requests_of(LIST).len(),
            1,
            "another try would read the same"
        );
    }
}

#[tokio::test]
async fn a_value_is_read_up_to_1_mb() {
    let endless = [
        Fault::endless("[null", ",null"),
        Fault::endless("", " "),
        Fault::endless("{\"buildVersion\":\"", "3"),
        Fault::endless("1", "1"),
        Fault::endless("{\"value\":", "["),
    ];
    for flood in endless {
        let site = site([flood]);
        let client = client(&site, LONG);
        for error in [
            client.about().await.unwrap_err(),
            client.app_count(None).await.unwrap_err(),
            client
                .get::<Value>(QrsPath::new("custompropertydefinition/full"))
                .await
                .unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::TooLarge, "{error}");
            assert!(error.to_string().contains("more than 1 MB"), "{error}");
            assert!(error.to_string().len() < 500, "{error}");
        }
    }
}
