//! A store in PostgreSQL.

use std::{
    hash::{BuildHasher, RandomState},
    process,
    sync::{Arc, atomic::AtomicBool},
    time::Duration,
};

use catalog_model::Stage;
use catalog_store::{
    ConnectionContents, StoreError, StoreLimits,
    backend::{Access, BrowseStore, CatalogReader, FollowerTables, ScanWriter, StoreServer},
    browse::BrowseSettings,
    copying::{CopySource, CopyTarget},
    fleet::{Duties, Fleet, ScannerReport},
};
use postgresql_client::Target;

use crate::{
    browse::PostgresqlBrowse,
    check,
    connecting::Database,
    copying::PostgresqlCopy,
    error::{Operation, Result},
    followers::Followers,
    forget,
    group::{self, Group},
    lease::Leases,
    reader::Reader,
    runtime,
    schema::{self, is_there},
    writer::{Writer, hold},
};

/// A store in PostgreSQL, and the scanner that uses it.
pub struct PostgresqlStore {
    target: Arc<Target>,
    address: String,
    leases: Leases,
    group: Arc<Group>,
}

/// Within which time another scanner takes over what a scanner did that is lost, by default.
const LEASE: Duration = Duration::from_secs(30);

impl PostgresqlStore {
    /// The store in the schema of this database. Nothing is connected. `scanner` names this scanner for others; each process is
    /// a holder of its own.
    #[must_use]
    pub fn new(target: Target, scanner: &str) -> Self {
        Self::with_lease(target, scanner, LEASE)
    }

    /// The same with another time within which another scanner takes over what this one did. The leases are shorter, so
    /// that the others have time to notice that they have expired.
    #[must_use]
    pub fn with_lease(target: Target, scanner: &str, lease: Duration) -> Self {
        let (address, target) = (target.address(), Arc::new(target));
        // Numbers of processes are not unique: in containers, they are often 1.
        let random = RandomState::new().hash_one(scanner) as u32;
        let holder = format!("{scanner} (process {}, {random:08x})", process::id());
        let leases = Leases::new(Arc::clone(&target), holder.into(), lease * 2 / 3);
        Self {
            group: Arc::new(Group::new(Arc::clone(&target), &leases)),
            target,
            address,
            leases,
        }
    }

    /// The leases of this scanner.
    #[must_use]
    pub fn leases(&self) -> &Leases {
        &self.leases
    }

    /// Runs a part of the work with a session of its own.
    fn with<T: Send + 'static, F>(
        &self,
        operation: Operation,
        work: impl FnOnce(Database, Arc<Target>) -> F + Send + 'static,
    ) -> std::result::Result<T, StoreError>
    where
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let target = Arc::clone(&self.target);
        self.wait(operation, async move {
            let db = Database::open(&target).await?;
            work(db, target).await
        })
    }

    fn wait<T: Send + 'static>(
        &self,
        operation: Operation,
        work: impl Future<Output = Result<T>> + Send + 'static,
    ) -> std::result::Result<T, StoreError> {
        runtime::run(&self.address, operation, work)
    }
}

impl StoreServer for PostgresqlStore {
    fn address(&self) -> &str {
        &self.address
    }

    fn writer(
        &self,
        limits: StoreLimits,
        _stop: &Arc<AtomicBool>,
    ) -> std::result::Result<Box<dyn ScanWriter>, StoreError> {
        self.with(Operation::Open, |db, target| async move {
            schema::migrate(&db, &target).await?;
            db.close().await;
            Ok(())
        })?;
        let (target, leases) = (Arc::clone(&self.target), self.leases.clone());
        Ok(Box::new(Writer::new(target, leases, limits)))
    }

    fn reader(&self) -> std::result::Result<Option<Box<dyn CatalogReader>>, StoreError> {
        self.with(Operation::Read, |db, target| async move {
            if !is_there(&db, &target).await? {
                return Ok(None);
            }
            let reader = Reader::begin(db, &target).await?;
            Ok(Some(Box::new(reader) as Box<dyn CatalogReader>))
        })
    }

    fn browse(&self, settings: &BrowseSettings) -> Box<dyn BrowseStore> {
        let target = Arc::clone(&self.target);
        Box::new(PostgresqlBrowse::new(target, settings.clone()))
    }

    fn followers(
        &self,
        access: Access,
        _stop: &Arc<AtomicBool>,
    ) -> std::result::Result<Option<Box<dyn FollowerTables>>, StoreError> {
        let leases = self.leases.clone();
        self.with(Operation::Open, move |db, target| async move {
            match access {
                Access::Write => schema::migrate(&db, &target).await?,
                Access::Read if !is_there(&db, &target).await? => return Ok(None),
                Access::Read => db.batch("SET default_transaction_read_only = on").await?,
            }
            let followers = Followers::new(db, target, leases);
            Ok(Some(Box::new(followers) as Box<dyn FollowerTables>))
        })
    }

    fn connection_contents(
        &self,
        code: &str,
    ) -> std::result::Result<Option<ConnectionContents>, StoreError> {
        let code = code.to_owned();
        self.with(Operation::Read, |db, target| async move {
            if !is_there(&db, &target).await? {
                return Ok(None);
            }
            forget::contents(&db, &code).await
        })
    }

    fn report(&self, report: &ScannerReport) -> std::result::Result<Duties, StoreError> {
        let (group, report) = (Arc::clone(&self.group), report.clone());
        self.wait(Operation::Write, async move { group.report(report).await })
    }

    fn leave(&self) -> std::result::Result<(), StoreError> {
        let group = Arc::clone(&self.group);
        self.wait(Operation::Write, async move { group.leave().await })
    }

    fn fleet(&self) -> std::result::Result<Option<Fleet>, StoreError> {
        self.with(Operation::Read, |db, target| async move {
            if !is_there(&db, &target).await? {
                return Ok(None);
            }
            group::fleet(&db).await.map(Some)
        })
    }

    fn check(&self) -> Vec<Stage> {
        let target = Arc::clone(&self.target);
        let checked = runtime::wait(async move { check::check(&target).await });
        checked.unwrap_or_else(|error| vec![check::no_thread(&error)])
    }

    fn copy_source(&self) -> std::result::Result<Option<Box<dyn CopySource>>, StoreError> {
        self.with(Operation::Read, |db, target| async move {
            if !is_there(&db, &target).await? {
                return Ok(None);
            }
            let source = PostgresqlCopy::source(db, &target).await?;
            Ok(Some(Box::new(source) as Box<dyn CopySource>))
        })
    }

    fn copy_target(&self) -> std::result::Result<Box<dyn CopyTarget>, StoreError> {
        self.with(Operation::Write, |db, target| async move {
            schema::migrate(&db, &target).await?;
            let target = PostgresqlCopy::target(db, &target).await?;
            Ok(Box::new(target) as Box<dyn CopyTarget>)
        })
    }

    fn forget(&self, code: &str) -> std::result::Result<(), StoreError> {
        let (code, leases) = (code.to_owned(), self.leases.clone());
        self.with(Operation::Write, move |db, target| async move {
            if !is_there(&db, &target).await? {
                return Ok(());
            }
            let lease = hold(&db, &leases, &code).await?;
            let forgotten = forget::forget(&db, &lease.fence(), &code).await;
            // After an error, the transaction has not ended, and the lease expires.
            let _ = lease.release_with(&db).await;
            forgotten
        })
    }
}
