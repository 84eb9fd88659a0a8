//! Handshakes with `openssl s_server`, which signs with keys and speaks cipher suites that the fake site does not have.
//! They fail without `openssl`; Linux alone has the table that shows when the server listens.

use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use qrs_client::fake_site::ReservedPort;
use qrs_client::{Error, HeaderCredentials, QrsClient, SiteUrl, Trust, Weakness};

use crate::fixtures::store;

/// What the server answers to any request.
const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 25\r\nConnection: close\r\n\r\n\
                      {\"buildVersion\":\"31.4.0\"}";

/// A server for one handshake. What it is sent comes out of its standard output, and what goes in is sent.
struct Server {
    process: Child,
    port: ReservedPort,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(name: &str, options: &[&str]) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/java");
        let port = ReservedPort::new();
        let file = |ending: &str| folder.join(format!("{name}.{ending}"));
        let process = Command::new("openssl")
            .args(["s_server", "-quiet", "-naccept", "1", "-accept"])
            .arg(port.address().to_string())
            .arg("-cert")
            .arg(file("pem"))
            .arg("-cert_chain")
            .arg(file("pem"))
            .arg("-key")
            .arg(file("key"))
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("these tests need the program `openssl`");
        Self { process, port }
    }

    /// Answers the first request.
    fn answer(&mut self) {
        let mut output = self.process.stdout.take().unwrap();
        let mut input = self.process.stdin.take().unwrap();
        std::thread::spawn(move || {
            let mut head = Vec::new();
            let mut byte = [0];
            while !head.ends_with(b"\r\n\r\n") && output.read(&mut byte).is_ok_and(|read| read == 1)
            {
                head.push(byte[0]);
            }
            let _ = input.write_all(ANSWER.as_bytes());
            let _ = input.flush();
            // Until the client has gone.
            let _ = output.read_to_end(&mut head);
        });
    }
}

/// Tries until the server listens: it takes one connection only, so that nobody may try beforehand.
async fn ask(name: &str, options: &[&str], trust: Trust) -> (Vec<Weakness>, Result<String, Error>) {
    let mut server = Server::start(name, options);
    server.answer();
    let started = Instant::now();
    let table = format!(":{:04X} 00000000:0000 0A", server.port.number());
    while !std::fs::read_to_string("/proc/net/tcp")
        .unwrap_or_default()
        .contains(&table)
    {
        assert!(
            started.elapsed() < Duration::from_secs(60),
            "it does not listen"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    let url = SiteUrl::parse(&format!("https://localhost:{}/", server.port.number())).unwrap();
    let credentials = HeaderCredentials::new("X-User", "scanner".into()).unwrap();
    let client = QrsClient::builder(url, credentials)
        .tries(1)
        .trust(trust)
        .build()
        .unwrap();
    let about = client.about().await;
    (client.weaknesses(), about.map(|about| about.build_version))
}

fn only(name: &str) -> Trust {
    Trust::Only(store(&format!("java/{name}.pem")))
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_groups_and_suites_of_java_are_supported() {
    let weak = "-cipher ALL:@SECLEVEL=0";
    let cases = [
        ("p521", "-tls1_3"),
        ("p521", "-tls1_2"),
        ("p521-above", "-tls1_3 -groups P-521"),
        ("p521-above", "-tls1_2 -groups P-521"),
        ("pss", "-tls1_3"),
        ("short", "-tls1_3 -cipher ALL:@SECLEVEL=0"),
        ("short", "-tls1_2 -cipher ALL:@SECLEVEL=0"),
        ("rsa", "-tls1_2 -cipher ECDHE-RSA-AES128-SHA256"),
        ("rsa", "-tls1_2 -cipher ECDHE-RSA-AES128-SHA"),
        ("rsa", "-tls1_2 -cipher ECDHE-RSA-AES256-SHA"),
        ("p521-above", "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA256"),
        ("p521-above", "-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA"),
        ("p521-above", "-tls1_2 -cipher ECDHE-ECDSA-AES256-SHA"),
    ];
    for (name, options) in cases {
        let options: Vec<_> = options.split(' ').collect();
        let root = if name == "p521-above" {
            "p521-root"
        } else {
            "root"
        };
        let (weaknesses, answer) = ask(name, &options, only(root)).await;
        assert_eq!(answer.unwrap(), "31.4.0", "{name} {options:?}");
        assert_eq!(
            weaknesses.len(),
            usize::from(name == "short"),
            "{weaknesses:?}"
        );
    }
    let signed_with_sha1 = [
        weak.split(' ').collect(),
        vec!["-tls1_2", "-sigalgs", "RSA+SHA1"],
    ]
    .concat();
    let (weaknesses, answer) = ask("rsa", &signed_with_sha1, only("root")).await;
    answer.unwrap();
    assert_eq!(weaknesses, [Weakness::Sha1Handshake]);
    for name in ["p521", "pss", "short", "unknown-extension"] {
        let (_, answer) = ask(name, &["-cipher", "ALL:@SECLEVEL=0"], Trust::AnyCertificate).await;
        assert_eq!(answer.unwrap(), "31.4.0", "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn unsupported_features_are_reported() {
    let cases = [
        (
            "rsa",
            "-tls1_2 -cipher AES128-SHA",
            "no TLS cipher suite, curve or signature in common",
        ),
        (
            "rsa",
            "-tls1_1 -cipher ALL:@SECLEVEL=0",
            "no TLS protocol version in common",
        ),
        ("pss", "-tls1_2", "a key that is only for RSASSA-PSS"),
    ];
    for (name, options, expected) in cases {
        let options: Vec<_> = options.split(' ').collect();
        let (_, answer) = ask(name, &options, only("root")).await;
        let error = answer.unwrap_err();
        assert!(error.to_string().contains(expected), "{name}: {error}");
    }
}
