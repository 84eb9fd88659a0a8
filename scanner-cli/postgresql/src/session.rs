//! The connection to a database: TCP, TLS, login, and statements with a time limit.

use std::{
    collections::HashMap,
    io,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use catalog_model::with_causes;
use outbound_http::{Connector, Endpoint, Error, Redactor, Seen, Step, Trust, Weakness, Wire};
use secrecy::ExposeSecret;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinHandle,
    time::{error::Elapsed, timeout},
};
use tokio_postgres::{
    Client, Config, NoTls, Row, Statement,
    config::{SslMode, SslNegotiation},
    types::ToSql,
};

mod stream;
mod transaction;

use crate::{
    error::{Failure, OTHER_SERVER, Problem, login_failure},
    settings::{Encryption, HostAddress, SERVER, Target, WantedServer},
    values::Values,
};

use stream::{HasTls, Stream};

/// A connection after the login.
pub struct Session {
    client: Client,
    /// Sends and receives for the client.
    task: Task,
    limit: Duration,
    redactor: Redactor,
    prepared: Mutex<HashMap<String, Statement>>,
}

/// A task that ends with its session, so that a server that hangs leaves nothing behind.
struct Task(JoinHandle<()>);

impl Task {
    fn new(
        connection: impl Future<Output = Result<(), tokio_postgres::Error>> + Send + 'static,
    ) -> Self {
        Self(tokio::spawn(async { drop(connection.await) }))
    }
}

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

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
/// How long a session that is no longer needed may take to say so.
const GOODBYE: Duration = Duration::from_secs(1);

impl Session {
    /// Connects and logs in.
    ///
    /// # Errors
    /// If the server cannot be reached or refuses the login.
    pub async fn open(target: &Target) -> Result<Self, Problem> {
        let mut problems = Vec::new();
        for at in &target.hosts {
            match Self::open_at(target, at).await {
                Ok(session) => return Ok(session),
                Err(problem) => problems.push(problem),
            }
        }
        Err(together(target, problems))
    }

    /// Connects to one of the servers, if it is a wanted one. If there is only one, there is no choice.
    async fn open_at(target: &Target, at: &HostAddress) -> Result<Self, Problem> {
        let session = Self::log_in_at(target, at).await?;
        if target.hosts.len() == 1
            || target.wanted == WantedServer::Any
            || session.can_write().await?
        {
            return Ok(session);
        }
        session.close().await;
        let message = format!(
            "`{}:{}` cannot be written: it is a standby, or read-only",
            at.host, at.port
        );
        let hint = "check which server is the primary one, and name all of them in `url`";
        Err(Problem::new(message, "", Some(hint)))
    }

    /// Whether the server accepts writes.
    async fn can_write(&self) -> Result<bool, Problem> {
        let sql = "SELECT NOT pg_is_in_recovery() AND current_setting('default_transaction_read_only') = 'off'";
        match self.query_one(sql, &[]).await {
            Ok(row) => Ok(row.get(0)),
            Err(Failure::Database(problem)) => Err(problem),
            Err(Failure::Data(text)) => {
                Err(Problem::new("the database refuses a statement", text, None))
            }
            Err(Failure::Feed(error)) => Err(Problem::new(error.to_string(), "", None)),
        }
    }

    async fn log_in_at(target: &Target, at: &HostAddress) -> Result<Self, Problem> {
        let way = Way::to(target, at).await?;
        match (way.end, way.steps.into_iter().last()) {
            (WayEnd::Login(_, session), _) => *session,
            (WayEnd::NoTls(problem), _) => Err(problem),
            (
                WayEnd::Step,
                Some(Step {
                    seen: Err(error), ..
                }),
            ) => Err(unreachable(target, at, &error)),
            (WayEnd::Step, _) => Err(Problem::new("the database cannot be reached", "", None)),
        }
    }

    /// What a statement returned, if it ended within the time limit.
    fn ended<T>(
        &self,
        outcome: Result<Result<T, tokio_postgres::Error>, Elapsed>,
    ) -> Result<T, Failure> {
        match outcome {
            Ok(Ok(done)) => Ok(done),
            Ok(Err(error)) => Err(self.redacted(error.into())),
            Err(_) => {
                let seconds = self.limit.as_secs_f64();
                let message = format!("the database did not answer within {seconds} s");
                Err(Problem::new(message, "", None).into())
            }
        }
    }

    /// The driver, for what the other methods do not offer. Its statements have no time limit.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// Removes the password from a text of the server.
    #[must_use]
    pub fn redact(&self, text: &str) -> String {
        self.redactor.redact_line(text)
    }

    /// Runs statements without parameters.
    ///
    /// # Errors
    /// If one fails or takes too long.
    pub async fn batch(&self, sql: &str) -> Result<(), Failure> {
        self.ended(timeout(self.limit, self.client.batch_execute(sql)).await)
    }

    /// Runs a statement, and returns the number of its rows.
    ///
    /// # Errors
    /// If it fails or takes too long.
    pub async fn execute(&self, sql: &str, values: Values<'_>) -> Result<u64, Failure> {
        let statement = self.statement(sql).await?;
        let values = parameters(values);
        self.ended(timeout(self.limit, self.client.execute(&statement, &values)).await)
    }

    /// Runs a statement, and returns its rows.
    ///
    /// # Errors
    /// If it fails or takes too long.
    pub async fn query(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, Failure> {
        let statement = self.statement(sql).await?;
        let values = parameters(values);
        self.ended(timeout(self.limit, self.client.query(&statement, &values)).await)
    }

    /// The one row of a statement that always returns one.
    ///
    /// # Errors
    /// If it fails, takes too long or returns none.
    pub async fn query_one(&self, sql: &str, values: Values<'_>) -> Result<Row, Failure> {
        let rows = self.query(sql, values).await?;
        let none = || Problem::new("the database returned no row", "", None).into();
        rows.into_iter().next().ok_or_else(none)
    }

    /// The statement, which the server prepares once in a session.
    async fn statement(&self, sql: &str) -> Result<Statement, Failure> {
        if let Some(known) = self.prepared().get(sql) {
            return Ok(known.clone());
        }
        let statement = self.ended(timeout(self.limit, self.client.prepare(sql)).await)?;
        self.prepared().insert(sql.to_owned(), statement.clone());
        Ok(statement)
    }

    fn prepared(&self) -> MutexGuard<'_, HashMap<String, Statement>> {
        self.prepared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Maximum time of a statement.
    #[must_use]
    pub fn limit(&self) -> Duration {
        self.limit
    }

    /// Ends the session.
    pub async fn close(self) {
        let Self {
            client,
            mut task,
            prepared,
            ..
        } = self;
        // Statements hold the connection.
        drop(prepared);
        drop(client);
        let _ = timeout(GOODBYE, &mut task.0).await;
    }

    fn redacted(&self, failure: Failure) -> Failure {
        let clean = |text: String| self.redactor.redact_line(&text);
        match failure {
            Failure::Data(text) => Failure::Data(clean(text)),
            Failure::Database(problem) => Failure::Database(Problem {
                cause: clean(problem.cause),
                ..problem
            }),
            failure @ Failure::Feed(_) => failure,
        }
    }
}

fn parameters<'a>(values: Values<'a>) -> Vec<&'a (dyn ToSql + Sync)> {
    values.iter().map(|value| value.parameter()).collect()
}

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
fn together(target: &Target, problems: Vec<Problem>) -> Problem {
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

fn unreachable(target: &Target, at: &HostAddress, error: &Error) -> Problem {
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
            prepared: Mutex::default(),
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
