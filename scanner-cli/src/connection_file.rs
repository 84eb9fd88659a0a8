//! One connection file: from its bytes to a connection, or to all that is wrong with it.

use std::{collections::BTreeMap, path::Path, sync::Arc};

use catalog_model::{
    Connection, ConnectionCode, ConnectorId, ConnectorRegistry, Place, Settings,
    settings::{Setting, SettingProblem, SettingValue, UnknownSetting},
};

use crate::{
    hocon::{self, Diagnostic, Found, Node, Object, Severity, Value},
    home::Home,
    problem::Problem,
};

/// A connection file that was understood.
pub(crate) struct ConnectionFile {
    pub(crate) code: ConnectionCode,
    pub(crate) code_place: Place,
    pub(crate) name: String,
    /// What can be scanned; nothing of a file that says `enabled = false`.
    pub(crate) connection: Option<Box<dyn Connection>>,
    /// What is odd in it.
    pub(crate) warnings: Vec<Problem>,
}

/// A connection file that cannot be used.
pub(crate) struct InvalidFile {
    /// Its code, if that much could be read.
    pub(crate) code: Option<ConnectionCode>,
    pub(crate) problems: Vec<Problem>,
}

/// What reading a connection file needs besides the file.
pub(crate) struct Reading<'a> {
    pub(crate) home: &'a Home,
    pub(crate) variables: &'a BTreeMap<String, String>,
    pub(crate) connectors: &'a ConnectorRegistry,
}

/// Settings of every connection file that the reference reads itself, and ours leave alone for now.
const OTHERS: [&str; 3] = [
    "catalog_code",
    "secret_manager.enabled",
    "secret_manager.key",
];

impl Reading<'_> {
    /// Reads the file at `path` with this content.
    pub(crate) fn read(&self, path: &Path, content: &[u8]) -> Result<ConnectionFile, InvalidFile> {
        let document =
            hocon::read(path, content, self.variables, &hocon::Disk).map_err(|diagnostics| {
                InvalidFile {
                    code: None,
                    problems: diagnostics.into_iter().map(Problem::InFile).collect(),
                }
            })?;
        let file = path.display().to_string();
        let mut settings = Settings::new(file, block(document.root), Arc::new(self.home.clone()));
        let opened = self.open(&mut settings);
        let show =
            |severity, found| Problem::InFile(Diagnostic::in_file(path, content, severity, found));
        let mut warnings: Vec<_> = document.warnings.into_iter().map(Problem::InFile).collect();
        match opened {
            Ok(mut opened) => {
                if opened.connection.is_some() {
                    let unknown = settings.unknown().into_iter().map(unknown_setting);
                    warnings.extend(unknown.map(|found| show(Severity::Warning, found)));
                }
                opened.warnings = warnings;
                Ok(opened)
            }
            Err(code) => {
                let problems = settings.problems().into_iter().map(wrong_setting);
                let problems = problems.map(|found| show(Severity::Error, found));
                Err(InvalidFile {
                    code,
                    problems: problems.collect(),
                })
            }
        }
    }

    /// Reads all settings; where some are wrong, only the code comes back, if there is one.
    fn open(&self, settings: &mut Settings) -> Result<ConnectionFile, Option<ConnectionCode>> {
        let enabled = settings.flag("enabled", true);
        for other in OTHERS {
            settings.know(other);
        }
        let name = settings.required_text("name").map(|name| name.value);
        let code = settings.required_text("code").and_then(|code| {
            let checked = ConnectionCode::new(&code.value);
            let refused = checked
                .as_ref()
                .err()
                .map(|error| format!("`code` names no connection: {error}"));
            if let Some(message) = refused {
                settings.refuse("code", message, None);
            }
            Some((checked.ok()?, code.place))
        });
        let connector = settings.required_text("connector_id").map(|id| id.value);
        let Some((code, code_place)) = code else {
            // A code of its own lets the connector tell its problems, too.
            if enabled {
                let _ = self.connect(
                    ConnectionCode::new("missing").ok(),
                    connector.as_deref(),
                    settings,
                );
            }
            return Err(None);
        };
        let connection = if enabled {
            let connection = self.connect(Some(code.clone()), connector.as_deref(), settings);
            Some(connection.ok_or_else(|| Some(code.clone()))?)
        } else {
            None
        };
        match (settings.check(), name) {
            (Ok(()), Some(name)) => Ok(ConnectionFile {
                code,
                code_place,
                name,
                connection,
                warnings: Vec::new(),
            }),
            _ => Err(Some(code)),
        }
    }

    fn connect(
        &self,
        code: Option<ConnectionCode>,
        connector: Option<&str>,
        settings: &mut Settings,
    ) -> Option<Box<dyn Connection>> {
        let connector = connector?;
        let known = ConnectorId::new(connector).ok();
        let Some(known) = known.and_then(|id| self.connectors.get(&id)) else {
            let ids: Vec<_> = self.connectors.ids().map(|id| format!("`{id}`")).collect();
            let message = format!("there is no connector `{connector}`");
            settings.refuse(
                "connector_id",
                message,
                format!("this scanner has {}", ids.join(", ")),
            );
            return None;
        };
        known.open(code?, settings).ok()
    }
}

fn wrong_setting(problem: SettingProblem) -> Found {
    Found {
        place: problem.place,
        message: problem.message,
        hint: problem.hint,
    }
}

fn unknown_setting(unknown: UnknownSetting) -> Found {
    Found {
        message: format!("`{}` is no setting that this connector knows", unknown.key),
        hint: unknown.near.map(|near| format!("did you mean `{near}`?")),
        place: unknown.place,
    }
}

/// The tree of a file as settings, of which a value's place is where it stands.
fn block(object: Object) -> Vec<(String, Setting)> {
    object
        .into_iter()
        .map(|entry| (entry.key, setting(entry.value)))
        .collect()
}

fn setting(node: Node) -> Setting {
    let value = match node.value {
        Value::Null => SettingValue::Null,
        Value::Bool(truth) => SettingValue::Bool(truth),
        Value::Number(text) => SettingValue::Number(text),
        Value::String(text) => SettingValue::Text(text),
        Value::List(nodes) => SettingValue::List(nodes.into_iter().map(setting).collect()),
        Value::Object(object) => SettingValue::Block(block(object)),
    };
    Setting {
        value,
        place: node.place,
    }
}
