//! A server that others wrote, pyspnego, checks the messages of a login. `cargo xtask full` installs and runs it.

use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use qrs_client::{ErrorKind, Fact, QrsClient, SiteUrl, WindowsCredentials};

use super::PASSWORD;

struct Server {
    process: Child,
    output: Lines<BufReader<ChildStdout>>,
    url: SiteUrl,
    /// Deletes the file of users when it is dropped.
    _users: tempfile::TempPath,
}

fn in_crate(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

impl Server {
    fn start(scheme: &str) -> Self {
        let users = tempfile::NamedTempFile::new().unwrap().into_temp_path();
        std::fs::write(&users, format!("ACME:scanner:{PASSWORD}\n")).unwrap();
        let mut process = Command::new(in_crate("../target/tools/pyspnego/bin/python3"))
            .arg(in_crate("tests/windows_server.py"))
            .arg(scheme)
            .env("NTLM_USER_FILE", &users)
            .stdout(Stdio::piped())
            .spawn()
            .expect("`cargo xtask full --only \"windows login\"` installs pyspnego");
        let mut output = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = output.next().unwrap().unwrap();
        Self {
            process,
            output,
            url: SiteUrl::parse(&format!("http://127.0.0.1:{port}/")).unwrap(),
            _users: users,
        }
    }

    fn client(&self, password: &str) -> QrsClient {
        let credentials = WindowsCredentials::new("ACME", "scanner", password.into()).unwrap();
        let builder = QrsClient::builder(self.url.clone(), credentials);
        builder.build().unwrap()
    }

    fn next_line(&mut self) -> String {
        self.output.next().unwrap().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
#[ignore = "needs pyspnego, which `cargo xtask full` installs"]
async fn a_foreign_server_accepts_the_right_password_alone() {
    for scheme in ["NTLM", "Negotiate"] {
        let mut server = Server::start(scheme);
        let client = server.client(PASSWORD);
        for _ in 0..2 {
            assert_eq!(client.about().await.unwrap().build_version, "14.20.5.0");
        }
        assert_eq!(server.next_line(), r"accepted ACME\scanner", "{scheme}");

        let client = server.client("hunter2");
        for kind in [ErrorKind::Unauthorized, ErrorKind::Credentials] {
            let error = client.about().await.unwrap_err();
            assert_eq!(
                (error.kind(), error.fact()),
                (kind, &Fact::PasswordRefused),
                "{scheme}"
            );
        }
        assert!(server.next_line().starts_with("refused"), "{scheme}");
        // A second proof of the wrong password would have been printed before this.
        server.client(PASSWORD).about().await.unwrap();
        assert_eq!(server.next_line(), r"accepted ACME\scanner", "{scheme}");
    }
}
