//! The secrets of each kind of credentials, against a site that repeats them.

use std::sync::LazyLock;

use qrs_client::fake_site::Authority;
use qrs_client::{
    CertificateCredentials, ClientIdentity, Credentials, Error, JwtAlgorithm, JwtCredentials,
    JwtSigner, PrivateKey, QrsClient, SecretString, SessionCredentials, SiteUrl, TicketCredentials,
    TokenProvider, async_trait,
};

use super::{LOGGED, texts_of};
use crate::logins::tokens::token;
use crate::scripted::{Script, Site, answer, begun};

/// Supplies the same ticket or token each time.
#[derive(Clone)]
struct Repeated(String);

impl std::fmt::Debug for Repeated {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Repeated")
    }
}

#[async_trait]
impl TokenProvider for Repeated {
    fn account(&self) -> &str {
        "the account's name"
    }

    async fn token(&self) -> Result<SecretString, Box<dyn std::error::Error + Send + Sync>> {
        Ok(self.0.clone().into())
    }
}

/// Responses that repeat a secret.
fn scripts(secret: &str) -> Vec<Script> {
    let encoded = secret.replace('.', "%2E").replace('+', "%2B");
    let text = format!("you sent {secret}, {encoded}");
    let page = format!("<html><p>{text}</p><form></form>");
    let location = format!("Location: /vp/internal_forms_authentication/{encoded}/?x={encoded}");
    let elsewhere = format!("Location: https://idp.example/{encoded}");
    let mut scripts: Vec<_> = [200, 400, 401, 403, 404, 500]
        .into_iter()
        .map(|status| answer(status, &["Content-Type: text/html"], &page))
        .collect();
    scripts.push(answer(302, &[&location], ""));
    scripts.push(answer(302, &[&elsewhere], ""));
    scripts.push(answer(403, &[], &text));
    scripts.push(answer(200, &[], format!("[{text}")));
    scripts.push(begun(&format!("<p>{text}")));
    scripts.push(vec![]);
    scripts
}

async fn check(credentials: impl Into<Credentials>, secrets: &[&str]) {
    LazyLock::force(&LOGGED);
    let credentials = credentials.into();
    for script in secrets.iter().flat_map(|secret| scripts(secret)) {
        let site = Site::start([script]).await;
        let builder = site.builder_with(credentials.clone()).tries(1);
        let mut texts = vec![format!("{credentials:?} {builder:?}")];
        let client = builder.build().unwrap();
        for _ in 0..2 {
            texts.extend(client.about().await.map_err(|error| texts_of(&error)).err());
            let mut list = client.apps::<serde_json::Value>(None);
            texts.extend(
                list.try_next()
                    .await
                    .map_err(|error| texts_of(&error))
                    .err(),
            );
        }
        for step in client.diagnose().await {
            texts.push(format!("{step:?}"));
        }
        texts.push(format!("{client:?}"));
        texts.push(LOGGED.text());
        search(&texts.join("\n"), secrets);
    }
}

fn search(texts: &str, secrets: &[&str]) {
    let texts = texts.to_lowercase();
    for secret in secrets {
        assert!(
            !texts.contains(&secret.to_lowercase()),
            "`{secret}` in {texts}"
        );
    }
    assert!(!texts.contains("the account's name"), "{texts}");
}

#[tokio::test]
async fn no_text_contains_a_token_or_a_part_of_it() {
    let token = token(r#"{"userId":"the scanner","iat":1}"#, 1_234_567_890_123);
    let parts: Vec<_> = token.split('.').collect();
    let secrets = [token.as_str(), parts[1], parts[2]];
    check(
        JwtCredentials::fixed(token.clone().into()).unwrap(),
        &secrets,
    )
    .await;
    check(
        JwtCredentials::from_provider(Repeated(token.clone())),
        &secrets,
    )
    .await;
}

#[tokio::test]
async fn no_text_contains_a_ticket() {
    let ticket = "t1cket+0f9b5e3a";
    let credentials = TicketCredentials::from_provider(Repeated(ticket.to_owned()));
    check(credentials, &[ticket, "t1cket%2b0f9b5e3a"]).await;
}

#[tokio::test]
async fn no_text_contains_a_given_session() {
    let session = "5e55-10n-0f9b5e3a";
    let credentials = SessionCredentials::new(&session.into()).unwrap();
    check(credentials, &[session]).await;
}

#[tokio::test]
async fn no_text_contains_a_private_key() {
    let issued = Authority::new().client();
    let (certificate, pem) = (issued.certificate.as_bytes(), issued.key.as_bytes());
    let identity = ClientIdentity::read(certificate, Some(pem), None).unwrap();
    let key = PrivateKey::read(pem, None).unwrap();
    let signer = JwtSigner::new(key.clone(), JwtAlgorithm::Es256, "scanner", "ACME").unwrap();
    let credentials = CertificateCredentials::new(identity.clone(), "ACME", "scanner").unwrap();
    let site = SiteUrl::parse("https://127.0.0.1:9").unwrap();
    let builder = QrsClient::builder(site, credentials.clone()).tries(1);
    let texts = format!("{identity:?} {key:?} {signer:?} {credentials:?} {builder:?}");
    let client = builder.build().unwrap();
    let error: Error = client.about().await.unwrap_err();
    let texts = format!(
        "{texts} {client:?} {:?} {}",
        client.diagnose().await,
        texts_of(&error)
    );
    let lines: Vec<_> = issued.key.lines().filter(|line| !line.is_empty()).collect();
    search(&texts, &lines);
    let halved = &issued.key[..issued.key.len() / 2];
    let error = ClientIdentity::read(certificate, Some(halved.as_bytes()), None).unwrap_err();
    search(&format!("{error:?}"), &lines[1..]);
}
