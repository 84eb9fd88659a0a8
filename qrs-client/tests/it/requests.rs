use qrs_client::{About, App, AppObject, Field, Proxy, ProxyScheme, QrsPath, Stream, User};
use secrecy::SecretString;

use crate::scripted::{ABOUT, Site, answer, json};

#[tokio::test]
async fn a_request_has_the_xrfkey_first_and_twice_and_the_credentials() {
    let site = Site::start([json(ABOUT)]).await;
    let client = site.client();
    client.about().await.unwrap();
    client
        .get::<About>(QrsPath::new("about").query("a", "b"))
        .await
        .unwrap();

    let requests = site.requests();
    let keys: Vec<_> = requests
        .iter()
        .map(|request| {
            let (_, rest) = request.split_once("GET /vp/qrs/about?xrfkey=").unwrap();
            let key = &rest[..16];
            assert!(key.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            assert!(
                request.contains(&format!("\r\nx-qlik-xrfkey: {key}\r\n")),
                "{request}"
            );
            assert!(
                request.contains("\r\nx-scanner-user: ACME\\the scanner\r\n"),
                "{request}"
            );
            assert!(
                request.contains("\r\naccept-encoding: gzip\r\n"),
                "{request}"
            );
            key
        })
        .collect();
    assert_ne!(keys[0], keys[1]);
    assert!(requests[1].contains(&format!("{}&a=b HTTP/1.1", keys[1])));
}

#[tokio::test]
async fn each_kind_of_record_has_its_path_with_the_filter_encoded() {
    let site = Site::start([json("[]")]).await;
    let client = site.client();
    let filter = Field::NAME.equals("R&D #1");
    assert!(
        client
            .apps::<App>(Some(&filter))
            .try_next()
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        client
            .app_objects::<AppObject>(None)
            .try_next()
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        client
            .users::<User>(None)
            .try_next()
            .await
            .unwrap()
            .is_none()
    );
    assert!(
        client
            .streams::<Stream>(None)
            .try_next()
            .await
            .unwrap()
            .is_none()
    );

    let requests = site.requests();
    assert!(requests[0].starts_with("GET /vp/qrs/app/full?xrfkey="));
    assert!(requests[0].contains("&filter=name%20eq%20%27R%26D%20%231%27 HTTP"));
    assert!(requests[1].starts_with("GET /vp/qrs/app/object/full?xrfkey="));
    assert!(requests[2].starts_with("GET /vp/qrs/user/full?xrfkey="));
    assert!(requests[3].starts_with("GET /vp/qrs/stream/full?xrfkey="));
}

#[tokio::test]
async fn counts_come_as_objects_and_as_bare_numbers() {
    let site = Site::start([
        json(r#"{"value":7}"#),
        json("8"),
        json("\u{FEFF}9"),
        json("0"),
    ])
    .await;
    let client = site.client();
    assert_eq!(client.app_count(None).await.unwrap(), 7);
    assert_eq!(client.app_object_count(None).await.unwrap(), 8);
    assert_eq!(client.user_count(None).await.unwrap(), 9);
    let filter = Field::PUBLISHED.equals(true);
    assert_eq!(client.stream_count(Some(&filter)).await.unwrap(), 0);
    let paths = ["app", "app/object", "user", "stream"];
    for (path, request) in paths.iter().zip(site.requests()) {
        assert!(
            request.starts_with(&format!("GET /vp/qrs/{path}/count?xrfkey=")),
            "{request}"
        );
    }
}

#[tokio::test]
async fn a_compressed_response_is_decompressed() {
    let packed = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\x8b\xae\x56\xca\x4c\x51\xb2\x52\x32\
        \x54\xaa\x8d\x05\x00\x2b\xf0\x21\xbe\x0c\x00\x00\x00";
    let site = Site::start([answer(200, &["Content-Encoding: gzip"], packed)]).await;
    let mut apps = site.client().apps::<App>(None);
    let app = apps.try_next().await.unwrap().unwrap().unwrap();
    assert_eq!(app.id.as_str(), "1");
    assert!(apps.try_next().await.unwrap().is_none());
}

#[tokio::test]
async fn bytes_are_returned_unchanged() {
    let site = Site::start([json("not { json")]).await;
    let mut body = site.client().read(QrsPath::new("about")).await.unwrap();
    let mut bytes = Vec::new();
    while let Some(chunk) = body.chunk().await.unwrap() {
        bytes.extend_from_slice(&chunk);
    }
    assert_eq!(bytes, b"not { json");
}

#[tokio::test]
async fn a_proxy_receives_the_request_and_its_own_credentials() {
    let proxy = Site::start([json(r#"{"buildVersion":"31.62.0.0"}"#)]).await;
    let site = Site::start([json(ABOUT)]).await;
    let address = proxy
        .url
        .trim_start_matches("http://")
        .trim_end_matches("/vp/");
    let (host, port) = address.split_once(':').unwrap();
    let through = Proxy::new(ProxyScheme::Http, host, port.parse().unwrap())
        .unwrap()
        .basic_auth("me", SecretString::from("secret"));
    let client = site.builder().proxy(through).build().unwrap();
    assert_eq!(client.about().await.unwrap().build_version, "31.62.0.0");
    assert!(site.requests().is_empty());
    let request = &proxy.requests()[0];
    assert!(
        request.starts_with(&format!("GET {}qrs/about?xrfkey=", site.url)),
        "{request}"
    );
    assert!(
        request.contains("proxy-authorization: Basic bWU6c2VjcmV0"),
        "{request}"
    );
}
