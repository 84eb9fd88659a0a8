//! Tokens that the client signs itself, verified by the fake site.

#[cfg(target_os = "linux")]
use std::io::Write;
#[cfg(target_os = "linux")]
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use qrs_client::fake_site::{FakeSite, FakeSiteBuilder, JwtLogin};
use qrs_client::{
    ErrorKind, JwtAlgorithm, JwtCredentials, JwtSigner, PrivateKey, QrsClient, SiteUrl,
    TokenProvider,
};

use crate::fixtures::{bytes, text};
use crate::scripted::{Site, answer};

/// A clock that the test sets, in seconds since 1970.
#[derive(Clone)]
struct TestClock(Arc<AtomicU64>);

impl TestClock {
    fn new() -> Self {
        Self(Arc::new(AtomicU64::new(1_769_860_800)))
    }

    fn function(&self) -> impl Fn() -> SystemTime + Send + Sync + 'static {
        let clock = self.clone();
        move || UNIX_EPOCH + Duration::from_secs(clock.0.load(Ordering::Relaxed))
    }

    fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::Relaxed);
    }
}

fn key() -> PrivateKey {
    PrivateKey::read(&bytes("site.key"), None).unwrap()
}

/// Signs for `ACME\scanner`.
fn signer() -> JwtSigner {
    JwtSigner::new(key(), JwtAlgorithm::Es256, "scanner", "ACME").unwrap()
}

/// A site that verifies tokens with the certificate of the key.
fn site_of_key(clock: &TestClock) -> FakeSiteBuilder {
    let login = JwtLogin::new(&text("site.pem"));
    FakeSite::builder()
        .virtual_proxy("jwt")
        .jwt(login)
        .clock(clock.function())
}

fn client(site: &FakeSite, signer: JwtSigner, clock: &TestClock) -> QrsClient {
    let credentials = JwtCredentials::from_provider(signer.clock(clock.function()));
    let builder = QrsClient::builder(SiteUrl::parse(&site.url()).unwrap(), credentials);
    builder.tries(1).clock(clock.function()).build().unwrap()
}

/// An RSA key of openssl, and its public key.
#[cfg(target_os = "linux")]
fn rsa() -> (PrivateKey, String) {
    let openssl = |arguments: &str, input: &[u8]| {
        let mut command = std::process::Command::new("openssl");
        let command = command.args(arguments.split(' '));
        let pipes = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null());
        let mut child = pipes.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        child.wait_with_output().unwrap().stdout
    };
    let pem = openssl("genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048", b"");
    let public = openssl("pkey -pubout", &pem);
    (
        PrivateKey::read(&pem, None).unwrap(),
        String::from_utf8(public).unwrap(),
    )
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn the_site_verifies_rsa_of_every_length() {
    let (clock, (key, public)) = (TestClock::new(), rsa());
    let site = FakeSite::builder()
        .jwt(JwtLogin::new(&public))
        .clock(clock.function());
    let site = site.start().await;
    for algorithm in [
        JwtAlgorithm::Rs256,
        JwtAlgorithm::Rs384,
        JwtAlgorithm::Rs512,
    ] {
        let signer = JwtSigner::new(key.clone(), algorithm, "scanner", "ACME").unwrap();
        client(&site, signer, &clock).about().await.unwrap();
    }
    let error = JwtSigner::new(key, JwtAlgorithm::Es256, "scanner", "ACME").unwrap_err();
    assert!(error.to_string().contains("not one for ECDSA"), "{error}");
}

#[tokio::test]
async fn a_token_that_ends_is_renewed_within_a_session() {
    let clock = TestClock::new();
    let site = site_of_key(&clock).start().await;
    let signer = signer();
    let client = client(&site, signer.lifetime(Duration::from_secs(120)), &clock);
    for _ in 0..4 {
        client.app_count(None).await.unwrap();
        clock.advance(100);
    }
    let tokens: Vec<_> = site
        .requests()
        .iter()
        .map(|request| request.header("Authorization").map(str::to_owned))
        .collect();
    let mut different = tokens.clone();
    different.dedup();
    assert_eq!((tokens.len(), different.len()), (4, 4));
    assert_eq!(site.sessions_opened(), 1);
}

#[tokio::test]
async fn claims_have_the_names_of_the_virtual_proxy() {
    let clock = TestClock::new();
    let login = JwtLogin::new(&text("site.pem")).claim_names("sub", "directory");
    let site = FakeSite::builder()
        .jwt(login)
        .clock(clock.function())
        .start()
        .await;
    let signer = signer();
    let wrong = client(&site, signer.clone(), &clock);
    let error = wrong.about().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RedirectedToLogin);
    assert!(
        error.hint().unwrap().contains("names of the claims"),
        "{error:?}"
    );
    let right = signer
        .claim_names("sub", "directory")
        .claim("group", "catalog");
    client(&site, right, &clock).about().await.unwrap();
}

#[tokio::test]
async fn a_token_of_another_key_or_user_is_refused() {
    let clock = TestClock::new();
    let site = site_of_key(&clock).start().await;
    let other = PrivateKey::read(&bytes("self-signed.key"), None).unwrap();
    for (key, user) in [(other, "scanner"), (key(), "nobody")] {
        let signer = JwtSigner::new(key, JwtAlgorithm::Es256, user, "ACME").unwrap();
        let error = client(&site, signer, &clock).about().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RedirectedToLogin);
    }
    assert_eq!(site.sessions_opened(), 0);
}

#[tokio::test]
async fn a_difference_of_the_clocks_is_named() {
    let (ours, theirs) = (TestClock::new(), TestClock::new());
    theirs.advance(600);
    let site = site_of_key(&theirs).start().await;
    let signer = signer();
    let error = client(&site, signer.clone(), &ours)
        .about()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::RedirectedToLogin);

    // The site's clock is in the header `Date`.
    let headers = [
        "Date: Sat, 31 Jan 2026 12:10:00 GMT",
        "Location: /vp/internal_forms_authentication/?targetId=1",
    ];
    let site = Site::start([answer(302, &headers, "")]).await;
    let credentials = JwtCredentials::from_provider(signer.clock(ours.function()));
    let client = site
        .builder_with(credentials)
        .clock(ours.function())
        .build()
        .unwrap();
    let error = client.about().await.unwrap_err();
    let hint = error.hint().unwrap();
    assert!(
        hint.contains("this machine's clock is 600 s behind the site's"),
        "{hint}"
    );
}

#[tokio::test]
async fn a_key_of_another_kind_is_found_at_once() {
    let error = JwtSigner::new(key(), JwtAlgorithm::Rs256, "scanner", "ACME").unwrap_err();
    assert!(
        error.to_string().contains("not one for RSA with SHA-256"),
        "{error}"
    );
    let error = JwtSigner::new(key(), JwtAlgorithm::Es256, "", "ACME").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    let error = "HS256".parse::<JwtAlgorithm>().unwrap_err();
    assert!(error.hint().unwrap().contains("RS256"), "{error:?}");
    assert_eq!(
        "es256".parse::<JwtAlgorithm>().unwrap(),
        JwtAlgorithm::Es256
    );
    assert_eq!(signer().account(), r"ACME\scanner");
}
