//! The connection to a database: TCP, TLS, login, and statements with a time limit.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use futures_util::{StreamExt as _, stream::FuturesUnordered};
use outbound_http::{Redactor, Step};
use tokio::{
    task::JoinHandle,
    time::{error::Elapsed, timeout},
};
use tokio_postgres::{Client, Row, Statement, types::ToSql};

mod stream;
mod transaction;
mod way;

pub use way::{Way, WayEnd};

use crate::{
    database_url::{HostAddress, WantedServer},
    error::{Failure, Problem},
    settings::Target,
    values::Values,
};

use way::{together, unreachable};

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

/// How long a session that is no longer needed may take to say so.
const GOODBYE: Duration = Duration::from_secs(1);

/// How long a server is tried before the next one is tried as well. The machine of a server that has lost power does not answer
/// at all.
const HEAD_START: Duration = Duration::from_millis(500);

impl Session {
    /// Connects and logs in. Of several servers, the one that was used last is tried first, then the others in their order. A
    /// server that does not answer is not waited for: the next one is tried beside it.
    ///
    /// # Errors
    /// If no server can be used: it cannot be reached, refuses the login, or is not a wanted one.
    pub async fn open(target: &Target) -> Result<Self, Problem> {
        let open_at =
            async |index: usize| (index, Self::open_at(target, &target.hosts[index]).await);
        let mut next = target.in_order();
        let mut trying: FuturesUnordered<_> = next.next().map(open_at).into_iter().collect();
        let mut problems = BTreeMap::new();
        loop {
            let limit = match next.len() {
                1.. if target.tries_several_at_once() => HEAD_START,
                _ => Duration::MAX,
            };
            let Ok(ended) = timeout(limit, trying.next()).await else {
                let next = next.next();
                // The caller may have less time than it takes to log in there. Its next attempt begins with this server.
                next.into_iter().for_each(|index| target.used(index));
                trying.extend(next.map(open_at));
                continue;
            };
            match ended {
                Some((index, Ok(session))) => {
                    target.used(index);
                    return Ok(session);
                }
                Some((index, Err(problem))) => {
                    problems.insert(index, problem);
                    trying.extend(next.next().map(open_at));
                }
                None => return Err(together(target, problems.into_values().collect())),
            }
        }
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

    async fn statement(&self, sql: &str) -> Result<Statement, Failure> {
        self.ended(timeout(self.limit, self.prepare(sql)).await)
    }

    /// The statement, which the server prepares once in a session. Has no time limit.
    ///
    /// # Errors
    /// If the server refuses the statement, or cannot be reached.
    pub async fn prepare(&self, sql: &str) -> Result<Statement, tokio_postgres::Error> {
        if let Some(known) = self.prepared().get(sql) {
            return Ok(known.clone());
        }
        let statement = self.client.prepare(sql).await?;
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
