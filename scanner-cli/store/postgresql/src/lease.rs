//! Leases: what only one scanner may do at a time, such as scanning a connection.
//!
//! A lease expires by the clock of the database. Each later holder has a greater token. A transaction that writes for a
//! holder checks the token and locks the row, so that a holder that was paused or cut off cannot write after another one has
//! taken over. The lock keeps the lease from being renewed, so a long transaction checks at its end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use postgresql_client::Target;
use tokio::{
    sync::watch,
    task::JoinHandle,
    time::{sleep, timeout},
};

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
    /// Becomes true when it is lost.
    lost: watch::Receiver<bool>,
}

/// What a transaction checks, to write only while a lease is held.
#[derive(Clone, Debug)]
pub(crate) struct Fence {
    name: String,
    token: i64,
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

    /// Names this scanner among the holders.
    pub(crate) fn holder(&self) -> Arc<str> {
        Arc::clone(&self.holder)
    }

    /// How long a lease lasts.
    pub(crate) fn duration(&self) -> Duration {
        self.duration
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
        let (lose, lost) = watch::channel(false);
        let renewal = runtime::spawn(renew(leases.clone(), name.clone(), token, lose))?;
        Ok(Self {
            leases,
            name,
            token,
            renewal,
            lost,
        })
    }

    /// The token: greater than that of all holders before.
    #[must_use]
    pub fn token(&self) -> i64 {
        self.token
    }

    /// Becomes true when the lease is lost.
    pub(crate) fn lost(&self) -> watch::Receiver<bool> {
        self.lost.clone()
    }

    /// What transactions check.
    pub(crate) fn fence(&self) -> Fence {
        Fence {
            name: self.name.clone(),
            token: self.token,
        }
    }

    /// Checks in a transaction that the lease is still held, and keeps it until the end of the transaction.
    pub(crate) async fn check(&self, db: &Database) -> Result<bool> {
        self.fence().is_held(db).await
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

impl Fence {
    async fn is_held(&self, db: &Database) -> Result<bool> {
        let held = db.optional(CHECK, &[&self.name, &self.token]).await?;
        Ok(held.is_some())
    }

    /// Fails in a transaction if the lease is no longer held, and keeps it until the end of the transaction.
    pub(crate) async fn check(&self, db: &Database) -> Result<()> {
        match self.is_held(db).await? {
            true => Ok(()),
            false => Err(DatabaseError::LeaseLost),
        }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        self.renewal.abort();
    }
}

/// Renews a lease until somebody else has it, or it could not be renewed for as long as it lasts.
async fn renew(leases: Leases, name: String, token: i64, lose: watch::Sender<bool>) {
    let mut session: Option<Database> = None;
    let mut renewed = Instant::now();
    loop {
        sleep(leases.duration / RENEWALS).await;
        let begun = Instant::now();
        let limit = leases.duration / RENEWALS;
        match timeout(limit, renew_once(&leases, &name, token, session.take())).await {
            // Kept open: a server that is busy may take long to accept another one.
            Ok(Ok(Some(db))) => {
                session = Some(db);
                renewed = begun;
            }
            Ok(Ok(None)) => {
                lose.send_replace(true);
                return;
            }
            Ok(Err(error)) => {
                let error = error.of_store(&leases.target.address(), Operation::Write);
                tracing::warn!("the lease `{name}` cannot be renewed: {error}");
            }
            Err(_) => {
                tracing::warn!("the lease `{name}` cannot be renewed: the database does not answer")
            }
        }
        if renewed.elapsed() >= leases.duration {
            lose.send_replace(true);
        }
    }
}

/// Renews a lease, if nobody else has taken it. Returns the session.
async fn renew_once(
    leases: &Leases,
    name: &str,
    token: i64,
    session: Option<Database>,
) -> Result<Option<Database>> {
    let db = match session {
        Some(db) => db,
        None => Database::open(&leases.target).await?,
    };
    let seconds = leases.duration.as_secs_f64();
    let rows = db.run(RENEW, &[&name, &token, &seconds]).await?;
    Ok((rows > 0).then_some(db))
}
