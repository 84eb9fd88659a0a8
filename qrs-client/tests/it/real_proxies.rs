//! The client through proxies that sites really have: tinyproxy, and squid with a TLS port.
//!
//! Where a program is not installed its tests are skipped, unless `REAL_PROXIES=required` says that they must run.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use qrs_client::fake_site::{FakeSite, ReservedPort};
use qrs_client::{ErrorKind, Proxy, ProxyScheme, QrsClient, Trust};

use crate::fixtures::store;
use crate::trust::{builder, site};

const USER: &str = "ann";
const PASSWORD: &str = "p4$$:w@rd/ü";

/// A proxy as a process of its own, with its files in a folder of its own; both end with this.
struct Running {
    process: Child,
    folder: PathBuf,
    port: ReservedPort,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

impl Running {
    /// Starts `program` with the configuration that `write` writes for a port, and waits until it listens there.
    fn start(program: &Path, arguments: &[&str], write: impl Fn(&Path, u16) -> String) -> Self {
        let mut running = Self::spawn(program, arguments, write);
        let begun = Instant::now();
        while TcpStream::connect(running.port.address()).is_err() {
            let ended = running.process.try_wait().unwrap();
            assert_eq!(ended, None, "{} ended", program.display());
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "{} does not listen",
                program.display()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        running
    }

    fn spawn(program: &Path, arguments: &[&str], write: impl Fn(&Path, u16) -> String) -> Self {
        let port = ReservedPort::new();
        let name = format!("proxy-{}-{}", std::process::id(), port.number());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let configuration = folder.join("conf");
        fs::write(&configuration, write(&folder, port.number())).unwrap();
        let process = Command::new(program)
            .args(arguments)
            .arg(&configuration)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            process,
            folder,
            port,
        }
    }
}

/// Where `name` is installed; `None` skips a test.
fn installed(name: &str) -> Option<PathBuf> {
    let folders = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"];
    let found = folders
        .iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.is_file());
    let required = std::env::var_os("REAL_PROXIES").is_some_and(|value| value == "required");
    assert!(
        found.is_some() || !required,
        "{name} is not installed, and its tests must run"
    );
    if found.is_none() {
        eprintln!("skipped: {name} is not installed");
    }
    found
}

fn tinyproxy(credentials: &str) -> Option<Running> {
    let program = installed("tinyproxy")?;
    let write = |_: &Path, port| {
        format!("Port {port}\nListen 127.0.0.1\nTimeout 10\nAllow 127.0.0.1\n{credentials}\n")
    };
    Some(Running::start(&program, &["-d", "-c"], write))
}

/// Squid, with TLS at its port where `tls` says so; it knows one user.
fn squid(port: &str) -> Option<Running> {
    let program = installed("squid")?;
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let write = |folder: &Path, number: u16| {
        let password = Command::new("openssl")
            .args(["passwd", "-apr1", PASSWORD])
            .output()
            .unwrap();
        let password = String::from_utf8(password.stdout).unwrap();
        let users = folder.join("users");
        fs::write(&users, format!("{USER}:{password}")).unwrap();
        for name in ["site-chain.pem", "site.key"] {
            fs::copy(fixtures.join(name), folder.join(name)).unwrap();
        }
        let folder = folder.display();
        let port = port
            .replace("PORT", &format!("127.0.0.1:{number}"))
            .replace("FOLDER", &folder.to_string());
        format!(
            "{port}\nauth_param basic program /usr/lib/squid/basic_ncsa_auth {users}\nauth_param basic utf8 on\nacl known \
             proxy_auth REQUIRED\nacl dead port 9\nhttp_access deny dead\nhttp_access allow known\nhttp_access deny \
             all\naccess_log none\ncache_log {folder}/log\ncache deny all\npid_filename \
             none\nvisible_hostname proxy.example\nshutdown_lifetime 0 seconds\n",
            users = users.display()
        )
    };
    Some(Running::start(&program, &["-N", "-f"], write))
}

const PLAIN: &str = "http_port PORT";
const TLS: &str = "https_port PORT tls-cert=FOLDER/site-chain.pem tls-key=FOLDER/site.key";

fn client(
    site: &FakeSite,
    running: &Running,
    scheme: ProxyScheme,
    password: Option<&str>,
) -> QrsClient {
    let proxy = Proxy::new(scheme, "localhost", running.port.number()).unwrap();
    let proxy = match password {
        Some(password) => proxy.basic_auth(USER, password.to_owned().into()),
        None => proxy,
    };
    // The issuing authority, too: squid does not show it.
    let trust = Trust::Only(store("bundle.pem"));
    builder(site, "localhost", trust)
        .proxy(proxy)
        .build()
        .unwrap()
}

async fn check(running: &Running, scheme: ProxyScheme, password: Option<&str>) {
    let sites = [
        FakeSite::start().await,
        site("site-chain.pem", "site.key").await,
    ];
    for site in &sites {
        client(site, running, scheme, password)
            .about()
            .await
            .unwrap();
        if password.is_some() {
            for wrong in [None, Some("wrong")] {
                let error = client(site, running, scheme, wrong)
                    .about()
                    .await
                    .unwrap_err();
                // tinyproxy answers with 401 where 407 is meant, which may as well be the site's.
                let refused = matches!(error.kind(), ErrorKind::Proxy | ErrorKind::Unauthorized);
                assert!(refused, "{error:?}");
            }
        }
    }
}

#[tokio::test]
async fn tinyproxy_connects_to_sites() {
    if let Some(running) = tinyproxy("") {
        check(&running, ProxyScheme::Http, None).await;
    }
}

#[tokio::test]
async fn tinyproxy_accepts_credentials() {
    if let Some(running) = tinyproxy(&format!("BasicAuth {USER} secret")) {
        check(&running, ProxyScheme::Http, Some("secret")).await;
    }
}

#[tokio::test]
async fn squid_accepts_credentials_with_any_characters() {
    if let Some(running) = squid(PLAIN) {
        check(&running, ProxyScheme::Http, Some(PASSWORD)).await;
    }
}

#[tokio::test]
async fn squid_works_over_tls() {
    if let Some(running) = squid(TLS) {
        check(&running, ProxyScheme::Https, Some(PASSWORD)).await;
    }
}

#[tokio::test]
async fn a_scheme_that_does_not_match_squids_port_is_reported() {
    let secure = site("site-chain.pem", "site.key").await;
    for (port, scheme) in [(PLAIN, ProxyScheme::Https), (TLS, ProxyScheme::Http)] {
        if let Some(running) = squid(port) {
            let error = client(&secure, &running, scheme, Some(PASSWORD))
                .about()
                .await
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Proxy, "{error:?}");
        }
    }
}
