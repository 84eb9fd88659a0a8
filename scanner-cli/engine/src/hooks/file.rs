//! Reads hook files, `hooks/*.conf`.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use catalog_model::{InvisibleCharacter, Settings};

use super::Hook;
use crate::{
    connections::listed,
    hocon::{self, LocatedProblem, Severity, SourceDiagnostic, Value, ValueVisibility},
    home::{Home, shown},
    input_file::{self, FileKind},
    misspelt_setting::name_misspelt,
    problem::Problem,
    settings_files::Disk,
    settings_tree::wrong_setting,
    suspicious_texts::{Sources, SuspiciousTexts},
    tracked_files::TrackedFiles,
    writable,
};

/// A hook file.
#[derive(Debug)]
pub struct HookFile {
    /// The file.
    pub path: PathBuf,
    /// The hook, or `None` if the file cannot be used.
    pub hook: Option<Hook>,
    /// Whether the hook runs after scans.
    pub enabled: bool,
    /// The errors and warnings of the file.
    pub problems: Vec<Problem>,
}

const COMMAND: &str = "post_items_upsert_command";
/// Time limit of a hook unless its file sets one.
const TIME_LIMIT: Duration = Duration::from_secs(600);

/// Reads the hook files of a home, sorted by name. A folder that cannot be read is returned as an invalid file.
pub fn files(home: &Home, variables: &BTreeMap<String, String>) -> Vec<HookFile> {
    let folder = home.path("hooks");
    let paths = match listed(&folder) {
        Ok((paths, _)) => paths,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Vec::new(),
        Err(error) => {
            let message = format!("the folder `{}` cannot be read: {error}", shown(&folder));
            return vec![HookFile::invalid(
                folder,
                vec![Problem::general(message, None)],
            )];
        }
    };
    let mut files: Vec<HookFile> = Vec::new();
    for path in paths {
        let mut file = read(&path, home, variables)
            .unwrap_or_else(|problems| HookFile::invalid(path.clone(), problems));
        let code = file.hook.as_ref().map(|hook| hook.code.as_str());
        let mut others = files.iter().filter(|other| other.code().is_some());
        if let Some(other) = others.find(|other| other.code() == code) {
            file = HookFile::invalid(path, vec![same_code(&file, other)]);
        }
        files.push(file);
    }
    files
}

impl HookFile {
    fn invalid(path: PathBuf, problems: Vec<Problem>) -> Self {
        Self {
            path,
            hook: None,
            enabled: true,
            problems,
        }
    }

    /// The code of the hook.
    pub fn code(&self) -> Option<&str> {
        self.hook.as_ref().map(|hook| hook.code.as_str())
    }
}

fn same_code(file: &HookFile, other: &HookFile) -> Problem {
    Problem::general(
        format!(
            "the hook file `{}` has the same code `{}` as `{}`",
            shown(&file.path),
            file.code().unwrap_or_default(),
            shown(&other.path)
        ),
        "each hook needs its own code: change the code of this one; until then it does not run"
            .to_owned(),
    )
}

/// Reads a file.
///
/// # Errors
/// All errors in the file.
fn read(
    path: &Path,
    home: &Home,
    variables: &BTreeMap<String, String>,
) -> Result<HookFile, Vec<Problem>> {
    let content = input_file::read(path, FileKind::Settings).map_err(|error| {
        let message = format!("`{}` cannot be read: {error}", shown(path));
        vec![Problem::general(message, None)]
    })?;
    let document = hocon::read(path, &content, variables, &Disk)
        .map_err(|errors| errors.into_iter().map(Problem::InFile).collect::<Vec<_>>())?;
    let suspicious = SuspiciousTexts::find(&document.root, &Sources::new(path, &content, &Disk));
    let command = match document.root.get(COMMAND) {
        None => CommandSetting::Missing,
        Some(node) => command(&node.value).map_or(CommandSetting::Invalid, CommandSetting::Words),
    };
    let files = Arc::new(TrackedFiles::new(home));
    let mut settings = Settings::new(path.display().to_string(), document.root, files);
    let show = |severity, found| {
        Problem::InFile(SourceDiagnostic::in_file(path, &content, severity, found))
    };
    let enabled = settings.flag("enabled", true);
    settings.know(COMMAND);
    let hook = hook(&mut settings, command);
    let mut problems = settings.problems();
    name_misspelt(&settings, &mut problems);
    let errors = problems.into_iter().map(wrong_setting);
    let errors: Vec<_> = suspicious.errors.into_iter().chain(errors).collect();
    // A disabled hook may be incomplete.
    if !errors.is_empty() && enabled {
        let show = |found| show(Severity::Error, found);
        return Err(errors.into_iter().map(show).collect());
    }
    let hook = hook.filter(|_| errors.is_empty());
    let warnings = settings.warnings().iter().cloned().map(wrong_setting);
    let suspicious = suspicious.warnings.into_iter().chain(warnings);
    let suspicious = suspicious.chain(misspelt(&settings));
    let suspicious = suspicious.map(|found| show(Severity::Warning, found));
    let syntax_warnings = document.warnings.into_iter().map(Problem::InFile);
    let mut problems: Vec<_> = syntax_warnings.chain(suspicious).collect();
    let words = hook.iter().flat_map(|hook| &hook.command);
    problems.extend(writable::hook_warnings(home, path, words));
    Ok(HookFile {
        path: path.to_path_buf(),
        hook,
        enabled,
        problems,
    })
}

/// The setting of the program to run.
enum CommandSetting {
    Words(Vec<String>),
    Invalid,
    Missing,
}

fn hook(settings: &mut Settings, command: CommandSetting) -> Option<Hook> {
    let code = code(settings);
    if settings.required_text("hook_id").is_some() {
        settings.choice("hook_id", &[("external-script", ())]);
    }
    let time_limit = settings.duration("time_limit");
    let error = match &command {
        CommandSetting::Words(_) => None,
        CommandSetting::Invalid => Some("must be a list of texts, the first a program"),
        CommandSetting::Missing => Some("is mandatory and missing"),
    };
    if let Some(error) = error {
        let hint = format!("write `{COMMAND} = [\"python\", \"script.py\"]`");
        settings.refuse(COMMAND, format!("`{COMMAND}` {error}"), hint);
    }
    let CommandSetting::Words(command) = command else {
        return None;
    };
    Some(Hook {
        code: code?,
        command,
        time_limit: time_limit.map_or(TIME_LIMIT, |limit| limit.value),
    })
}

fn code(settings: &mut Settings) -> Option<String> {
    let code = settings.required_text("code")?;
    let Some((_, found)) = InvisibleCharacter::find(&code.value) else {
        return Some(code.value);
    };
    let message = format!("`code` has an invisible character: {found}");
    settings.refuse(
        "code",
        message,
        "type the code again, without it".to_owned(),
    );
    None
}

fn command(value: &Value) -> Option<Vec<String>> {
    let Value::List(nodes) = value else {
        return None;
    };
    let words = nodes.iter().map(|node| match &node.value {
        Value::String(text) | Value::Number(text) => Some(text.clone()),
        _ => None,
    });
    let words: Vec<_> = words.collect::<Option<_>>()?;
    (!words.is_empty()).then_some(words)
}

/// Settings whose names look misspelt. Other unknown settings may belong to other programs.
fn misspelt(settings: &Settings) -> Vec<LocatedProblem> {
    let unknown = settings.find_unknown(&[COMMAND]).settings.into_iter();
    let found = unknown.filter_map(|unknown| {
        let near = unknown.near?;
        Some(LocatedProblem {
            place: unknown.place,
            message: format!("`{}` is not a setting of a hook", unknown.key),
            hint: Some(format!("did you mean `{near}`?")),
            value: ValueVisibility::Hidden,
        })
    });
    found.collect()
}
