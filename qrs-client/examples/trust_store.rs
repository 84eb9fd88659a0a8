//! Trusts the authorities of a PKCS12, JKS or PEM file only, and prints the site's version. The password is the third argument:
//! `echo 'ACME\scanner' | trust_store https://qlik.example/scanner X-Scanner-User trust.p12 changeit`

#[path = "shared/arguments.rs"]
mod arguments;

use std::error::Error;
use std::fs;
use std::io::{self, Write};

use qrs_client::{QrsClientBuilder, SecretString, Trust, TrustStore};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (client, rest) = arguments::client()?;
    let [file, password] = rest.as_slice() else {
        return Err("pass the trust store's file and its password".into());
    };
    let password = SecretString::from(password.as_str());
    run(client, &fs::read(file)?, &password, &mut io::stdout()).await
}

async fn run(
    client: QrsClientBuilder,
    file: &[u8],
    password: &SecretString,
    out: &mut impl Write,
) -> Result<(), Box<dyn Error>> {
    let store = TrustStore::detect(file, Some(password))?;
    for warning in store.warnings() {
        writeln!(out, "warning: {warning}")?;
    }
    let client = client.trust(Trust::Only(store)).build()?;
    writeln!(out, "version {}", client.about().await?.build_version)?;
    for weakness in client.weaknesses() {
        writeln!(out, "weak: {weakness}")?;
    }
    Ok(())
}
