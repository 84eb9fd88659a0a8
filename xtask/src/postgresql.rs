//! `cargo xtask postgresql`: a PostgreSQL server in a temporary folder, for trying the follower and for benchmarks.

use std::{fs, io, net::TcpListener, thread};

use xshell::{Shell, cmd};

use crate::Outcome;
use cluster::{Cluster, SUPERUSER_PASSWORD, programs};

/// The server of the tests.
#[path = "../../scanner-cli/followers/tests/it/postgresql/cluster.rs"]
pub(crate) mod cluster;

/// Debian's package.
const PACKAGE: &str = "postgresql";

/// Runs a server until Ctrl-C, and prints how to use it.
#[expect(clippy::print_stdout, reason = "the settings of the follower")]
pub(crate) fn run(port: Option<u16>) -> Outcome {
    let cluster = start(port)?;
    let (url, port) = (url(&cluster), cluster.port());
    println!("# The settings, for conf/application.conf in the home:");
    println!(
        "followers = [\n  {{ kind = \"ndjson\", path = \"export\" }}\n  {{ kind = \"postgresql\", url = \"{url}\", password = \"{SUPERUSER_PASSWORD}\" }}\n]"
    );
    println!(
        "# To query it: PGPASSWORD='{SUPERUSER_PASSWORD}' psql -h 127.0.0.1 -p {port} -U postgres -c 'SELECT label, owner FROM qlik_catalog.items'"
    );
    println!("# Running until Ctrl-C.");
    loop {
        thread::park();
    }
}

/// Starts a server at a port, or at a free one.
pub(crate) fn start(port: Option<u16>) -> io::Result<Cluster> {
    match port {
        None => Cluster::start(None),
        Some(port) => {
            TcpListener::bind(("127.0.0.1", port))?;
            Cluster::start_at(port, None)
        }
    }
}

/// The database of the superuser.
pub(crate) fn url(cluster: &Cluster) -> String {
    format!(
        "postgresql://postgres@127.0.0.1:{}/postgres",
        cluster.port()
    )
}

/// Installs PostgreSQL on Debian, if it is missing and this process may install it.
pub(crate) fn ensure_installed(shell: &Shell) -> Outcome {
    if programs().is_some() {
        return Ok(());
    }
    let has_apt = fs::exists("/usr/bin/apt-get").unwrap_or_default();
    if !has_apt || !cluster::is_root() {
        return Err("PostgreSQL is not installed. Debian: apt-get install postgresql".into());
    }
    let _frontend = shell.push_env("DEBIAN_FRONTEND", "noninteractive");
    cmd!(shell, "apt-get update -q").run()?;
    cmd!(
        shell,
        "apt-get install -y -q --no-install-recommends {PACKAGE}"
    )
    .run()?;
    Ok(())
}
