//! Answers that are not as they should be, and that curl reads all the same.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use qrs_client::{App, Error, ErrorKind, QrsPath};
use serde_json::Value;

use crate::scripted::{ABOUT, Act, Script, Site, answer};

const LIST: &str = r#"[{"id":"1"},{"id":"2"}]"#;

fn gzip(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_ref()).unwrap();
    encoder.finish().unwrap()
}

/// How many apps a site has that answers like this.
async fn apps(script: Script) -> Result<u64, Error> {
    let site = Site::start([script]).await;
    let mut apps = site.builder().tries(1).build()?.apps::<App>(None);
    while apps.try_next().await?.is_some() {}
    Ok(apps.records_read())
}

#[tokio::test]
async fn json_is_read_whatever_its_label() {
    for label in [
        &["Content-Type: text/html; charset=utf-8"][..],
        &["Content-Type: TEXT/HTML"],
        &["Content-Type: application/xhtml+xml"],
        &["Content-Type: text/plain"],
        &["Content-Type: image/png"],
        &[],
    ] {
        for blank in ["", " \r\n", "\u{feff}", "\u{feff}\n "] {
            let body = format!("{blank}{LIST}");
            assert_eq!(
                apps(answer(200, label, body)).await.unwrap(),
                2,
                "{label:?}"
            );
        }
        let site = Site::start([
            answer(200, label, ABOUT),
            answer(200, label, "17"),
            answer(200, label, r#"{"value":18}"#),
        ])
        .await;
        let client = site.client();
        client.about().await.unwrap();
        assert_eq!(client.app_count(None).await.unwrap(), 17);
        assert_eq!(client.app_count(None).await.unwrap(), 18);
    }
}

#[tokio::test]
async fn a_page_is_recognized_whatever_its_label() {
    for (label, body) in [
        ("Content-Type: text/html", "<html>Log in</html>"),
        ("Content-Type: application/json", " <html>Log in</html>"),
        ("Content-Type: text/html", "Log in"),
        ("Content-Type: text/html", ""),
    ] {
        let error = apps(answer(200, &[label], body)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LoginPage, "{label} {body}");
        assert!(!error.is_retryable());
    }
}

#[tokio::test]
async fn compressed_responses_are_read_whatever_the_name_of_the_coding() {
    let (start, end) = LIST.split_at(9);
    let members = [gzip(start), gzip(""), gzip(end)].concat();
    for (coding, body) in [
        ("Content-Encoding: gzip", gzip(LIST)),
        ("Content-Encoding: GZIP", gzip(LIST)),
        ("content-encoding: X-Gzip", gzip(LIST)),
        ("Content-Encoding: gzip", members),
        ("Content-Encoding: gzip, GZip", gzip(gzip(LIST))),
        (
            "Content-Encoding: gzip\r\nContent-Encoding: x-gzip",
            gzip(gzip(LIST)),
        ),
        ("Content-Encoding: identity", LIST.into()),
        ("Content-Encoding:", LIST.into()),
        ("Content-Encoding: identity, gzip", gzip(LIST)),
    ] {
        let read = apps(answer(200, &[coding, "Content-Type: text/html"], body)).await;
        assert_eq!(read.unwrap(), 2, "{coding}");
    }
}

#[tokio::test]
async fn a_truncated_or_damaged_response_is_never_a_short_one() {
    let whole = gzip(LIST);
    for length in [1, 5, 12, whole.len() - 9, whole.len() - 4, whole.len() - 1] {
        let packed = &whole[..length];
        let error = apps(answer(200, &["Content-Encoding: gzip"], packed)).await;
        let error = error.unwrap_err();
        assert!(error.is_retryable(), "{length}: {error}");
    }
    let error = apps(answer(200, &["Content-Encoding: gzip"], LIST))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("is not valid gzip"), "{error}");
    // The first member alone would be a list.
    let more = [gzip("[]"), gzip("x")].concat();
    assert!(
        apps(answer(200, &["Content-Encoding: gzip"], more))
            .await
            .is_err()
    );
}

#[tokio::test]
async fn an_unknown_coding_is_reported_with_advice() {
    for (header, name) in [
        ("Content-Encoding: br", "`br`"),
        ("Content-Encoding: ZSTD", "`zstd`"),
        ("Content-Encoding: gzip, foo", "`foo`"),
        ("Content-Encoding: deflate", "`deflate`"),
    ] {
        let error = apps(answer(200, &[header], "x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer);
        assert!(error.to_string().contains(name), "{error}");
        assert!(error.hint().unwrap().contains("gzip or not at all"));
        assert!(!error.is_retryable());
        // The status identifies an error even if its page cannot be read.
        let error = apps(answer(403, &[header], "x")).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden);
    }
}

#[tokio::test]
async fn heads_that_curl_reads_are_read() {
    let many: Vec<_> = (0..200).map(|n| format!("X-Header-{n}: {n}")).collect();
    let many = many.join("\r\n");
    let long = format!("X-Long: {}", "x".repeat(60_000));
    for odd in [
        "X-Folded: one\r\n two\r\n\tthree",
        "Content-Type: application/json;\r\n charset=utf-8",
        "X-Spaced : value",
        "Content-Type : application/json",
        "X-Spaced\t: value",
        "no header at all",
        "X-Bytes: caf\u{e9} \u{fc}",
        "X-Empty:",
        &many,
        &long,
    ] {
        let read = apps(answer(200, &[odd], LIST)).await;
        assert_eq!(read.unwrap(), 2, "{}", &odd[..odd.len().min(40)]);
    }
    for status_line in [
        "HTTP/1.1 200",
        "HTTP/1.1 200 ",
        "HTTP/1.0 200 OK",
        "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK",
    ] {
        let text = format!(
            "{status_line}\r\nContent-Length: {}\r\n\r\n{LIST}",
            LIST.len()
        );
        assert_eq!(
            apps(vec![Act::Send(text.into_bytes())]).await.unwrap(),
            2,
            "{status_line}"
        );
    }
    let bare = format!("HTTP/1.1 200 OK\nContent-Length: {}\n\n{LIST}", LIST.len());
    assert_eq!(apps(vec![Act::Send(bare.into_bytes())]).await.unwrap(), 2);
}

#[tokio::test]
async fn a_folded_cookie_and_location_are_read_whole() {
    let login = "Location: /vp/internal_forms_authentication/\r\n ?targetId=1";
    let site = Site::start([answer(302, &[login], "")]).await;
    let error = site
        .client()
        .get::<Value>(QrsPath::new("about"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RedirectedToLogin, "{error}");
}

#[tokio::test]
async fn connections_are_reused() {
    use qrs_client::fake_site::FakeSite;
    let site = FakeSite::start().await;
    let client = crate::trust::builder(&site, "127.0.0.1", qrs_client::Trust::System);
    let client = client.build().unwrap();
    for _ in 0..5 {
        client.about().await.unwrap();
    }
    let mut apps = client.apps::<App>(None);
    while apps.try_next().await.unwrap().is_some() {}
    client.about().await.unwrap();
    assert_eq!(site.connections(), 1);
}
