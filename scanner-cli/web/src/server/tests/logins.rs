//! Logins: who sees which pages.

use base64::{Engine, engine::general_purpose::STANDARD};

use super::*;

const TOKEN: &str = "s3cret-t0ken";
const HOST: &str = "Host: localhost\r\n";

fn with(auth: Auth) -> ServerSettings {
    ServerSettings {
        auth: Some(auth),
        ..ServerSettings::default()
    }
}

fn with_token() -> ServerSettings {
    with(Auth::Token(TOKEN.into()))
}

#[tokio::test]
async fn a_token_is_needed_for_all_but_health_and_readiness() {
    let server = Running::start(with_token()).await;
    let style = server.catalog.links.asset("style.css");
    for path in ["/healthz", "/readyz", "/metrics", "/sign-in", &style] {
        assert_eq!(server.get(path).await.status, 200, "{path}");
    }
    for path in [
        "/",
        "/search",
        "/items/c/a",
        "/api/v1/items",
        "/api/v1/openapi.json",
        "/search.csv",
        "/feed.atom",
        "/unknown",
    ] {
        let refused = server.get(path).await;
        assert_eq!(refused.status, 401, "{path}");
        assert!(
            refused
                .header("www-authenticate")
                .unwrap()
                .starts_with("Bearer")
        );
        assert_eq!(
            refused.header("content-type"),
            Some("application/problem+json")
        );
        assert!(!refused.body.contains("Sales"));
        let right = format!("{HOST}Authorization: Bearer {TOKEN}\r\n");
        let answer = server.ask(&format!("GET {path}"), &right).await;
        assert!(matches!(answer.status, 200 | 404), "{path}");
    }
}

#[tokio::test]
async fn metrics_need_a_login_only_if_the_settings_say_so() {
    let settings = ServerSettings {
        metrics_need_login: true,
        ..with_token()
    };
    let server = Running::start(settings).await;
    assert_eq!(server.get("/metrics").await.status, 401);
    assert_eq!(server.get("/healthz").await.status, 200);
    assert_eq!(server.get("/readyz").await.status, 200);
    let headers = format!("Host: prometheus\r\nAuthorization: Bearer {TOKEN}\r\n");
    assert_eq!(server.ask("GET /metrics", &headers).await.status, 200);
}

/// Posts a form to a path.
async fn post(server: &Running, path: &str, form: &str, headers: &str) -> Answer {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\n{HOST}{headers}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{form}",
        form.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes).await;
    Answer::parse(&String::from_utf8_lossy(&bytes))
}

#[tokio::test]
async fn people_sign_in_once_and_can_sign_out() {
    let server = Running::start(with_token()).await;
    let browser = format!("{HOST}Accept: text/html\r\n");
    let led = server.ask("GET /items/c/a?x=1", &browser).await;
    assert_eq!(led.status, 303);
    assert_eq!(
        led.header("location"),
        Some("/sign-in?next=%2Fitems%2Fc%2Fa%3Fx%3D1")
    );

    let wrong = post(&server, "/sign-in", "token=guess&next=%2F", "").await;
    assert_eq!(wrong.status, 403);
    assert!(wrong.header("set-cookie").is_none());
    let form = format!("token={TOKEN}&next=%2Fitems%2Fc%2Fa");
    let foreign = post(
        &server,
        "/sign-in",
        &form,
        "Origin: https://evil.example\r\n",
    )
    .await;
    assert_eq!(foreign.status, 403);
    let signed_in = post(&server, "/sign-in", &form, "Origin: http://localhost\r\n").await;
    assert_eq!(
        (signed_in.status, signed_in.header("location")),
        (303, Some("/items/c/a"))
    );
    let cookie = signed_in.header("set-cookie").unwrap();
    for part in ["HttpOnly", "SameSite=Strict", "Secure", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(!cookie.contains(TOKEN));
    let session = format!("Cookie: {}\r\n", cookie.split(';').next().unwrap());
    let headers = format!("{HOST}{session}");
    let page = server.ask("GET /items/c/a", &headers).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("action=\"/sign-out\""), "{}", page.body);

    let away = post(
        &server,
        "/sign-in",
        &form.replace("%2Fitems%2Fc%2Fa", "%2F%2Fevil.example"),
        "",
    )
    .await;
    assert_eq!(away.header("location"), Some("/"));

    assert_eq!(server.ask("GET /sign-out", &headers).await.status, 405);
    let out = post(&server, "/sign-out", "", &session).await;
    assert_eq!(out.status, 303);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(server.ask("GET /", &headers).await.status, 401);
}

#[tokio::test]
async fn a_new_token_ends_sessions_at_once() {
    let server = Running::start(with_token()).await;
    let signed_in = post(&server, "/sign-in", &format!("token={TOKEN}"), "").await;
    let cookie = signed_in.header("set-cookie").unwrap();
    let headers = format!("{HOST}Cookie: {}\r\n", cookie.split(';').next().unwrap());
    assert_eq!(server.ask("GET /", &headers).await.status, 200);
    let settings = with(Auth::Token("another".into()));
    let site = site(settings, Some(server.catalog.clone()));
    server.site.send_replace(Arc::new(site));
    assert_eq!(server.ask("GET /", &headers).await.status, 401);
    let old = format!("{HOST}Authorization: Bearer {TOKEN}\r\n");
    assert_eq!(server.ask("GET /", &old).await.status, 401);
}

#[tokio::test]
async fn basic_asks_for_a_user_and_a_password() {
    let server = Running::start(with(Auth::Basic {
        user: "ada".to_owned(),
        password: "pässword".into(),
    }))
    .await;
    let refused = server.get("/").await;
    assert_eq!(refused.status, 401);
    assert!(
        refused
            .header("www-authenticate")
            .unwrap()
            .starts_with("Basic realm=")
    );
    let right = STANDARD.encode("ada:pässword");
    let headers = format!("{HOST}Authorization: Basic {right}\r\n");
    assert_eq!(server.ask("GET /", &headers).await.status, 200);
    assert_eq!(
        server.get("/sign-in").await.status,
        401,
        "there is no such page"
    );
}

#[tokio::test]
async fn a_header_counts_only_from_a_trusted_proxy() {
    let auth = |network| {
        with(Auth::ProxyHeader {
            header: "x-user".parse().unwrap(),
            trusted: vec![Network::parse(network).unwrap()].into(),
        })
    };
    let headers = format!("{HOST}X-User: ada\r\n");
    let server = Running::start(auth("127.0.0.0/8")).await;
    assert_eq!(server.ask("GET /", &headers).await.status, 200);
    assert_eq!(server.get("/").await.status, 403);
    let server = Running::start(auth("10.0.0.0/8")).await;
    assert_eq!(server.ask("GET /", &headers).await.status, 403);
    assert_eq!(server.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn guesses_are_throttled_and_sessions_and_health_are_not() {
    let server = Running::start(with_token()).await;
    let signed_in = post(&server, "/sign-in", &format!("token={TOKEN}"), "").await;
    let cookie = signed_in.header("set-cookie").unwrap();
    let session = format!("{HOST}Cookie: {}\r\n", cookie.split(';').next().unwrap());
    let guess = format!("{HOST}Authorization: Bearer guess\r\n");
    for _ in 0..10 {
        assert_eq!(server.ask("GET /", &guess).await.status, 401);
    }
    let throttled = server.ask("GET /", &guess).await;
    assert_eq!(throttled.status, 429);
    assert!(throttled.header("retry-after").is_some());
    let right = format!("token={TOKEN}");
    assert_eq!(post(&server, "/sign-in", &right, "").await.status, 429);
    assert_eq!(server.ask("GET /", &session).await.status, 200);
    assert_eq!(server.get("/healthz").await.status, 200);
}
