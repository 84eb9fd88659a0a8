//! Leases: what only one scanner may do at a time, such as scanning a connection.
//!
//! A lease expires by the clock of the database. Each later holder has a greater token. A transaction that writes for a
//! holder checks the token and locks the row, so that a holder that was paused or cut off cannot write after another one has
//! taken over.

use std::{sync::Arc, time::Duration};

use postgresql_client::Target;
use tokio::{sync::Mutex, task::JoinHandle, time::sleep};

use crate::{
    connecting::Database,
    error::{DatabaseError, Operation, Result},
    runtime, schema,
};
use catalog_store::StoreError;

/// The leases of one scanner.
#[derive(Clone)]
pub struct Leases {
    target: Arc<Target>,
    holder: Arc<str>,
    duration: Duration,
}

/// A lease that this scanner holds, and renews until it is released or dropped.
#[derive(Debug)]
pub struct Lease {
    leases: Leases,
    name: String,
    token: i64,
    /// Renews it.
    renewal: JoinHandle<()>,
}

/// Why a lease cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Another scanner holds it.
    #[error("`{name}` is held by `{holder}`")]
    Held {
        /// What is leased.
        name: String,
        /// The scanner that holds it.
        holder: String,
    },
    /// The store cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A lease is renewed this many times before it expires.
const RENEWALS: u32 = 3;

/// Takes a lease that is free, has expired, or is held by the same holder.
const ACQUIRE: &str = "INSERT INTO lease AS known (name, holder, token, expires) \
     VALUES ($1, $2, 1, clock_timestamp() + make_interval(secs => $3)) \
     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, token = known.token + 1, expires = excluded.expires \
     WHERE known.expires <= clock_timestamp() OR known.holder = excluded.holder RETURNING token";

/// Renews a lease, if nobody else has taken it. Even if it has expired meanwhile.
const RENEW: &str = "UPDATE lease SET expires = clock_timestamp() + make_interval(secs => $3) \
     WHERE name = $1 AND token = $2";

/// Releases a lease, so that others need not wait. The row keeps the token.
const RELEASE: &str = "UPDATE lease SET expires = clock_timestamp() WHERE name = $1 AND token = $2";

/// Checks that a lease is still held, and keeps others from taking it until the end of the transaction.
const CHECK: &str =
    "SELECT 1 FROM lease WHERE name = $1 AND token = $2 AND expires > clock_timestamp() FOR SHARE";

impl std::fmt::Debug for Leases {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Leases({})", self.holder)
    }
}

impl Leases {
    /// The leases of the scanner `holder`, each for `duration`.
    pub(crate) fn new(target: Arc<Target>, holder: Arc<str>, duration: Duration) -> Self {
        Self {
            target,
            holder,
            duration,
        }
    }

    /// Takes a lease.
    ///
    /// # Errors
    /// If another scanner holds it, or the store cannot be written.
    pub fn acquire(&self, name: &str) -> std::result::Result<Lease, LeaseError> {
        let (this, owned) = (self.clone(), name.to_owned());
        let taken = runtime::wait(async move {
            let db = Database::open(&this.target).await?;
            schema::migrate(&db, &this.target).await?;
            let taken = this.take(&db, &owned).await;
            db.close().await;
            taken
        });
        let taken = taken.map_err(DatabaseError::from).flatten();
        match taken.map_err(|error| self.failed(error))? {
            Ok(lease) => Ok(lease),
            Err(holder) => Err(LeaseError::Held {
                name: name.to_owned(),
                holder,
            }),
        }
    }

    /// Takes a lease with a session. `Err` is the scanner that holds it.
    pub(crate) async fn take(
        &self,
        db: &Database,
        name: &str,
    ) -> Result<std::result::Result<Lease, String>> {
        let seconds = self.duration.as_secs_f64();
        loop {
            let taken = db
                .optional(ACQUIRE, &[&name, &&*self.holder, &seconds])
                .await?;
            if let Some(row) = taken {
                return Ok(Ok(Lease::new(self.clone(), name.to_owned(), row.get(0))?));
            }
            let sql = "SELECT holder FROM lease WHERE name = $1 AND expires > clock_timestamp()";
            // It may have expired between the two statements.
            if let Some(row) = db.optional(sql, &[&name]).await? {
                return Ok(Err(row.get(0)));
            }
        }
    }

    /// The address of the store, for messages.
    pub(crate) fn address(&self) -> String {
        self.target.address()
    }

    fn failed(&self, error: DatabaseError) -> StoreError {
        error.of_store(&self.target.address(), Operation::Write)
    }
}

impl Lease {
    fn new(leases: Leases, name: String, token: i64) -> Result<Self> {
        let renewal = runtime::spawn(renew(leases.clone(), name.clone(), token))?;
        Ok(Self {
            leases,
            name,
            token,
            renewal,
        })
    }

    /// The token: greater than that of all holders before.
    #[must_use]
    pub fn token(&self) -> i64 {
        self.token
    }

    /// Checks in a transaction that the lease is still held, and keeps it until the end of the transaction.
    pub(crate) async fn check(&self, db: &Database) -> Result<bool> {
        let held = db.optional(CHECK, &[&self.name, &self.token]).await?;
        Ok(held.is_some())
    }

    /// Releases the lease with a session.
    pub(crate) async fn release_with(&self, db: &Database) -> Result<()> {
        self.renewal.abort();
        db.run(RELEASE, &[&self.name, &self.token]).await.map(drop)
    }

    /// Releases the lease.
    ///
    /// # Errors
    /// If the store cannot be written. The lease then expires.
    pub fn release(self) -> std::result::Result<(), StoreError> {
        let leases = self.leases.clone();
        let released = runtime::wait(async move {
            let db = Database::open(&self.leases.target).await?;
            self.release_with(&db).await?;
            db.close().await;
            Ok(())
        });
        let released = released.map_err(DatabaseError::from).flatten();
        released.map_err(|error| leases.failed(error))
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

/// Renews a lease until somebody else has it.
async fn renew(leases: Leases, name: String, token: i64) {
    let session: Mutex<Option<Database>> = Mutex::new(None);
    let seconds = leases.duration.as_secs_f64();
    loop {
        sleep(leases.duration / RENEWALS).await;
        let mut session = session.lock().await;
        let renewed = async {
            let db = match session.take() {
                Some(db) => db,
                None => Database::open(&leases.target).await?,
            };
            let rows = db.run(RENEW, &[&name, &token, &seconds]).await?;
            Ok::<_, DatabaseError>((db, rows > 0))
        };
        match renewed.await {
            Ok((_, false)) => return,
            // Kept open: a server that is busy may take long to accept another one.
            Ok((db, true)) => *session = Some(db),
            Err(error) => {
                let error = error.of_store(&leases.target.address(), Operation::Write);
                tracing::warn!("the lease `{name}` cannot be renewed: {error}");
            }
        }
    }
}
