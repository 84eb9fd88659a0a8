//! Counts the sheets of a site by JSON web tokens, which it signs itself. The virtual proxy has the certificate of the key, and
//! expects the claims `userId` and `userDirectory`: `jwt https://qlik.example/jwt private_key.pem 'ACME\scanner'`

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::time::Duration;

use qrs_client::{Field, JwtAlgorithm, JwtCredentials, JwtSigner, PrivateKey, QrsClient, SiteUrl};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let [url, key, user] = arguments.as_slice() else {
        return Err("pass the site's URL, the file of the private key, and the user".into());
    };
    run(&client(url, &fs::read(key)?, user)?, &mut io::stdout()).await
}

/// A client whose tokens are valid for a minute. It signs the next one when it needs it.
fn client(url: &str, key: &[u8], user: &str) -> Result<QrsClient, Box<dyn Error>> {
    let (directory, user) = user
        .split_once('\\')
        .ok_or(r"the user is not in the form DIRECTORY\user")?;
    let key = PrivateKey::read(key, None)?;
    // A key on a curve signs with ES256, an RSA key with RS256.
    let signer = JwtSigner::new(key.clone(), JwtAlgorithm::Rs256, user, directory);
    let signer =
        signer.or_else(|_not_rsa| JwtSigner::new(key, JwtAlgorithm::Es256, user, directory))?;
    let credentials = JwtCredentials::from_provider(signer.lifetime(Duration::from_secs(60)));
    Ok(QrsClient::builder(SiteUrl::parse(url)?, credentials).build()?)
}

async fn run(client: &QrsClient, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let sheets_only = Field::OBJECT_TYPE.equals("sheet");
    let sheets = client.app_object_count(Some(&sheets_only)).await?;
    writeln!(out, "{sheets} sheets")?;
    Ok(())
}
