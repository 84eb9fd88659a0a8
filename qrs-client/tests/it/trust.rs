use qrs_client::fake_site::FakeSite;
use qrs_client::{
    Error, ErrorKind, HeaderCredentials, QrsClient, QrsClientBuilder, SiteUrl, Trust, TrustStore,
};
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use crate::fixtures::{bytes, store, text};
use crate::secrets::causes;

/// A site that shows this chain.
pub(crate) async fn site(chain: &str, key: &str) -> FakeSite {
    FakeSite::builder()
        .tls(&text(chain), &text(key))
        .start()
        .await
}

pub(crate) fn builder(site: &FakeSite, host: &str, trust: Trust) -> QrsClientBuilder {
    let value = SecretString::from(site.header_value());
    let credentials = HeaderCredentials::new(site.header_name(), value).unwrap();
    let url = SiteUrl::parse(&site.url_by(host)).unwrap();
    QrsClient::builder(url, credentials).tries(1).trust(trust)
}

/// Asks a site that shows `NAME-chain.pem`, or `NAME.pem` where it has no chain.
async fn ask(name: &str, host: &str, trust: Trust) -> Result<(), Error> {
    let chain = match name {
        name if name.starts_with("self-signed") => format!("{name}.pem"),
        name => format!("{name}-chain.pem"),
    };
    let site = site(&chain, &format!("{name}.key")).await;
    let client = builder(&site, host, trust).build().unwrap();
    client.about().await.map(drop)
}

fn only(name: &str) -> Trust {
    Trust::Only(store(name))
}

#[tokio::test]
async fn chains_that_java_accepts_are_accepted() {
    let cases = [
        // The root, the intermediate alone, the very certificate of the site.
        ("site", "localhost", "root.pem"),
        ("site", "127.0.0.1", "root.pem"),
        ("site", "localhost", "issuing.pem"),
        ("site", "localhost", "bundle.pem"),
        ("site", "localhost", "site.pem"),
        ("self-signed", "localhost", "self-signed.pem"),
        ("self-signed-ca", "localhost", "self-signed-ca.pem"),
        ("self-signed-ca", "127.0.0.1", "self-signed-ca.pem"),
        (
            "self-signed-expired",
            "localhost",
            "self-signed-expired.pem",
        ),
        ("expired", "localhost", "expired.pem"),
        ("common-name", "localhost", "root.pem"),
        ("common-name", "localhost", "common-name.pem"),
    ];
    for (name, host, trusted) in cases {
        let asked = ask(name, host, only(trusted)).await;
        assert!(asked.is_ok(), "{name} {host} {trusted}: {asked:?}");
    }
    ask("expired", "localhost", Trust::AnyCertificate)
        .await
        .unwrap();
}

/// What the site shows, what it is called, what is trusted; message and hint.
const REFUSED: &[(&str, &str, &str, &str, &str)] = &[
    (
        "site",
        "localhost",
        "other.pem",
        "issuer `CN=Acme Root CA, O=Acme` of its certificate `CN=qlikserver1` is not in the trust store \
             `conf/other.pem`, which contains: `CN=Other Root CA, O=Other`",
        "put the certificate of `CN=Acme Root CA, O=Acme` into the trust store",
    ),
    (
        "site",
        "localhost",
        "namesake.pem",
        "is not signed by the `CN=Acme Root CA, O=Acme` (valid from 2020-01-01 to 2119-12-31)",
        "new key",
    ),
    (
        "expired",
        "localhost",
        "root.pem",
        "certificate `CN=qlikserver1` expired on 2021-01-01",
        "new certificate",
    ),
    (
        "early",
        "localhost",
        "root.pem",
        "`CN=qlikserver1` is not valid before 2100-01-01",
        "clock",
    ),
    (
        "wrong-name",
        "localhost",
        "root.pem",
        "`CN=localhost` is not for `localhost`, but for `qlik.example`, `10.0.0.7`",
        "name",
    ),
    (
        "wrong-name",
        "127.0.0.1",
        "wrong-name.pem",
        "is not for `127.0.0.1`",
        "name",
    ),
    (
        "common-name",
        "127.0.0.1",
        "root.pem",
        "is not for `127.0.0.1`, but for `localhost`",
        "name",
    ),
    (
        "escaping",
        "localhost",
        "root.pem",
        "the authority `CN=Acme Constrained CA, O=Acme` must not sign for `localhost` (name constraints)",
        "another authority",
    ),
    (
        "self-signed",
        "localhost",
        "root.pem",
        "`CN=qlikserver1` is self-signed and not in the trust store",
        "SHA-256 fingerprint",
    ),
    (
        "self-signed-ca",
        "localhost",
        "root.pem",
        "its certificate `CN=qlikserver1` is",
        "put this certificate itself into the trust store",
    ),
];

#[tokio::test]
async fn a_refused_certificate_is_explained() {
    for (name, host, trusted, message, hint) in REFUSED {
        let error = ask(name, host, only(trusted)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Tls, "{error}");
        assert!(error.to_string().contains(message), "{name}: {error}");
        assert!(
            error.hint().unwrap().contains(hint),
            "{name}: {:?}",
            error.hint()
        );
        assert!(
            causes(&error).contains("the chain was: `CN="),
            "{}",
            causes(&error)
        );
        assert!(!error.certificates().is_empty());
    }
}

#[tokio::test]
async fn a_trusted_site_is_not_an_authority_for_others() {
    let error = ask("below-site", "localhost", only("site.pem")).await;
    let error = error.unwrap_err().to_string();
    assert!(
        error.contains("issuer `CN=qlikserver1` of its certificate `CN=impostor` is not a certificate authority"),
        "{error}"
    );
    let error = ask("below-site", "localhost", only("root.pem")).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Tls);
}

#[tokio::test]
async fn a_common_name_does_not_escape_the_constraints_of_a_trusted_authority() {
    let site = site("escaping.pem", "escaping.key").await;
    let client = builder(&site, "localhost", only("constrained.pem"));
    let error = client.build().unwrap().about().await.unwrap_err();
    assert!(
        error.to_string().contains("must not sign for `localhost`"),
        "{error}"
    );
}

#[tokio::test]
async fn the_operating_systems_certificates_are_not_those_of_a_company() {
    let error = match ask("site", "localhost", Trust::System).await {
        Ok(()) => panic!("the system trusts the fixtures"),
        Err(error) => error,
    };
    // A machine without any certificates refuses to make the client.
    assert!(
        error
            .to_string()
            .contains("the operating system's trust store"),
        "{error}"
    );
}

#[tokio::test]
async fn a_store_can_be_given_as_der() {
    let trust = Trust::Only(TrustStore::from_der([bytes("root.cer")]).unwrap());
    ask("site", "localhost", trust).await.unwrap();
}

#[tokio::test]
async fn http_to_a_port_of_tls_and_the_reverse_are_reported() {
    let secure = site("site-chain.pem", "site.key").await;
    let value = SecretString::from(secure.header_value());
    let credentials = HeaderCredentials::new(secure.header_name(), value).unwrap();
    let plain_url = secure.url().replace("https:", "http:");
    let client = QrsClient::builder(SiteUrl::parse(&plain_url).unwrap(), credentials.clone());
    let error = client.tries(1).build().unwrap().about().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error:?}");
    assert!(
        error.to_string().contains("expects TLS at this port"),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("`https`"));

    let plain = FakeSite::start().await;
    let secure_url = plain.url().replace("http:", "https:");
    let client = QrsClient::builder(SiteUrl::parse(&secure_url).unwrap(), credentials);
    let client = client.trust(only("root.pem")).tries(1).build().unwrap();
    let error = client.about().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Tls, "{error:?}");
    assert!(
        error
            .to_string()
            .contains("speaks plain http at this port, not TLS"),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("`http`"));
}

/// Ends the handshakes of all clients with this TLS alert.
async fn alerting(description: u8) -> Error {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("https://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut hello = [0; 1024];
        let _ = stream.read(&mut hello).await.unwrap();
        let alert = [0x15, 3, 3, 0, 2, 2, description];
        stream.write_all(&alert).await.unwrap();
    });
    let credentials = HeaderCredentials::new("X-User", "scanner".into()).unwrap();
    let client = QrsClient::builder(SiteUrl::parse(&url).unwrap(), credentials);
    let client = client.trust(only("root.pem")).tries(1).build().unwrap();
    client.about().await.unwrap_err()
}

#[tokio::test]
async fn no_common_protocol_and_a_request_for_a_client_certificate_are_reported() {
    let cases = [
        (40, "no TLS cipher suite, curve or signature in common"),
        (70, "no TLS protocol version in common"),
        (116, "requires a client certificate"),
        (
            80,
            "ended the TLS handshake with the alert `internal_error`",
        ),
    ];
    for (description, expected) in cases {
        let error = alerting(description).await;
        assert_eq!(error.kind(), ErrorKind::Tls, "{error:?}");
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.hint().is_some());
    }
}
