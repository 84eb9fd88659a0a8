//! Sessions of the store: their settings on the server, and statements with a time limit.

use std::{future::pending, ops::Deref, sync::OnceLock, time::Duration};

use futures_util::TryStreamExt as _;
use postgresql_client::{Session, Target, quoted, text_literal};
use tokio::{sync::watch, time::timeout};
use tokio_postgres::{Client, Row, Statement, types::ToSql};

use crate::error::{DatabaseError, Result};

/// Maximum duration of a statement. The largest one moves the items of a first scan.
const STATEMENT_LIMIT: Duration = Duration::from_secs(1_800);
/// How long a transaction that reads may be idle before the server ends it. A feed waits for its catalog.
const IDLE_LIMIT: Duration = Duration::from_secs(1_800);
/// How long a transaction that writes may be idle before the server ends it. Others wait for its locks, also if the process was
/// paused or its machine has lost power.
const WRITE_IDLE_LIMIT: Duration = Duration::from_secs(30);
/// The server tests idle connections, so that it notices a machine that is gone: after 30 seconds, then every 10 seconds. It ends
/// those that do not answer three tests, or a packet for a minute.
const KEEP_ALIVE: &str = "SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3; \
     SET tcp_user_timeout = 60000";
/// Memory for temporary tables, and for each sort or join, before they are written to files of the server.
const TEMPORARY_MEMORY: &str = "64MB";

/// A session in the schema of the store.
pub(crate) struct Database {
    session: Session,
    /// Becomes true when the lease is lost for which the session works.
    lost: OnceLock<watch::Receiver<bool>>,
    /// Whether the server prepares each statement once in the session. See [`Self::keep_statements`].
    keeps_statements: bool,
}

/// The values of a statement.
pub(crate) type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

impl Deref for Database {
    type Target = Client;

    fn deref(&self) -> &Client {
        self.session.client()
    }
}

impl Database {
    /// Connects and logs in.
    pub(crate) async fn open(target: &Target) -> Result<Self> {
        let session = Session::open(target).await?;
        let database = Self {
            session,
            lost: OnceLock::new(),
            keeps_statements: false,
        };
        database
            .batch(&format!(
                "SET search_path = {}, pg_catalog; SET statement_timeout = {}; \
                 SET idle_in_transaction_session_timeout = {}; SET temp_buffers = '{TEMPORARY_MEMORY}'; SET work_mem = '{TEMPORARY_MEMORY}'; \
                 SET client_min_messages = warning; SET jit = off; SET application_name = {}; {KEEP_ALIVE}",
                quoted(&target.schema),
                STATEMENT_LIMIT.as_millis(),
                IDLE_LIMIT.as_millis(),
                // What the database's administrator sees in `pg_stat_activity`.
                text_literal(&format!("scanner-cli ({})", target.schema)),
            ))
            .await?;
        Ok(database)
    }

    /// From now on, the server prepares each statement once, and may keep its plan. This saves a round trip each time. Not for
    /// scans: plans would be kept while the tables grow.
    pub(crate) fn keep_statements(&mut self) {
        self.keeps_statements = true;
    }

    async fn statement(&self, sql: &str) -> std::result::Result<Statement, tokio_postgres::Error> {
        match self.keeps_statements {
            true => self.session.prepare(sql).await,
            false => self.session.client().prepare(sql).await,
        }
    }

    /// Begins a transaction that writes.
    pub(crate) async fn begin(&self) -> Result<()> {
        let limit = WRITE_IDLE_LIMIT.as_millis();
        let limit = format!("SET LOCAL idle_in_transaction_session_timeout = {limit}");
        self.batch(&format!("BEGIN; {limit}")).await
    }

    /// Begins a transaction whose statements, and whose pauses between them, end after a time.
    pub(crate) async fn begin_within(&self, limit: Duration) -> Result<()> {
        let limit = limit.as_millis();
        let names = [
            "idle_in_transaction_session_timeout",
            "lock_timeout",
            "statement_timeout",
        ];
        let limits = names.map(|name| format!("; SET LOCAL {name} = {limit}"));
        self.batch(&format!("BEGIN{}", limits.concat())).await
    }

    /// Runs statements without parameters.
    pub(crate) async fn batch(&self, sql: &str) -> Result<()> {
        self.limited(self.session.client().batch_execute(sql)).await
    }

    /// Runs a statement, and returns the number of its rows.
    pub(crate) async fn run(&self, sql: &str, values: Values<'_>) -> Result<u64> {
        let ended = async { self.execute(&self.statement(sql).await?, values).await };
        self.limited(ended).await
    }

    /// Runs a statement, and returns its rows.
    pub(crate) async fn rows(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>> {
        let ended = async { self.query(&self.statement(sql).await?, values).await };
        self.limited(ended).await
    }

    /// Runs a statement that may return very many rows, and keeps only what is made of each.
    pub(crate) async fn map_rows<T>(
        &self,
        sql: &str,
        values: Values<'_>,
        map: impl Fn(&Row) -> T,
    ) -> Result<Vec<T>> {
        let read = async {
            let statement = self.statement(sql).await?;
            let rows = self.query_raw(&statement, values.iter().copied()).await?;
            rows.map_ok(|row| map(&row)).try_collect().await
        };
        self.limited(read).await
    }

    /// Runs a statement that returns one row.
    pub(crate) async fn row(&self, sql: &str, values: Values<'_>) -> Result<Row> {
        let ended = async { self.query_one(&self.statement(sql).await?, values).await };
        self.limited(ended).await
    }

    /// Runs a statement that returns at most one row.
    pub(crate) async fn optional(&self, sql: &str, values: Values<'_>) -> Result<Option<Row>> {
        let ended = async { self.query_opt(&self.statement(sql).await?, values).await };
        self.limited(ended).await
    }

    /// From now on, statements end with an error when the lease is lost. Otherwise, they would wait for a server that
    /// cannot be reached, while another scanner goes on.
    pub(crate) fn work_for(&self, lost: watch::Receiver<bool>) {
        // A session works for one lease.
        let _ = self.lost.set(lost);
    }

    /// Waits for the end of a statement. The server's own limit is not enough if the connection hangs.
    pub(crate) async fn limited<T>(
        &self,
        statement: impl Future<Output = std::result::Result<T, tokio_postgres::Error>>,
    ) -> Result<T> {
        tokio::select! {
            ended = timeout(STATEMENT_LIMIT + Duration::from_secs(5), statement) => match ended {
                Ok(ended) => ended.map_err(DatabaseError::from),
                Err(_) => Err(DatabaseError::Late),
            },
            () = self.is_lost() => Err(DatabaseError::LeaseLost),
        }
    }

    /// Waits until the lease is lost.
    async fn is_lost(&self) {
        if let Some(mut lost) = self.lost.get().cloned()
            && lost.wait_for(|lost| *lost).await.is_ok()
        {
            return;
        }
        pending().await
    }

    /// Ends the session.
    pub(crate) async fn close(self) {
        self.session.close().await;
    }
}
