//! A home in a temporary folder, and the program run in it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use qrs_client::fake_site::{FakeSite, ReservedPort};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) struct Home {
    folder: TempDir,
    is_traced: bool,
}

pub(crate) struct Run {
    pub(crate) exit: i32,
    pub(crate) output: String,
    pub(crate) errors: String,
}

impl Home {
    /// An empty home.
    pub(crate) fn empty() -> Self {
        Self {
            folder: TempDir::new().unwrap(),
            is_traced: false,
        }
    }

    /// The same home, with commands that log everything.
    pub(crate) fn traced(mut self) -> Self {
        self.is_traced = true;
        self
    }

    /// A home with one connection file, `connections/qlik.conf`.
    pub(crate) fn with(file: &str) -> Self {
        let home = Self::empty();
        home.write("connections/qlik.conf", file);
        home
    }

    /// A home whose only connection, `qlik`, is to this site.
    pub(crate) fn with_site(site: &FakeSite) -> Self {
        Self::with(&connection("qlik", site))
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes a file that only its owner may read.
    pub(crate) fn write_secret(&self, name: &str, text: impl AsRef<[u8]>) {
        self.write(name, text);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::set_permissions(self.path(name), fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// The items of an export.
    pub(crate) fn items(&self, name: &str) -> Vec<Value> {
        items(&self.read(name))
    }

    /// The names in a folder of the home.
    pub(crate) fn names(&self, folder: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(folder)).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_scanner-cli"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("TMPDIR", self.temporary())
            .env("TZ", "UTC")
            .stdin(Stdio::null());
        if self.is_traced {
            command.env("RUST_LOG", "trace");
        }
        command
    }

    /// The folder for temporary files of the program.
    pub(crate) fn temporary(&self) -> PathBuf {
        let path = self.path("tmp");
        fs::create_dir_all(&path).unwrap();
        path
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Run {
        finish(self.command(arguments))
    }

    /// Starts the program and discards its output.
    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap()
    }
}

/// The error of Wine if a program ends before it has begun. This happens once in some thousand starts.
const INTERNAL_ERROR: i32 = 1359;

pub(crate) fn finish(mut command: Command) -> Run {
    let mut ended = command.output();
    if cfg!(windows) && matches!(&ended, Err(error) if error.raw_os_error() == Some(INTERNAL_ERROR))
    {
        ended = command.output();
    }
    let output = ended.unwrap();
    let run = Run {
        exit: output.status.code().unwrap_or(-1),
        output: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
    };
    assert!(!run.errors.contains("panicked"), "{}", run.errors);
    run
}

impl Run {
    /// Checks the exit code, and that standard error has each of these texts.
    #[track_caller]
    pub(crate) fn check(&self, exit: i32, texts: &[&str]) -> &Self {
        assert_eq!(self.exit, exit, "{}", self.errors);
        for text in texts {
            assert!(
                with_slashes(&self.errors).contains(&with_slashes(text)),
                "no {text:?} in:\n{}",
                self.errors
            );
        }
        self
    }
}

/// The files of saved sessions.
pub(crate) fn session_files(home: &Home) -> Vec<String> {
    let names = home.names("data").into_iter();
    let names = names.filter(|name| name.starts_with("site-") && name.ends_with(".session"));
    names.map(|name| format!("data/{name}")).collect()
}

pub(crate) fn items(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// A text whose paths are written with slashes, on Windows, too, where JSON escapes the backslash.
pub(crate) fn with_slashes(text: &str) -> String {
    match cfg!(windows) {
        true => text.replace(r"\\", "/").replace('\\', "/"),
        false => text.to_owned(),
    }
}

/// A connection file with common settings.
pub(crate) fn connection(code: &str, site: &FakeSite) -> String {
    connection_to(code, &site.url())
}

/// Failing requests are retried only briefly, so that tests of failing sites are quick.
pub(crate) fn connection_to(code: &str, url: &str) -> String {
    format!(
        "name = \"Test site\"\ncode = \"{code}\"\nconnector_id = \"qlik-sense\"\nconnection {{\n  url = \"{url}\"\n  \
         auth.key = \"X-Qlik-Header-Auth\"\n  auth.value = \"ACME\\\\scanner\"\n}}, connection.time_limits.retry = 100 ms, connection.link_url = \"{url}\"\n"
    )
}

/// Waits until a program handles the signals `INT` and `TERM`. Earlier ones kill it.
#[cfg(unix)]
pub(crate) fn await_handlers(child: &Child) {
    const BOTH: u64 = 1 << 1 | 1 << 14;
    let path = format!("/proc/{}/status", child.id());
    let caught = || {
        let status = fs::read_to_string(&path).ok()?;
        let line = status.lines().find(|line| line.starts_with("SigCgt:"))?;
        u64::from_str_radix(line.split_whitespace().nth(1)?, 16).ok()
    };
    // Only Linux has the file.
    while caught().is_some_and(|caught| caught & BOTH != BOTH) {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}

/// The URL of a site that does not run.
pub(crate) fn url_at(port: &ReservedPort) -> String {
    format!("http://{}/header", port.address())
}

/// Whether a folder holds none of the program's temporary files.
pub(crate) fn is_clean(folder: &Path) -> bool {
    !folder.exists()
        || fs::read_dir(folder).unwrap().all(|entry| {
            !entry
                .unwrap()
                .file_name()
                .to_string_lossy()
                .ends_with(".tmp")
        })
}
