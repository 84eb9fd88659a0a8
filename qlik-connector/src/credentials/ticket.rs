//! Tickets that a program of the customer fetches: a ticket is valid once and for a minute.

use std::{error::Error as StdError, fmt, sync::Arc};

use async_trait::async_trait;
use catalog_model::{
    Settings,
    settings::{CommandRunner, Named},
};
use qrs_client::{TicketCredentials, TokenProvider};
use secrecy::SecretString;

pub(super) const BLOCK: &str = "connection.auth.ticket";
const COMMAND: &str = "connection.auth.ticket.command";

/// Fetches tickets with a program.
struct TicketCommand {
    command: Vec<String>,
    /// What identifies the account: the program and its arguments.
    account: String,
    runner: Arc<dyn CommandRunner>,
}

pub(super) fn read(settings: &mut Settings) -> Option<TicketCredentials> {
    const EXAMPLE: &str = r#"write the program and its arguments like `["/opt/qlik/fetch-ticket", "--user", "scanner"]`"#;
    let command = settings.texts(COMMAND).map(|command| command.value);
    let Some(command) = command.filter(|command| !command.is_empty()) else {
        let message = format!("`{COMMAND}` is mandatory and missing");
        settings.refuse(COMMAND, message, EXAMPLE.to_owned());
        return None;
    };
    let Some(runner) = settings.commands() else {
        let message = format!("`{COMMAND}`: commands cannot be run here");
        let hint =
            "`config.restrict` in `conf/application.conf` forbids programs in connection files";
        settings.refuse(COMMAND, message, hint.to_owned());
        return None;
    };
    settings.warn_of_exposure(COMMAND, Named::Command(&command));
    Some(TicketCredentials::from_provider(TicketCommand {
        account: command.join("\0"),
        command,
        runner,
    }))
}

#[async_trait]
impl TokenProvider for TicketCommand {
    fn account(&self) -> &str {
        &self.account
    }

    async fn token(&self) -> Result<SecretString, Box<dyn StdError + Send + Sync>> {
        let ticket = self.runner.first_line(&self.command).await;
        ticket.map_err(|error| {
            format!("the command of `{COMMAND}` supplied no ticket: {error}").into()
        })
    }
}

/// The program, without its arguments, which may be secret.
impl fmt::Debug for TicketCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TicketCommand")
            .field("program", &self.command.first())
            .finish_non_exhaustive()
    }
}
