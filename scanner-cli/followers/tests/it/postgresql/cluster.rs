//! A PostgreSQL server in a temporary folder, on a loopback port, as an unprivileged user. It ends with this process.
//!
//! `cargo xtask` includes this file as well.

use std::{
    fs, io,
    net::{Ipv4Addr, SocketAddr},
    os::unix::{
        fs::{MetadataExt, PermissionsExt, chown},
        process::CommandExt,
    },
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use socket2::{Domain, Socket, Type};

/// A running server.
pub(crate) struct Cluster {
    process: Child,
    folder: PathBuf,
    bin: PathBuf,
    port: u16,
    /// Keeps the port while the server does not listen.
    _reserved: Option<Socket>,
}

/// A certificate and its key in PEM.
pub(crate) struct Identity<'a> {
    pub(crate) certificate: &'a str,
    pub(crate) key: &'a str,
}

/// The password of the superuser `postgres`.
pub(crate) const SUPERUSER_PASSWORD: &str = "super secret";
/// How long a server may take to start.
const START: Duration = Duration::from_secs(120);

/// Makes a database and serves it until its standard input ends, which it does when the process that started it ends. `$1` is
/// the folder of the programs, `$2` the port, `$3` the folder, `$4` the port of the primary server of a standby.
const SCRIPT: &str = r#"
set -e
exec >log 2>&1
if [ -n "$4" ]
then "$1/pg_basebackup" -D data -R -X stream -c fast -h 127.0.0.1 -p "$4" -U postgres --no-sync
else "$1/initdb" -D data -U postgres --pwfile=password --auth=scram-sha-256 -E UTF8 --locale=C --no-sync
fi
# A copy is a standby of its primary server.
grep -s primary_conninfo data/postgresql.auto.conf >>settings || true
cp settings data/postgresql.auto.conf
cp access data/pg_hba.conf
"$1/postgres" -D data -p "$2" &
server=$!
cat >/dev/null
# It may have been restarted.
"$1/pg_ctl" -D data -m fast stop || true
wait
cd / && rm -rf "$3"
"#;

const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 200
fsync = off
";

/// Members of the role `passwordless` need no password.
const ACCESS: &str = "
host all +passwordless 127.0.0.1/32 trust
host all all 127.0.0.1/32 scram-sha-256
host replication postgres 127.0.0.1/32 scram-sha-256
";

impl Cluster {
    /// Starts a server at a free port. With an identity, it offers TLS.
    ///
    /// # Errors
    /// If PostgreSQL is not installed or does not start.
    pub(crate) fn start(identity: Option<&Identity<'_>>) -> io::Result<Self> {
        let (port, reserved) = reserve_port()?;
        let mut cluster = Self::start_at(port, identity)?;
        cluster._reserved = Some(reserved);
        Ok(cluster)
    }

    /// Starts a server at a port.
    ///
    /// # Errors
    /// If PostgreSQL is not installed or does not start.
    pub(crate) fn start_at(port: u16, identity: Option<&Identity<'_>>) -> io::Result<Self> {
        Self::start_with(port, identity, None)
    }

    /// Starts a standby of this server at a port.
    ///
    /// # Errors
    /// If it does not start.
    pub(crate) fn standby_at(&self, port: u16) -> io::Result<Self> {
        Self::start_with(port, None, Some(self.port))
    }

    fn start_with(
        port: u16,
        identity: Option<&Identity<'_>>,
        primary: Option<u16>,
    ) -> io::Result<Self> {
        let bin = programs().ok_or_else(|| {
            let message = "PostgreSQL is not installed. Debian: apt-get install postgresql";
            io::Error::new(io::ErrorKind::NotFound, message)
        })?;
        let folder = tempfile::Builder::new().prefix("postgresql-").tempdir()?;
        let folder = folder.keep();
        let user = unprivileged_user()?;
        let write = |name: &str, text: &str| -> io::Result<()> {
            let path = folder.join(name);
            fs::write(&path, text)?;
            fs::set_permissions(&path, PermissionsExt::from_mode(0o600))?;
            own(&path, user)
        };
        let mut settings = SETTINGS.to_owned();
        if let Some(identity) = identity {
            write("server.pem", identity.certificate)?;
            write("server.key", identity.key)?;
            settings +=
                "ssl = on\nssl_cert_file = '../server.pem'\nssl_key_file = '../server.key'\n";
        }
        write("settings", &settings)?;
        write("access", ACCESS)?;
        write("password", SUPERUSER_PASSWORD)?;
        own(&folder, user)?;
        let mut command = Command::new("sh");
        command
            .args(["-c", SCRIPT, "sh"])
            .arg(&bin)
            .arg(port.to_string())
            .arg(&folder)
            .arg(primary.map(|port| port.to_string()).unwrap_or_default())
            .env("PGPASSWORD", SUPERUSER_PASSWORD)
            .current_dir(&folder)
            // Ctrl-C in a terminal ends the process that started it, and then the server in its own way.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some((user, group)) = user {
            command.uid(user).gid(group);
        }
        let mut cluster = Self {
            process: command.spawn()?,
            folder,
            bin,
            port,
            _reserved: None,
        };
        cluster.wait()?;
        Ok(cluster)
    }

    /// Runs PostgreSQL's program `pg_ctl` on the server, and waits for it: `restart`, with a mode such as `immediate`.
    pub(crate) fn control(&self, action: &str, mode: &str) -> io::Result<()> {
        let mut command = Command::new(self.bin.join("pg_ctl"));
        let options = format!("-p {}", self.port);
        command
            .args([
                "-D", "data", "-w", "-l", "log", "-m", mode, "-o", &options, action,
            ])
            .current_dir(&self.folder)
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        if let Some((user, group)) = unprivileged_user()? {
            command.uid(user).gid(group);
        }
        match command.status()?.success() {
            true => Ok(()),
            false => {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                let lines: Vec<_> = log.lines().collect();
                let end = lines[lines.len().saturating_sub(10)..].join("\n");
                Err(io::Error::other(format!("`pg_ctl {action}` failed: {end}")))
            }
        }
    }

    /// The port.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Waits until the server accepts logins.
    pub(crate) fn wait(&mut self) -> io::Result<()> {
        let begun = Instant::now();
        loop {
            let port = self.port.to_string();
            let ready = Command::new(self.bin.join("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-p", &port])
                .status()?;
            if ready.success() {
                return Ok(());
            }
            if self.process.try_wait()?.is_some() || begun.elapsed() > START {
                let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
                return Err(io::Error::other(format!(
                    "PostgreSQL does not start: {log}"
                )));
            }
            sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        let _ = self.process.wait();
    }
}

/// A free port of `127.0.0.1`. Nobody else is given it while the socket lives, but a server may listen at it.
///
/// # Errors
/// If the system has no free port.
pub(crate) fn reserve_port() -> io::Result<(u16, Socket)> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into())?;
    let address = socket.local_addr()?.as_socket();
    let address = address.ok_or_else(|| io::Error::other("the socket has no address"))?;
    Ok((address.port(), socket))
}

/// The folder with the programs of the newest PostgreSQL.
pub(crate) fn programs() -> Option<PathBuf> {
    let mut folders: Vec<PathBuf> = ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr"]
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .map(|folder| folder.join("bin"))
        .chain(["/usr/bin", "/usr/local/bin", "/usr/local/pgsql/bin"].map(PathBuf::from))
        .filter(|bin| bin.join("initdb").exists() && bin.join("postgres").exists())
        .collect();
    let version = |bin: &PathBuf| {
        let folder = bin.parent()?.file_name()?.to_str()?;
        let digits = folder.trim_start_matches(|char: char| !char.is_ascii_digit());
        digits
            .parse::<f64>()
            .ok()
            .map(|version| (version * 10.0) as u32)
    };
    folders.sort_by_key(version);
    folders.pop()
}

/// The user and group that the server runs as, if this process is that of root: PostgreSQL refuses root.
pub(crate) fn unprivileged_user() -> io::Result<Option<(u32, u32)>> {
    if !is_root() {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd")?;
    let find = |name: &str| {
        let line = users
            .lines()
            .find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some((fields.next()?.parse().ok()?, fields.next()?.parse().ok()?))
    };
    let user = find("postgres").or_else(|| find("nobody"));
    user.map(Some)
        .ok_or_else(|| io::Error::other("there is neither a user `postgres` nor `nobody`"))
}

/// Whether this process is that of root.
pub(crate) fn is_root() -> bool {
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn own(path: &Path, user: Option<(u32, u32)>) -> io::Result<()> {
    match user {
        Some((user, group)) => chown(path, Some(user), Some(group)),
        None => Ok(()),
    }
}
