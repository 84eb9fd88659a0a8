//! The connection files of a home: which there are, which can be scanned, which are meant.

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
    hocon::Severity,
    home::{Home, shown},
    input_file::{self, FileKind},
    near_code,
    problem::Problem,
    schedule::Schedule,
    secrets::Redactor,
};

pub use folder::{connection_files, listed};

/// A connection that can be scanned.
#[derive(Clone)]
pub struct Ready {
    /// Its code.
    pub code: ConnectionCode,
    /// Its name.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// The kind of its source.
    pub connector: String,
    /// The source.
    pub connection: Arc<dyn Connection>,
    /// What no text about it may hold.
    pub secrets: Arc<Redactor>,
    /// How long a scan may take.
    pub time_limit: Option<Duration>,
    /// When it is scanned, if its file says so.
    pub schedule: Option<Schedule>,
}

/// All connection files of a home.
#[derive(Default)]
pub struct Connections {
    ready: Vec<(Ready, Vec<Problem>)>,
    disabled: Vec<(ConnectionCode, PathBuf, Vec<Problem>)>,
    invalid: Vec<InvalidFile>,
}

/// The connections that a command is about, and what is wrong or odd with files that it may be about.
pub struct Selected {
    /// The connections that can be scanned.
    pub ready: Vec<Ready>,
    /// Files that may be meant and cannot be used.
    pub invalid: Vec<InvalidFile>,
    /// Files that are meant and disabled.
    pub disabled: Vec<(ConnectionCode, PathBuf)>,
    /// What else a person should know.
    pub problems: Vec<Problem>,
}

impl Selected {
    /// All problems, those of the files first.
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
    /// The code that was asked for.
    pub code: String,
    /// The codes of the files that could be read.
    pub known: Vec<String>,
    /// The code of the file that has `code` as its name, and that file.
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
            _ if known.is_empty() => f.write_str("no connection file could be read"),
            Some((of_file, file)) => write!(f, "the file `{file}` has the code `{of_file}`"),
            None => {
                let question = near_code::did_you_mean(code, &known);
                write!(f, "{question}there are: {}", known.join(", "))
            }
        }
    }
}

/// What to do about two codes that differ only in case.
pub const DIFFERS_IN_CASE: &str = "neither is scanned: their files would have the same names on Windows; give one of the two another code";

impl Connections {
    /// The codes of all files, or nothing if the code of a file cannot be read.
    pub fn all_codes(&self) -> Option<Vec<ConnectionCode>> {
        let ready = self.ready.iter().map(|(ready, _)| Some(ready.code.clone()));
        let disabled = (self.disabled.iter()).map(|(code, _, _)| Some(code.clone()));
        let invalid = self.invalid.iter().map(|file| file.code.clone());
        ready.chain(disabled).chain(invalid).collect()
    }

    /// Reads every file of the connections folder.
    ///
    /// # Errors
    /// When there is no such folder, no file in it, or it cannot be read.
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
                    let like =
                        is_enabled.then(|| enabled.insert(Home::folded(&own.0), own.clone()));
                    if let Some(other) = like.flatten() {
                        connections.refuse_like(&own, &other);
                    }
                }
                Ok(_) => {}
            }
            if let Some((code, earlier)) = earlier {
                connections.refuse_both(&code, &path, &earlier);
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

    /// Two files with one code: neither can be told to be the right one.
    fn refuse_both(&mut self, code: &ConnectionCode, second: &Path, first: &Path) {
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

    /// Two enabled files whose codes differ only in case: on some systems they have the same files.
    fn refuse_like(
        &mut self,
        second: &(ConnectionCode, PathBuf),
        first: &(ConnectionCode, PathBuf),
    ) {
        let is_like = |ready: &ConnectionCode| Home::folded(ready) == Home::folded(&first.0);
        self.ready.retain(|(ready, _)| !is_like(&ready.code));
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

    /// The connections of these codes, or all that are enabled.
    ///
    /// # Errors
    /// When a code is of no connection, nor can it be of a file that could not be read.
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
        // Of a file that has the code itself, all is told.
        let has = |code: &str, file: &InvalidFile| {
            let own = file.code.as_ref();
            own.is_some_and(|own| own.as_str() == code)
        };
        let unsaid = (unread.iter()).filter(|code| !invalid.iter().any(|file| has(code, file)));
        problems.extend(unsaid.map(|code| not_read(code, &known)));
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
        // What is odd about a file that several connections use is told once.
        let mut told = BTreeSet::new();
        problems.retain(|problem| problem.is_news_after(&mut told));
        Ok(Selected {
            ready,
            invalid,
            disabled: not_enabled,
            problems,
        })
    }

    /// The code of the file that has this name, and that file.
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

    /// The codes of the files that could be read.
    fn codes(&self) -> Vec<String> {
        let ready = self.ready.iter().map(|(ready, _)| &ready.code);
        let disabled = self.disabled.iter().map(|(code, ..)| code);
        ready.chain(disabled).map(ToString::to_string).collect()
    }
}

impl InvalidFile {
    /// Whether this may be the file of that code.
    fn may_be(&self, code: &str) -> bool {
        self.code
            .as_ref()
            .is_none_or(|known| known.as_str() == code)
    }
}

fn not_read(code: &str, known: &[String]) -> Problem {
    let known: Vec<_> = known.iter().map(String::as_str).collect();
    let fix = "if the code is in a file with errors above, fix these first";
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
    Problem::General {
        severity: Severity::Warning,
        message: format!(
            "no connection is enabled: {} {} `enabled = false`",
            files.join(", "),
            if files.len() == 1 {
                "contains"
            } else {
                "contain"
            }
        ),
        hint: Some("set `enabled = true` in the files that are to be scanned".to_owned()),
    }
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
