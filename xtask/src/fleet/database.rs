//! The database of the group.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::chown,
    path::PathBuf,
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use socket2::Socket;
use tempfile::TempDir;

use super::Failed;
use crate::postgresql::{
    self,
    cluster::{Cluster, SUPERUSER_PASSWORD, programs, reserve_port, unprivileged_user},
};

/// A server with the store, and the address of another one that may take over.
pub(crate) struct Database {
    primary: Cluster,
    /// The ports of both servers: only one of them has the primary server.
    ports: [u16; 2],
    /// Keep both ports while no server listens there.
    _reserved: [Socket; 2],
    psql: PathBuf,
    /// A small file system for the log of changes and for temporary tables.
    small: Option<SmallDisk>,
}

/// The schema of the store.
pub(crate) const SCHEMA: &str = "fleet";
/// The role of the scanners, without a password.
pub(crate) const ROLE: &str = "scanner";

/// How long a server may take until it works.
const STANDBY: Duration = Duration::from_secs(60);

const ROLES: &str = "CREATE ROLE passwordless; CREATE ROLE scanner LOGIN IN ROLE passwordless; \
     CREATE SCHEMA fleet AUTHORIZATION scanner";

impl Database {
    /// Starts a server.
    pub(crate) fn start() -> Result<Self, Failed> {
        let missing = "the server and the program `psql` of PostgreSQL are needed: install them (Debian: apt-get install postgresql; \
                       macOS: brew install postgresql)";
        let psql = programs().ok_or(missing)?.join("psql");
        if !psql.exists() {
            return Err(missing.into());
        }
        let (first, reserved_first) = reserve_port()?;
        let (other, reserved_other) = reserve_port()?;
        let database = Self {
            ports: [first, other],
            _reserved: [reserved_first, reserved_other],
            primary: Cluster::start_at(first, None)?,
            psql,
            small: None,
        };
        database.query(ROLES)?;
        Ok(database)
    }

    /// The ports of the servers, of which one may not exist.
    pub(crate) fn ports(&self) -> [u16; 2] {
        self.ports
    }

    /// Restarts the server: `fast`, or `immediate` as after a crash.
    pub(super) fn restart(&self, mode: &str) -> Result<(), Failed> {
        let mut done = self.primary.control("restart", mode);
        let begun = Instant::now();
        // After a crash, processes that are still ending may keep the server from starting.
        while let Err(error) = done {
            if self.query("SELECT 1").is_ok() {
                return Ok(());
            }
            if begun.elapsed() > STANDBY {
                return Err(error.into());
            }
            sleep(Duration::from_millis(500));
            done = self.primary.control("start", mode);
        }
        Ok(())
    }

    /// Lets a standby at the other address take over from the server, which crashes.
    pub(super) fn fail_over(&mut self) -> Result<(), Failed> {
        let is_other = |port: &&u16| **port != self.primary.port();
        let other = self.ports.iter().find(is_other).ok_or("no other port")?;
        let standby = self.primary.standby_at(*other)?;
        // Otherwise, the last transactions could be lost.
        self.query("ALTER SYSTEM SET synchronous_standby_names = '*'")?;
        self.query("SELECT pg_reload_conf()")?;
        self.wait_for("SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'")?;
        self.primary.control("stop", "immediate")?;
        standby.control("promote", "fast")?;
        self.primary = standby;
        Ok(())
    }

    /// Waits until a statement returns one.
    fn wait_for(&self, statement: &str) -> Result<(), Failed> {
        let begun = Instant::now();
        while self.number(statement)? != 1 {
            if begun.elapsed() > STANDBY {
                return Err("the standby does not follow its primary server".into());
            }
            sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Lets the disk of the log of changes and of temporary tables be full. Only root can make a small file system.
    pub(super) fn fill_disk(&mut self) -> Result<(), Failed> {
        let disk = SmallDisk::new()?;
        let place = disk.0.path().display();
        self.query(&format!("CREATE TABLESPACE small LOCATION '{place}'"))?;
        self.query("GRANT CREATE ON TABLESPACE small TO scanner")?;
        self.retry("ALTER TABLE change SET TABLESPACE small")?;
        self.query("ALTER ROLE scanner SET temp_tablespaces = small")?;
        disk.fill()?;
        self.small = Some(disk);
        self.end_sessions()
    }

    /// Ends that.
    pub(super) fn empty_disk(&mut self) -> Result<(), Failed> {
        if let Some(disk) = &self.small {
            disk.empty()?;
        }
        self.query("ALTER ROLE scanner RESET temp_tablespaces")?;
        self.retry("ALTER TABLE change SET TABLESPACE pg_default")?;
        // A tablespace with temporary tables cannot be dropped.
        self.retry("DROP TABLESPACE small")?;
        // Otherwise, a server that recovers from a crash would look for its folder.
        self.query("CHECKPOINT")?;
        self.small = None;
        Ok(())
    }

    /// Repeats a statement that the sessions of the scanners may keep from being run.
    fn retry(&self, statement: &str) -> Result<(), Failed> {
        let begun = Instant::now();
        while let Err(error) = self.query(statement) {
            if begun.elapsed() > STANDBY {
                return Err(error);
            }
            self.end_sessions()?;
            sleep(Duration::from_millis(100));
        }
        Ok(())
    }

    /// Ends the sessions of the scanners, as an administrator can.
    pub(super) fn end_sessions(&self) -> Result<(), Failed> {
        let sql = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'scanner'";
        self.number(sql).map(drop)
    }

    /// Runs a statement. Returns its rows, with `|` between cells.
    pub(crate) fn query(&self, statement: &str) -> Result<Vec<String>, Failed> {
        let output = Command::new(&self.psql)
            .args(["--no-psqlrc", "--set=ON_ERROR_STOP=1", "-qtA"])
            .args([
                "--command",
                &format!("SET search_path = {SCHEMA}, pg_catalog"),
            ])
            .args(["--command", statement])
            .arg(postgresql::url(&self.primary))
            .env("PGPASSWORD", SUPERUSER_PASSWORD)
            .output()?;
        if !output.status.success() {
            return Err(String::from_utf8_lossy(&output.stderr).into());
        }
        let text = String::from_utf8(output.stdout)?;
        Ok(text.lines().map(str::to_owned).collect())
    }

    /// The number that a statement returns.
    pub(crate) fn number(&self, statement: &str) -> Result<i64, Failed> {
        let rows = self.query(statement)?;
        Ok(rows.first().ok_or("no row")?.parse()?)
    }
}

/// A file system with little room.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn new() -> Result<Self, Failed> {
        let folder = tempfile::tempdir()?;
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64m", "tmpfs"])
            .arg(folder.path())
            .status()?;
        if !mounted.success() {
            return Err("a small file system cannot be mounted: only root can".into());
        }
        if let Some((user, group)) = unprivileged_user()? {
            chown(folder.path(), Some(user), Some(group))?;
        }
        Ok(Self(folder))
    }

    /// The file that fills it.
    fn filler(&self) -> PathBuf {
        self.0.path().join("filler")
    }

    /// Writes until the disk is full.
    fn fill(&self) -> Result<(), Failed> {
        let filled = io::copy(&mut io::repeat(0), &mut File::create(self.filler())?);
        match filled {
            Err(error) if error.kind() == io::ErrorKind::StorageFull => Ok(()),
            other => Err(format!("the small disk is not full: {other:?}").into()),
        }
    }

    /// Makes room again.
    fn empty(&self) -> Result<(), Failed> {
        Ok(fs::remove_file(self.filler())?)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}
