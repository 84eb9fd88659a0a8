//! Lists the sheets of a site, with each way of logging in: `log_in jwt https://qlik.example/jwt HOME`
//!
//! The way is `header`, `certificate`, `jwt`, `token`, `windows`, `ticket` or `session`. Keys and passwords are read from files in
//! `HOME/conf`. The example `fake_site` with `--login` starts a site for each of them, and writes these files.

use std::error::Error;
use std::fs;
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::path::Path;

use qrs_client::{
    AppObject, CertificateCredentials, ClientIdentity, Credentials, Field, HeaderCredentials,
    JwtAlgorithm, JwtCredentials, JwtSigner, PrivateKey, QrsClient, SecretString,
    SessionCredentials, SiteUrl, TicketCredentials, TokenProvider, Trust, TrustStore,
    WindowsCredentials, async_trait,
};

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [kind, url, home] = &arguments[..] else {
        return Err("pass the way to log in, the site's URL and the folder with `conf`".into());
    };
    let conf = Path::new(home).join("conf");
    let mut client = QrsClient::builder(SiteUrl::parse(url)?, credentials(kind, &conf)?);
    if kind == "certificate" {
        let root = TrustStore::detect(&fs::read(conf.join("root.pem"))?, None)?;
        client = client.trust(Trust::Only(root));
    }
    let client = client.build()?;
    let sheets_only = Field::OBJECT_TYPE.equals("sheet");
    let mut sheets = client.app_objects::<AppObject>(Some(&sheets_only));
    while let Some(sheet) = sheets.try_next().await? {
        match sheet {
            Ok(sheet) => writeln!(io::stdout(), "{}", sheet.name)?,
            Err(unreadable) => writeln!(io::stderr(), "{unreadable}")?,
        }
    }
    Ok(())
}

fn credentials(kind: &str, conf: &Path) -> Result<Credentials> {
    match kind {
        "header" => by_header(),
        "certificate" => by_certificate(conf),
        "jwt" => by_jwt(conf),
        "token" => by_token(conf),
        "windows" => by_windows(conf),
        "ticket" => by_ticket(conf),
        "session" => by_session(conf),
        _ => Err(format!("`{kind}` is not a way to log in").into()),
    }
}

fn by_header() -> Result<Credentials> {
    let value = SecretString::from(r"ACME\scanner");
    Ok(HeaderCredentials::new("X-Qlik-Header-Auth", value)?.into())
}

fn by_certificate(conf: &Path) -> Result<Credentials> {
    let certificate = fs::read(conf.join("client.pem"))?;
    let key = fs::read(conf.join("client_key.pem"))?;
    let identity = ClientIdentity::read(&certificate, Some(&key), None)?;
    Ok(CertificateCredentials::new(identity, "ACME", "scanner")?.into())
}

fn by_jwt(conf: &Path) -> Result<Credentials> {
    let key = PrivateKey::read(&fs::read(conf.join("jwt_key.pem"))?, None)?;
    let signer = JwtSigner::new(key, JwtAlgorithm::Es256, "scanner", "ACME")?;
    Ok(JwtCredentials::from_provider(signer).into())
}

fn by_token(conf: &Path) -> Result<Credentials> {
    let token = fs::read_to_string(conf.join("token"))?;
    Ok(JwtCredentials::fixed(token.into())?.into())
}

fn by_windows(conf: &Path) -> Result<Credentials> {
    let password = fs::read_to_string(conf.join("password"))?;
    Ok(WindowsCredentials::new("ACME", "scanner", password.into())?.into())
}

fn by_ticket(conf: &Path) -> Result<Credentials> {
    let address = fs::read_to_string(conf.join("ticket_office"))?;
    Ok(TicketCredentials::from_provider(TicketOffice { address }).into())
}

fn by_session(conf: &Path) -> Result<Credentials> {
    let cookie = fs::read_to_string(conf.join("session"))?;
    Ok(SessionCredentials::new(&cookie.into())?.into())
}

/// Fetches a ticket whenever the client opens a session.
#[derive(Debug)]
struct TicketOffice {
    address: String,
}

#[async_trait]
impl TokenProvider for TicketOffice {
    fn account(&self) -> &str {
        r"ACME\scanner"
    }

    async fn token(&self) -> Result<SecretString> {
        let mut ticket = String::new();
        TcpStream::connect(&self.address)?.read_to_string(&mut ticket)?;
        Ok(ticket.trim().into())
    }
}
