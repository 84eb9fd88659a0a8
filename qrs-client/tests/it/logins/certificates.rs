//! Client certificates at the repository's port.

use qrs_client::diagnosis::Stage;
use qrs_client::fake_site::{Account, Authority, Entity, FakeSite, Issued};
use qrs_client::{
    App, CertificateCredentials, ClientIdentity, Error, ErrorKind, Fact, HeaderCredentials,
    QrsClient, QrsClientBuilder, SessionEnd, SessionState, SiteUrl, Trust, TrustStore,
};
use secrecy::SecretString;

fn identity(issued: &Issued) -> ClientIdentity {
    let (certificate, key) = (issued.certificate.as_bytes(), issued.key.as_bytes());
    ClientIdentity::read(certificate, Some(key), None).unwrap()
}

fn trust(authority: &Authority) -> Trust {
    Trust::Only(TrustStore::detect(authority.pem().as_bytes(), None).unwrap())
}

/// A client of the repository with this certificate, as this user.
fn builder(
    site: &FakeSite,
    authority: &Authority,
    issued: &Issued,
    (directory, user): (&str, &str),
) -> QrsClientBuilder {
    let credentials = CertificateCredentials::new(identity(issued), directory, user).unwrap();
    let url = SiteUrl::parse(&site.repository_url()).unwrap();
    QrsClient::builder(url, credentials)
        .tries(1)
        .trust(trust(authority))
}

async fn site(authority: &Authority) -> FakeSite {
    FakeSite::builder().repository(authority).start().await
}

async fn error_of(client: &QrsClient) -> Error {
    client.about().await.unwrap_err()
}

#[tokio::test]
async fn an_exported_certificate_reads_as_any_user_without_a_session() {
    let authority = Authority::new();
    let site = site(&authority).await;
    for (user, expected) in [
        (("INTERNAL", "sa_repository"), true),
        (("acme", "Scanner"), true),
        (("ACME", "nobody"), false),
    ] {
        let builder = builder(&site, &authority, &authority.client(), user);
        let client = builder.session_end(SessionEnd::Logout).build().unwrap();
        let hold = client.hold_session();
        let mut apps = client.apps::<App>(None);
        assert_eq!(
            apps.try_next().await.unwrap().is_some(),
            expected,
            "{user:?}"
        );
        assert_eq!(client.session_state(), SessionState::NotNeeded);
        assert!(client.session().is_none());
        drop(hold);
        client.end_session().await.unwrap();
    }
    let request = &site.requests_of("/qrs/app/full")[0];
    assert_eq!(
        request.header("X-Qlik-User"),
        Some("UserDirectory=INTERNAL; UserId=sa_repository")
    );
    assert_eq!(site.sessions_opened(), 0);
}

#[tokio::test]
async fn a_user_with_any_characters_is_percent_encoded() {
    let authority = Authority::new();
    let account = Account::new("ÄCME\\scänner; x=1+2%").forbidden(Entity::App);
    let site = FakeSite::builder().repository(&authority).account(account);
    let site = site.start().await;
    let user = ("ÄCME", "scänner; x=1+2%");
    let client = builder(&site, &authority, &authority.client(), user)
        .build()
        .unwrap();
    client.about().await.unwrap();
    // The account was found, and has its own rights.
    let error = client.app_count(None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Forbidden);
    assert!(error.hint().unwrap().contains("directory"), "{error:?}");
}

#[tokio::test]
async fn a_refused_certificate_is_named_with_the_reason() {
    let authority = Authority::new();
    let site = site(&authority).await;
    let cases = [
        (
            Authority::named("Other CA").client(),
            "does not trust the authority that issued it",
        ),
        (
            Authority::new().client(),
            "its signature does not belong to the server's authority",
        ),
        (authority.expired_client(), "not valid at the server's time"),
        (
            authority.client_for_servers(),
            "purpose is not that of a client",
        ),
    ];
    for (issued, expected) in cases {
        let client = builder(&site, &authority, &issued, ("ACME", "scanner"));
        let client = client.build().unwrap();
        let error = error_of(&client).await;
        assert_eq!(
            (error.kind(), error.fact()),
            (ErrorKind::Tls, &Fact::ClientCertificateRefused),
            "{error:?}"
        );
        assert!(error.to_string().contains(expected), "{error}");
        let details = format!("{error:?}");
        assert!(
            details.contains("the client presented `CN=QlikClient`"),
            "{details}"
        );
        assert!(!error.is_retryable());

        let steps = client.diagnose().await;
        let last = steps.last().unwrap();
        let error = last.seen.as_ref().unwrap_err();
        assert_eq!(last.stage, Stage::ClientCertificate);
        assert_eq!(error.fact(), &Fact::ClientCertificateRefused, "{error:?}");
    }
    assert_eq!(site.requests().len(), 0);
}

#[tokio::test]
async fn a_diagnosis_shows_the_accepted_certificate() {
    let authority = Authority::new();
    let site = site(&authority).await;
    let client = builder(&site, &authority, &authority.client(), ("ACME", "scanner"));
    let steps = client.build().unwrap().diagnose().await;
    let last = steps.last().unwrap();
    assert_eq!(last.stage, Stage::ClientCertificate);
    let seen = last.seen.as_ref().unwrap().to_string();
    assert!(seen.contains("accepts `CN=QlikClient`"), "{seen}");
}

#[tokio::test]
async fn a_server_that_asks_for_no_certificate_is_named_in_the_diagnosis() {
    let authority = Authority::new();
    let server = authority.server();
    let site = FakeSite::builder()
        .virtual_proxy("")
        .tls(&server.certificate, &server.key);
    let site = site.start().await;
    let credentials = identity(&authority.client());
    let credentials = CertificateCredentials::new(credentials, "ACME", "scanner").unwrap();
    let url = SiteUrl::parse(&site.url_by("localhost")).unwrap();
    let client = QrsClient::builder(url, credentials)
        .tries(1)
        .trust(trust(&authority));
    let client = client.build().unwrap();
    let steps = client.diagnose().await;
    let seen = steps.last().unwrap().seen.as_ref().unwrap().to_string();
    assert!(seen.contains("did not ask"), "{seen}");
    let error = error_of(&client).await;
    assert_eq!(error.kind(), ErrorKind::RedirectedToLogin);
    assert!(error.hint().unwrap().contains("4242"), "{error:?}");
}

#[tokio::test]
async fn a_missing_certificate_is_named() {
    let authority = Authority::new();
    let site = site(&authority).await;
    let header = HeaderCredentials::new("X-User", "scanner".into()).unwrap();
    let url = SiteUrl::parse(&site.repository_url()).unwrap();
    let client = QrsClient::builder(url, header)
        .tries(1)
        .trust(trust(&authority));
    let error = error_of(&client.build().unwrap()).await;
    assert!(
        error.to_string().contains("requires a client certificate"),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("4242"), "{error:?}");
}

#[tokio::test]
async fn a_url_with_a_prefix_or_without_tls_is_refused() {
    let authority = Authority::new();
    for (url, expected) in [
        ("https://qlik.example:4242/scanner", "prefix `scanner`"),
        ("http://qlik.example:4242", "`https`"),
    ] {
        let credentials = identity(&authority.client());
        let credentials = CertificateCredentials::new(credentials, "ACME", "scanner").unwrap();
        let client = QrsClient::builder(SiteUrl::parse(url).unwrap(), credentials);
        let error = client.build().unwrap_err();
        assert!(error.to_string().contains(expected), "{error}");
    }
}

#[test]
fn a_key_of_another_certificate_is_found_at_once() {
    let authority = Authority::new();
    let (one, other) = (authority.client(), authority.client());
    let key = Some(other.key.as_bytes());
    let error = ClientIdentity::read(one.certificate.as_bytes(), key, None).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("does not belong to the client certificate `CN=QlikClient`")
    );
    let error = CertificateCredentials::new(identity(&one), "ACME", " ").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Configuration);
    let texts = format!("{:?}", identity(&one));
    assert!(
        !texts.contains("PRIVATE") && texts.contains("QlikClient"),
        "{texts}"
    );
}

/// A key file is a secret as well, although nothing repeats it.
#[test]
fn a_wrong_password_is_not_repeated() {
    let authority = Authority::new();
    let issued = authority.client();
    let broken = issued.key.replace("PRIVATE KEY", "ENCRYPTED PRIVATE KEY");
    let password = SecretString::from("hunter2");
    let read = |password| {
        let certificate = issued.certificate.as_bytes();
        ClientIdentity::read(certificate, Some(broken.as_bytes()), password)
    };
    let error = Error::from(read(None).unwrap_err());
    assert_eq!(error.fact(), &Fact::FilePassword, "{error}");
    let error = read(Some(&password)).unwrap_err();
    assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
}
