use qrs_client::fake_site::ReservedPort;
use qrs_client::{AppObject, Error, ErrorKind, HeaderCredentials, QrsClient, QrsPath, SiteUrl};
use secrecy::SecretString;
use serde_json::Value;
use tokio::net::TcpListener;

use crate::scripted::{Act, HEADER, Script, Site, VALUE, answer, json};
use crate::secrets::causes;

async fn failure(script: Script) -> Error {
    let site = Site::start([script]).await;
    let error = site
        .client()
        .get::<Value>(QrsPath::new("app/full"))
        .await
        .unwrap_err();
    assert!(
        error.url().unwrap().ends_with("/vp/qrs/app/full"),
        "{error}"
    );
    error
}

fn client(url: &str) -> QrsClient {
    let credentials = HeaderCredentials::new(HEADER, SecretString::from(VALUE)).unwrap();
    QrsClient::builder(SiteUrl::parse(url).unwrap(), credentials)
        .tries(1)
        .build()
        .unwrap()
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let login = "Location: /vp/internal_forms_authentication/?targetId=1";
    let site = Site::start([answer(302, &[login], ""), json("{}")]).await;
    let error = site.client().about().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RedirectedToLogin);
    assert_eq!(error.status(), Some(302));
    assert!(
        error
            .to_string()
            .contains("/vp/internal_forms_authentication/`"),
        "{error}"
    );
    assert!(!error.to_string().contains("targetId"), "{error}");
    assert_eq!(site.requests().len(), 1);
}

#[tokio::test]
async fn a_login_form_instead_of_json_is_reported_as_one() {
    let form = r#"<noscript>Scripts are off</noscript><form id="login-form"></form>"#;
    let scripts = [
        answer(200, &["Content-Type: text/html; charset=utf-8"], form),
        answer(
            200,
            &["Content-Type: application/json"],
            format!("\r\n {form}"),
        ),
        answer(200, &[], format!("\u{FEFF}<!DOCTYPE html>{form}")),
    ];
    for script in scripts {
        let error = failure(script.clone()).await;
        assert_eq!(error.kind(), ErrorKind::LoginPage, "{error}");
        assert_eq!(error.excerpt(), Some("Scripts are off"));
        let site = Site::start([script]).await;
        let error = site
            .client()
            .app_objects::<AppObject>(None)
            .try_next()
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::LoginPage, "{error}");
        let error = site.client().read(QrsPath::new("about")).await;
        let error = match error {
            Ok(mut body) => body.chunk().await.unwrap_err(),
            Err(error) => error,
        };
        assert_eq!(error.kind(), ErrorKind::LoginPage, "{error}");
    }
}

#[tokio::test]
async fn a_wrong_prefix_is_recognized_in_88_kb_of_html() {
    let filler = format!("<style>{}</style>", "p { color: red }\n".repeat(5200));
    let page = format!("<html>{filler}<h1>Error 400</h1>The http request\n header is incorrect.");
    let error = failure(answer(400, &["Content-Type: text/html"], page)).await;
    assert_eq!(error.kind(), ErrorKind::BadRequest);
    assert!(error.to_string().contains("virtual proxy"), "{error}");
    assert_eq!(
        error.excerpt(),
        Some("Error 400 The http request header is incorrect.")
    );
}

#[tokio::test]
async fn texts_of_the_site_are_shown_on_one_short_line() {
    let error = failure(answer(
        403,
        &[],
        "Your account\r\nis inactive. ".repeat(500),
    ))
    .await;
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    let said = error.excerpt().unwrap();
    assert!(said.starts_with("Your account is inactive. Your"));
    assert_eq!(said.chars().count(), 300);
    let xsrf = "XSRF prevention check failed. Possible XSRF discovered.";
    assert_eq!(
        failure(answer(403, &[], xsrf)).await.kind(),
        ErrorKind::Xsrf
    );
}

#[tokio::test]
async fn a_response_of_another_shape_is_unexpected() {
    for body in ["{\"value\":\"many\"}", "", "{\"value\":", "[]"] {
        let site = Site::start([json(body)]).await;
        let error = site.client().app_count(None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer, "{error}");
    }
}

#[tokio::test]
async fn a_silent_server_is_unreachable_and_the_message_has_the_reason() {
    let closed = ReservedPort::new();
    let error = client(&format!("http://{}/", closed.address()))
        .about()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
    assert!(
        error.to_string().contains("connection refused by the site"),
        "{error}"
    );
    assert!(causes(&error).contains("refused"), "{error:?}");

    let error = client("http://nowhere.invalid/").about().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
    assert!(
        error
            .to_string()
            .contains("cannot resolve the site's host name"),
        "{error}"
    );

    let site = Site::start([vec![]]).await;
    let error = site.client().about().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unreachable, "{error}");
    assert!(error.to_string().contains("without a response"), "{error}");
    assert_eq!(site.requests().len(), 3);
}

#[tokio::test]
async fn servers_without_tls_or_http_have_their_own_messages() {
    let not_http = vec![Act::Send(b"SSH-2.0-OpenSSH_9.6\r\n\r\n".to_vec())];
    let error = failure(not_http).await;
    assert_eq!(error.kind(), ErrorKind::UnexpectedAnswer, "{error}");

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let plain = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::io::AsyncWriteExt::write_all(&mut stream, b"HTTP/1.1 400 No\r\n\r\n")
            .await
            .unwrap();
    });
    let error = client(&plain).about().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
}

#[tokio::test]
async fn an_invalid_path_or_filter_is_not_sent() {
    let site = Site::start([json("{}")]).await;
    let error = site
        .client()
        .get::<Value>(QrsPath::new("../qps/user"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    assert!(site.requests().is_empty());
}
