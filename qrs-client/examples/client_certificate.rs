//! Counts the sheets of a site by a client certificate, at the port of the repository. The certificates are the QMC's export in
//! PEM; the password of the key, if it has one, is read from standard input:
//! `client_certificate https://qlik.example:4242 client.pem client_key.pem root.pem 'INTERNAL\sa_repository' </dev/null`

use std::error::Error;
use std::fs;
use std::io::{self, Write};

use qrs_client::{
    CertificateCredentials, ClientIdentity, Field, QrsClient, SecretString, SiteUrl, Trust,
    TrustStore,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [url, certificate, key, root, user] = arguments.as_slice() else {
        let text = "pass the site's URL, the files of the certificate, its key and the site's \
                    root certificate, and the user";
        return Err(text.into());
    };
    let mut password = String::new();
    io::stdin().read_line(&mut password)?;
    let password = password.trim_end_matches(['\r', '\n']);
    let password = (!password.is_empty()).then(|| SecretString::from(password));
    let files = [fs::read(certificate)?, fs::read(key)?, fs::read(root)?];
    let client = client(url, &files, password.as_ref(), user)?;
    run(&client, &mut io::stdout()).await
}

/// A client that logs in with the certificate and the key, and trusts the root alone.
fn client(
    url: &str,
    [certificate, key, root]: &[Vec<u8>; 3],
    password: Option<&SecretString>,
    user: &str,
) -> Result<QrsClient, Box<dyn Error>> {
    let (directory, user) = user
        .split_once('\\')
        .ok_or(r"the user is not in the form DIRECTORY\user")?;
    let identity = ClientIdentity::read(certificate, Some(key), password)?;
    let credentials = CertificateCredentials::new(identity, directory, user)?;
    let trust = Trust::Only(TrustStore::detect(root, None)?);
    let builder = QrsClient::builder(SiteUrl::parse(url)?, credentials);
    Ok(builder.trust(trust).build()?)
}

async fn run(client: &QrsClient, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let sheets_only = Field::OBJECT_TYPE.equals("sheet");
    let sheets = client.app_object_count(Some(&sheets_only)).await?;
    writeln!(out, "{sheets} sheets")?;
    Ok(())
}
