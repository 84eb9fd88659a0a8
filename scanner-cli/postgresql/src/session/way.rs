//! The way to a session: TCP, the proxy, TLS and the login.

use std::{
    io,
    time::{Duration, Instant},
};

use catalog_model::with_causes;
use outbound_http::{Connector, Endpoint, Error, Redactor, Seen, Step, Trust, Weakness, Wire};
use secrecy::ExposeSecret;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    time::timeout,
};
use tokio_postgres::{
    Config, NoTls,
    config::{SslMode, SslNegotiation},
};

use super::{
    Session, Task,
    stream::{HasTls, Stream},
};
use crate::{
    database_url::HostAddress,
    error::{OTHER_SERVER, Problem, login_failure},
    settings::{Encryption, SERVER, Target},
};

/// What happened on the way to a session, as far as it went.
pub struct Way {
    /// Name, TCP, the proxy and TLS.
    pub steps: Vec<Step>,
    /// Weaknesses of certificates that were accepted.
    pub weaknesses: Vec<Weakness>,
    /// How far it went.
    pub end: WayEnd,
}

/// Where a way ended.
pub enum WayEnd {
    /// The last step failed.
    Step,
    /// The server does not begin TLS.
    NoTls(Problem),
    /// The login, how long it took and how it ended.
    Login(Duration, Box<Result<Session, Problem>>),
}

/// The request for TLS on a connection of PostgreSQL.
const TLS_REQUEST: [u8; 8] = [0, 0, 0, 8, 4, 210, 22, 47];
/// What the database's administrator sees in `pg_stat_activity`.
const APPLICATION: &str = "scanner-cli";

impl Way {
    /// Goes as far as it can.
    ///
    /// # Errors
    /// If the settings cannot be used on this machine.
    pub async fn take(target: &Target) -> Result<Self, Problem> {
        match target.hosts.first() {
            Some(first) => Self::to(target, first).await,
            None => Err(together(target, Vec::new())),
        }
    }

    /// The way to one of the servers.
    ///
    /// # Errors
    /// If the settings cannot be used on this machine.
    pub async fn to(target: &Target, at: &HostAddress) -> Result<Self, Problem> {
        let connector = connector(target, at)?;
        let (mut steps, stream) = connector.connect().await;
        let end = match stream {
            Some(stream) => WayEnd::reached(target, &connector, (stream, at), &mut steps).await,
            None => WayEnd::Step,
        };
        Ok(Self {
            steps,
            weaknesses: connector.weaknesses(),
            end,
        })
    }
}

impl WayEnd {
    /// Goes on from a connection without TLS.
    async fn reached(
        target: &Target,
        connector: &Connector,
        (mut stream, at): (Box<dyn Wire>, &HostAddress),
        steps: &mut Vec<Step>,
    ) -> Self {
        let mut security = None;
        if target.encryption == Encryption::Tls {
            if let Err(problem) = request_tls(&mut stream, target.limits.connect).await {
                return Self::NoTls(problem);
            }
            let (secured, secure) = connector.secure(stream).await;
            security = Some(binding(&secured));
            steps.extend(secured);
            match secure {
                Some(secure) => stream = secure,
                None => return Self::Step,
            }
        }
        let begun = Instant::now();
        let login = login(target, at, stream, security).await;
        Self::Login(begun.elapsed(), Box::new(login))
    }
}

fn connector(target: &Target, at: &HostAddress) -> Result<Connector, Problem> {
    let endpoint = Endpoint {
        host: &at.host,
        port: at.port,
        name: SERVER,
    };
    // The system's certificates are not needed then.
    let trust = match target.encryption {
        Encryption::Tls => &target.trust,
        Encryption::Local | Encryption::Disabled => &Trust::AnyCertificate,
    };
    let limit = target.limits.connect;
    Connector::new(endpoint, trust, target.proxy.clone(), limit)
        .map_err(|error| unreachable(target, at, &error))
}

/// The problem of all servers together.
pub(super) fn together(target: &Target, problems: Vec<Problem>) -> Problem {
    let lines: Vec<_> = problems.iter().map(Problem::line).collect();
    match <[Problem; 1]>::try_from(problems) {
        Ok([problem]) => problem,
        Err(problems) => {
            let message = format!("no server of `{}` can be used", target.address());
            Problem {
                hint: problems.into_iter().find_map(|problem| problem.hint),
                ..Problem::new(message, lines.join("; "), None)
            }
        }
    }
}

pub(super) fn unreachable(target: &Target, at: &HostAddress, error: &Error) -> Problem {
    let address = match target.hosts.len() {
        1 => target.address(),
        _ => format!("{}:{}", at.host, at.port),
    };
    let message = format!("`{address}` cannot be reached");
    Problem {
        hint: error.hint().map(str::to_owned),
        ..Problem::new(message, with_causes(error), None)
    }
}

/// Asks the server to begin TLS.
async fn request_tls(stream: &mut Box<dyn Wire>, limit: Duration) -> Result<(), Problem> {
    let asked = async {
        stream.write_all(&TLS_REQUEST).await?;
        stream.flush().await?;
        stream.read_u8().await
    };
    let answer = match timeout(limit, asked).await {
        Ok(answer) => answer,
        Err(_) => Err(io::ErrorKind::TimedOut.into()),
    };
    match answer {
        Ok(b'S') => Ok(()),
        Ok(b'N') => Err(Problem::new(
            "the server does not offer TLS",
            "",
            Some(
                "let the database administrator set `ssl = on`; `tls.disabled = true` sends everything unencrypted",
            ),
        )),
        Ok(_) => Err(Problem::new(
            "the server does not speak PostgreSQL's protocol",
            "",
            Some(OTHER_SERVER),
        )),
        Err(error) => Err(Problem::new(
            "the server did not answer the request for TLS",
            error.to_string(),
            Some(OTHER_SERVER),
        )),
    }
}

/// What binds the login to the TLS connection.
fn binding(steps: &[Step]) -> Option<Vec<u8>> {
    match &steps.last()?.seen {
        Ok(Seen::Secure(handshake)) => handshake.certificates.first()?.channel_binding(),
        _ => None,
    }
}

/// Logs in. `binding` is set if the stream uses TLS.
async fn login(
    target: &Target,
    at: &HostAddress,
    stream: Box<dyn Wire>,
    binding: Option<Option<Vec<u8>>>,
) -> Result<Session, Problem> {
    let config = config(target, at, binding.is_some());
    let limit = target.limits.connect;
    let is_secure = binding.is_some();
    let stream = Stream {
        wire: stream,
        binding: binding.flatten(),
    };
    let opened = match is_secure {
        true => match timeout(limit, config.connect_raw(stream, HasTls)).await {
            Ok(opened) => opened.map(|(client, connection)| (client, Task::new(connection))),
            Err(_) => return Err(late(limit)),
        },
        false => match timeout(limit, config.connect_raw(stream, NoTls)).await {
            Ok(opened) => opened.map(|(client, connection)| (client, Task::new(connection))),
            Err(_) => return Err(late(limit)),
        },
    };
    let redactor = Redactor::new(target.password.clone());
    match opened {
        Ok((client, task)) => Ok(Session {
            client,
            task,
            limit: target.limits.first_byte,
            redactor,
            prepared: Default::default(),
        }),
        Err(error) => {
            let problem = login_failure(&error, &target.user, &target.database);
            Err(Problem {
                cause: redactor.redact_line(&problem.cause),
                ..problem
            })
        }
    }
}

fn config(target: &Target, at: &HostAddress, is_secure: bool) -> Config {
    let mut config = Config::new();
    config
        .host(&at.host)
        .user(&target.user)
        .dbname(&target.database)
        .application_name(APPLICATION);
    if let Some(password) = &target.password {
        config.password(password.expose_secret());
    }
    match is_secure {
        // The server has agreed to TLS already.
        true => config
            .ssl_mode(SslMode::Require)
            .ssl_negotiation(SslNegotiation::Direct),
        false => config.ssl_mode(SslMode::Disable),
    };
    config
}

fn late(limit: Duration) -> Problem {
    let seconds = limit.as_secs_f64();
    let message = format!("the server did not answer the login within {seconds} s");
    Problem::new(message, "", Some(OTHER_SERVER))
}
