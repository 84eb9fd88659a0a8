//! The connection files of a home: reads them, and selects connections by code.

mod folder;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use catalog_model::{Connection, ConnectionCode};

use crate::{
    connection_file::{ConnectionFile, InvalidFile, InvalidPart, Reading},
    home::{Home, shown},
    input_file::{self, FileKind},
    near_code,
    problem::Problem,
    schedule::Schedule,
    secrets::Redactor,
};

pub use folder::{connection_files, listed};

/// An enabled connection with valid settings.
#[derive(Clone)]
pub struct Ready {
    /// Its code.
    pub code: ConnectionCode,
    /// Its name.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// Its connector.
    pub connector: String,
    /// The connection to the source.
    pub connection: Arc<dyn Connection>,
    /// Redacts its secrets in texts.
    pub secrets: Arc<Redactor>,
    /// The time limit of a scan.
    pub time_limit: Option<Duration>,
    /// Its own schedule, if its file sets one.
    pub schedule: Option<Schedule>,
}

/// All connection files of a home.
#[derive(Default)]
pub struct Connections {
    ready: Vec<(Ready, Vec<Problem>)>,
    disabled: Vec<(ConnectionCode, PathBuf, Vec<Problem>)>,
    invalid: Vec<InvalidFile>,
}

/// The connections that a command selects, and the problems of their files.
pub struct Selected {
    /// The connections that can be scanned.
    pub ready: Vec<Ready>,
    /// Invalid files that may belong to selected connections.
    pub invalid: Vec<InvalidFile>,
    /// Files of selected connections that are disabled.
    pub disabled: Vec<(ConnectionCode, PathBuf)>,
    /// Other problems.
    pub problems: Vec<Problem>,
}

impl Selected {
    /// Removes and returns all problems, those of invalid files first.
    pub fn take_problems(&mut self) -> Vec<Problem> {
        let files = std::mem::take(&mut self.invalid).into_iter();
        let mut problems: Vec<_> = files.flat_map(|file| file.problems).collect();
        problems.append(&mut self.problems);
        problems
    }
}

/// A code that no connection has.
#[derive(Debug, PartialEq, Eq)]
pub struct UnknownCode {
    /// The requested code.
    pub code: String,
    /// The codes of the valid files.
    pub known: Vec<String>,
    /// The code and the path of a file whose name is the requested code.
    pub of_file: Option<(String, String)>,
}

impl fmt::Display for UnknownCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            code,
            known,
            of_file,
        } = self;
        write!(f, "no connection has the code `{code}`; ")?;
        let known: Vec<_> = known.iter().map(String::as_str).collect();
        match of_file {
            _ if known.is_empty() => f.write_str("no connection file is valid"),
            Some((of_file, file)) => write!(f, "the file `{file}` has the code `{of_file}`"),
            None => {
                let question = near_code::did_you_mean(code, &known);
                write!(f, "{question}the connections are: {}", known.join(", "))
            }
        }
    }
}

/// The hint for two codes that differ only in case.
pub const DIFFERS_IN_CASE: &str = "neither is scanned: their files would have the same names on Windows; change one of the two codes";

impl Connections {
    /// The codes of all files, or `None` if the code of a file cannot be read.
    pub fn all_codes(&self) -> Option<Vec<ConnectionCode>> {
        let ready = self.ready.iter().map(|(ready, _)| Some(ready.code.clone()));
        let disabled = (self.disabled.iter()).map(|(code, _, _)| Some(code.clone()));
        let invalid = self.invalid.iter().map(|file| file.code.clone());
        ready.chain(disabled).chain(invalid).collect()
    }

    /// Reads all connection files.
    ///
    /// # Errors
    /// If the folder does not exist, is empty, or cannot be read.
    pub fn load(reading: &Reading<'_>) -> Result<Self, Problem> {
        let folder = reading.home.connections();
        let paths = connection_files(&folder)?;
        let mut connections = Self::default();
        let mut first: BTreeMap<String, PathBuf> = BTreeMap::new();
        let mut enabled: BTreeMap<String, (ConnectionCode, PathBuf)> = BTreeMap::new();
        for path in paths {
            let read = input_file::read(&path, FileKind::Settings)
                .map_err(|error| unreadable(&path, &error));
            let read = read.and_then(|content| reading.read(&path, &content));
            let code = match &read {
                Ok(file) => Some(file.code.clone()),
                Err(invalid) => invalid.code.clone(),
            };
            let earlier = code.and_then(|code| {
                let earlier = first.get(&Home::identity(&code)).cloned();
                first
                    .entry(Home::identity(&code))
                    .or_insert_with(|| path.clone());
                Some((code, earlier?))
            });
            match read {
                Err(invalid) => connections.invalid.push(invalid),
                Ok(file) if earlier.is_none() => {
                    let own = (file.code.clone(), path.clone());
                    let is_enabled = file.connection.is_some();
                    connections.add(file, path.clone());
                    let similar =
                        is_enabled.then(|| enabled.insert(Home::case_folded(&own.0), own.clone()));
                    if let Some(other) = similar.flatten() {
                        connections.reject_similar(&own, &other);
                    }
                }
                Ok(_) => {}
            }
            if let Some((code, earlier)) = earlier {
                connections.reject_both(&code, &path, &earlier);
            }
        }
        Ok(connections)
    }

    fn add(&mut self, file: ConnectionFile, path: PathBuf) {
        let ConnectionFile {
            code,
            name,
            connector,
            connection,
            secrets,
            time_limit,
            schedule,
            warnings,
        } = file;
        match connection {
            Some(connection) => self.ready.push((
                Ready {
                    code,
                    name,
                    path,
                    connector,
                    connection: connection.into(),
                    secrets,
                    time_limit,
                    schedule,
                },
                warnings,
            )),
            None => self.disabled.push((code, path, warnings)),
        }
    }

    /// Rejects two files with the same code: the scanner cannot know which one is right.
    fn reject_both(&mut self, code: &ConnectionCode, second: &Path, first: &Path) {
        let same = |other: &ConnectionCode| Home::identity(other) == Home::identity(code);
        self.ready.retain(|(ready, _)| !same(&ready.code));
        self.disabled.retain(|(disabled, ..)| !same(disabled));
        self.invalid.push(InvalidFile {
            path: second.to_path_buf(),
            invalid_part: InvalidPart::File,
            code: Some(code.clone()),
            problems: vec![Problem::general(
                format!("`{}` has the same code `{code}` as `{}`", shown(second), shown(first)),
                "neither is scanned: each connection needs its own code, so change the code in one of the two files, or remove one file"
                    .to_owned(),
            )],
        });
    }

    /// Rejects two enabled files whose codes differ only in case: on some systems, they would use the same files.
    fn reject_similar(
        &mut self,
        second: &(ConnectionCode, PathBuf),
        first: &(ConnectionCode, PathBuf),
    ) {
        let is_similar =
            |ready: &ConnectionCode| Home::case_folded(ready) == Home::case_folded(&first.0);
        self.ready.retain(|(ready, _)| !is_similar(&ready.code));
        for ((code, path), (other, other_path)) in [(first, second), (second, first)] {
            let message = format!(
                "the code `{code}` of `{}` differs from the code `{other}` of `{}` only in case",
                shown(path),
                shown(other_path)
            );
            self.invalid.push(InvalidFile::general(
                path,
                Some(code.clone()),
                Problem::general(message, DIFFERS_IN_CASE.to_owned()),
            ));
        }
    }

    /// Selects the connections with these codes, or all enabled connections.
    ///
    /// # Errors
    /// If a code is unknown, and no invalid file can have it.
    pub fn select(self, codes: &[String]) -> Result<Selected, UnknownCode> {
        let known = self.codes();
        let unread: Vec<_> = codes.iter().filter(|code| !known.contains(code)).collect();
        for code in &unread {
            if !self.invalid.iter().any(|file| file.may_be(code)) {
                return Err(UnknownCode {
                    code: (*code).clone(),
                    of_file: self.of_file(code),
                    known,
                });
            }
        }
        let all = codes.is_empty();
        let asked = |code: &ConnectionCode| codes.iter().any(|asked| asked == code.as_str());
        let mut problems = Vec::new();
        let mut invalid = self.invalid;
        invalid.retain(|file| all || unread.iter().any(|code| file.may_be(code)));
        // An invalid file with this code explains itself.
        let unexplained = (unread.iter()).filter(|code| !invalid.iter().any(|file| file.has(code)));
        problems.extend(unexplained.map(|code| not_read(code, &known)));
        let mut not_enabled = Vec::new();
        for (code, path, warnings) in self.disabled {
            if asked(&code) {
                problems.push(disabled(&code, &path));
            }
            if all || asked(&code) {
                problems.extend(warnings);
                not_enabled.push((code, path));
            }
        }
        if all && self.ready.is_empty() && invalid.is_empty() {
            problems.push(nothing_enabled(&not_enabled));
        }
        let mut ready = Vec::new();
        for (connection, warnings) in self.ready {
            if all || asked(&connection.code) {
                problems.extend(warnings);
                ready.push(connection);
            }
        }
        // A warning about a file that several connections use is reported once.
        let mut reported = BTreeSet::new();
        problems.retain(|problem| problem.is_new(&mut reported));
        Ok(Selected {
            ready,
            invalid,
            disabled: not_enabled,
            problems,
        })
    }

    /// The code and the path of the file with this name.
    fn of_file(&self, name: &str) -> Option<(String, String)> {
        let ready = self
            .ready
            .iter()
            .map(|(ready, _)| (&ready.code, &ready.path));
        let disabled = self.disabled.iter().map(|(code, path, _)| (code, path));
        let mut files = ready.chain(disabled);
        let (code, path) = files.find(|(_, path)| near_code::is_name_of(name, path))?;
        Some((code.to_string(), shown(path)))
    }

    /// The codes of the valid files.
    fn codes(&self) -> Vec<String> {
        let ready = self.ready.iter().map(|(ready, _)| &ready.code);
        let disabled = self.disabled.iter().map(|(code, ..)| code);
        ready.chain(disabled).map(ToString::to_string).collect()
    }
}

impl InvalidFile {
    /// Whether this file may have the code.
    fn may_be(&self, code: &str) -> bool {
        self.code.is_none() || self.has(code)
    }

    /// Whether this file has the code. On some systems, codes that differ only in case are the same.
    fn has(&self, code: &str) -> bool {
        let asked = ConnectionCode::new(code);
        let own = self.code.as_ref();
        own.zip(asked.ok())
            .is_some_and(|(own, asked)| Home::identity(own) == Home::identity(&asked))
    }
}

fn not_read(code: &str, known: &[String]) -> Problem {
    let known: Vec<_> = known.iter().map(String::as_str).collect();
    let fix = "if a file with errors above has the code, fix the errors first";
    let hint = match near_code::near_code(code, &known) {
        Some(near) => format!("did you mean `{near}`? {fix}"),
        None => fix.to_owned(),
    };
    Problem::general(format!("no valid file has the code `{code}`"), hint)
}

fn disabled(code: &ConnectionCode, path: &Path) -> Problem {
    Problem::general(
        format!("the connection `{code}` is disabled in `{}`", shown(path)),
        "set `enabled = true` there to scan it".to_owned(),
    )
}

fn nothing_enabled(disabled: &[(ConnectionCode, PathBuf)]) -> Problem {
    let files: Vec<_> = disabled
        .iter()
        .map(|(_, path)| format!("`{}`", shown(path)))
        .collect();
    let contain = match files.len() {
        1 => "contains",
        _ => "contain",
    };
    let files = files.join(", ");
    let message = format!("no connection is enabled: {files} {contain} `enabled = false`");
    Problem::warning(
        message,
        "set `enabled = true` in the files to scan".to_owned(),
    )
}

/// A connection file that cannot be read.
pub fn unreadable(path: &Path, error: &io::Error) -> InvalidFile {
    InvalidFile {
        path: path.to_path_buf(),
        invalid_part: InvalidPart::File,
        code: None,
        problems: vec![Problem::general(
            format!(
                "the connection file `{}` cannot be read: {error}",
                shown(path)
            ),
            None,
        )],
    }
}
