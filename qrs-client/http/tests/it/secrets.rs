//! No text contains a secret.

use outbound_http::{Method, Proxy, ProxyScheme, SecretString, Url};

use crate::server::{Reply, Scheme, Server, client, response};

const TOKEN: &str = "t0ken/with+signs";

#[tokio::test]
async fn secrets_in_responses_and_urls_are_redacted_in_errors() {
    let page = format!("no permission for {TOKEN}, {{\"password\":\"hunter2\"}}");
    let server = Server::start(Scheme::Http, [response("403 Forbidden", "", &page)]).await;
    let bearer = SecretString::from(format!("Bearer {TOKEN}"));
    let client = server
        .client()
        .secret_header("Authorization", bearer)
        .build()
        .unwrap();
    let response = client
        .request(Method::POST, "entities")
        .query("token", TOKEN)
        .secret_header("X-Password", &"hunter2".into())
        .send()
        .await
        .unwrap();
    let error = response.error_for_status().await.unwrap_err();
    let texts = format!("{error} {error:?} {client:?}");
    for secret in [TOKEN, "t0ken%2Fwith", "hunter2"] {
        assert!(!texts.contains(secret), "{texts}");
    }
    assert_eq!(
        error.excerpt(),
        Some("no permission for ***, {\"password\":\"***\"}")
    );
    let request = server.requests().remove(0);
    assert!(
        request.contains(&format!("authorization: Bearer {TOKEN}")),
        "{request}"
    );
}

#[tokio::test]
async fn no_debug_output_shows_a_secret() {
    let url = Url::parse("https://catalog.example/").unwrap();
    let proxy = Proxy::new(ProxyScheme::Http, "proxy.example", 3128).unwrap();
    let proxy = proxy.basic_auth("user", "hunter2".into());
    let builder = client(url)
        .secret_header("Authorization", TOKEN.into())
        .redact("s3cret".into())
        .proxy(proxy);
    let text = format!("{builder:?}");
    let client = builder.build().unwrap();
    let request = client
        .request(Method::GET, "")
        .secret_header("X-Key", &"k3y!".into());
    let text = format!("{text} {client:?} {request:?} {:?}", client.redactor());
    for secret in [TOKEN, "hunter2", "s3cret", "k3y!"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[tokio::test]
async fn an_invalid_secret_is_not_repeated() {
    let server = Server::start(Scheme::Http, [Reply::Close]).await;
    let builder = server.client().secret_header("X-Key", "hunter2\n".into());
    let error = builder.build().unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
    let mut url = server.url_by("127.0.0.1");
    url.set_password(Some("hunter2")).unwrap();
    let error = client(url).build().unwrap_err();
    assert!(
        error.to_string().contains("user name or password"),
        "{error}"
    );
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
}
