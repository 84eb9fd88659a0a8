//! The client of an example: its site from the command line, the value of the header from standard input.

use std::error::Error;
use std::io;

use qrs_client::{HeaderCredentials, QrsClient, QrsClientBuilder, SecretString, SiteUrl};

/// Begins the client, and returns the arguments after the site's URL and the header's name.
pub(crate) fn client() -> Result<(QrsClientBuilder, Vec<String>), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(header)) = (arguments.next(), arguments.next()) else {
        let text =
            "pass the site's URL and the header's name; the value is read from standard input";
        return Err(text.into());
    };
    let mut value = String::new();
    io::stdin().read_line(&mut value)?;
    let value = SecretString::from(value.trim_end_matches(['\r', '\n']));
    let credentials = HeaderCredentials::new(&header, value)?;
    let client = QrsClient::builder(SiteUrl::parse(&url)?, credentials);
    Ok((client, arguments.collect()))
}
