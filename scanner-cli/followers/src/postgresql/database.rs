//! The database of a delivery. In a dry run, it is only read, and the statements that write are recorded.

use catalog_model::follower::{Plan, Start};
use tokio_postgres::Row;

use postgresql_client::{Failure, Problem, Session, Target, Values, with_values};

use super::recording::Recording;

/// A database, or what a dry run knows of it.
pub(super) struct Database {
    /// Not set in a dry run that cannot connect.
    session: Option<Session>,
    /// Set in a dry run.
    pub(super) recording: Option<Recording>,
    pub(super) schema: String,
    pub(super) tables: Tables,
}

/// What is known of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tables {
    /// They can be read.
    Readable,
    /// A delivery would create them.
    Missing,
    /// They cannot be read.
    Unknown,
}

impl Database {
    /// Connects.
    pub(super) async fn open(target: &Target) -> Result<Self, Problem> {
        Ok(Self {
            session: Some(Session::open(target).await?),
            recording: None,
            schema: target.schema.clone(),
            tables: Tables::Readable,
        })
    }

    /// Connects for a dry run. If the database cannot be reached, the plan begins with a note.
    pub(super) async fn open_to_read(
        target: &Target,
        start: Start,
        plan: &Plan,
    ) -> Result<Self, Failure> {
        let recording = Recording::new(plan.clone(), &target.schema);
        let session = match Session::open(target).await {
            Ok(session) => Some(session),
            Err(problem) if problem.is_final => return Err(problem.into()),
            Err(problem) => {
                let content = match start {
                    Start::Reset => "is empty",
                    Start::After(_) => "contains what was delivered",
                };
                let line = problem.line();
                recording.set_note(&format!(
                    "{line}\nThis assumes that the database {content}."
                ));
                None
            }
        };
        let tables = match (&session, start) {
            (Some(_), _) => Tables::Readable,
            (None, Start::Reset) => Tables::Missing,
            (None, Start::After(_)) => Tables::Unknown,
        };
        Ok(Self {
            session,
            recording: Some(recording),
            schema: target.schema.clone(),
            tables,
        })
    }

    pub(super) fn session(&self) -> Result<&Session, Failure> {
        let missing = || Problem::new("the database was not reached", "", None).into();
        self.session.as_ref().ok_or_else(missing)
    }

    /// Whether nothing is written.
    pub(super) fn is_dry_run(&self) -> bool {
        self.recording.is_some()
    }

    /// Begins a transaction in the schema.
    pub(super) async fn begin(&self) -> Result<(), Failure> {
        match &self.session {
            // Not a setting of the session, which a connection pool would keep.
            Some(session) if self.is_dry_run() => session.begin_to_read(&self.schema).await,
            Some(session) => session.begin(&self.schema).await,
            None => Ok(()),
        }
    }

    /// Ends the transaction.
    pub(super) async fn commit(&self) -> Result<(), Failure> {
        if let Some(session) = &self.session {
            session.commit().await?;
        }
        // After the end of the transaction, since a reader of the plan may be slow.
        if let Some(recording) = &self.recording {
            recording.commit();
        }
        Ok(())
    }

    /// Undoes the transaction.
    pub(super) async fn roll_back(&self) -> Result<(), Failure> {
        if let Some(recording) = &self.recording {
            recording.roll_back();
        }
        match &self.session {
            Some(session) => session.roll_back().await,
            None => Ok(()),
        }
    }

    /// Runs a statement that reads.
    pub(super) async fn query(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, Failure> {
        self.session()?.query(sql, values).await
    }

    /// The one row of a statement that always returns one.
    pub(super) async fn query_one(&self, sql: &str, values: Values<'_>) -> Result<Row, Failure> {
        self.session()?.query_one(sql, values).await
    }

    /// The number that a statement returns.
    pub(super) async fn count(&self, sql: &str, values: Values<'_>) -> Result<u64, Failure> {
        let count: i64 = self.query_one(sql, values).await?.get(0);
        Ok(count.unsigned_abs())
    }

    /// Runs a statement that writes a number of rows to a table, or records it.
    pub(super) async fn write(
        &self,
        (table, rows): (&str, usize),
        sql: &str,
        values: Values<'_>,
    ) -> Result<(), Failure> {
        match &self.recording {
            None => self.session()?.execute(sql, values).await.map(drop),
            Some(recording) => {
                recording.add(table, &with_values(sql, values), rows as u64);
                Ok(())
            }
        }
    }

    /// Runs a statement that returns how many rows it has written to a table. In a dry run, it is recorded with the number
    /// that `count` returns, unless it would write nothing.
    pub(super) async fn write_counted(
        &self,
        table: &str,
        (sql, values): (&str, Values<'_>),
        count: impl Future<Output = Result<u64, Failure>>,
    ) -> Result<u64, Failure> {
        let Some(recording) = &self.recording else {
            return self.count(sql, values).await;
        };
        let rows = count.await?;
        if rows > 0 {
            recording.add(table, &with_values(sql, values), rows);
        }
        Ok(rows)
    }

    /// Ends the session and the plan.
    pub(super) async fn close(self) {
        if let Some(recording) = &self.recording {
            recording.finish();
        }
        if let Some(session) = self.session {
            session.close().await;
        }
    }
}
