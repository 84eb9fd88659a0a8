//! Logs in with tickets.

use std::error::Error;
use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::path::Path;

use qrs_client::{QrsClient, SecretString, SiteUrl, TicketCredentials, TokenProvider, async_trait};

pub(crate) fn client(url: &str, conf: &Path) -> Result<QrsClient, Box<dyn Error + Send + Sync>> {
    let address = fs::read_to_string(conf.join("ticket_office"))?;
    let credentials = TicketCredentials::from_provider(TicketOffice { address });
    Ok(QrsClient::builder(SiteUrl::parse(url)?, credentials).build()?)
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

    async fn token(&self) -> Result<SecretString, Box<dyn Error + Send + Sync>> {
        let mut ticket = String::new();
        TcpStream::connect(&self.address)?.read_to_string(&mut ticket)?;
        Ok(ticket.trim().into())
    }
}
