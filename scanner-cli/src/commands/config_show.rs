//! `config show`: a connection file as it is understood, secrets masked.

mod next_times;

use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

use self::next_times::NextTimes;
use crate::{
    arguments::ShowFormat,
    connections::connection_files,
    exit::Exit,
    hocon::{self, Document, Files, Masking, NotIncluded, Object, Value, render_path},
    home::shown,
    input_file::{self, FileKind},
    json_text::json_page,
    near_code::did_you_mean,
    noted_files::NotedFiles,
    printable::Page,
    problem::Problem,
    program::Program,
    restrictions::Restrictions,
    secrets::Masked,
};

pub(crate) fn run(program: &mut Program, file_or_code: &str, format: ShowFormat) -> Exit {
    let path = match find(program, file_or_code) {
        Ok(path) => path,
        Err(exit) => return exit,
    };
    match read(program, &path) {
        Err(problems) => {
            for problem in &problems {
                program.report_problem(problem);
            }
            Exit::Configuration
        }
        Ok(document) => {
            for warning in document.warnings {
                program.report_problem(&Problem::InFile(warning));
            }
            let times = next_times::find(program, &path, &document.root);
            let text = match format {
                ShowFormat::Text => as_text(&document.root, times.as_ref()),
                ShowFormat::Json => as_json(&document.root, times.as_ref()),
            };
            program.print(&text, Exit::Complete)
        }
    }
}

/// The file that is meant: one that exists, else the one of the connection with that code.
fn find(program: &mut Program, file_or_code: &str) -> Result<PathBuf, Exit> {
    let path = Path::new(file_or_code);
    if input_file::metadata(path).is_ok_and(|found| !found.is_dir()) {
        return Ok(path.to_path_buf());
    }
    if path.components().count() > 1
        || path
            .extension()
            .is_some_and(|extension| extension == "conf")
    {
        program.report_problem(&Problem::general(
            format!("there is no file `{}`", shown(path)),
            None,
        ));
        return Err(Exit::Configuration);
    }
    let paths = connection_files(&program.home.connections()).map_err(|problem| {
        program.report_problem(&problem);
        Exit::Configuration
    })?;
    let (mut unread, mut known) = (Vec::new(), Vec::new());
    for path in paths {
        match read(program, &path) {
            Ok(document) => {
                let code = code(&document.root);
                if code == Some(file_or_code) {
                    return Ok(path);
                }
                known.extend(code.map(str::to_owned));
            }
            Err(problems) => unread.push((path, problems)),
        }
    }
    let known: Vec<_> = known.iter().map(String::as_str).collect();
    let suggestion = match known[..] {
        [] => String::new(),
        _ => format!(
            "; {}there are: {}",
            did_you_mean(file_or_code, &known),
            known.join(", ")
        ),
    };
    let message =
        format!("`{file_or_code}` is neither a file nor the code of a connection{suggestion}");
    if unread.is_empty() {
        return Err(program.report_usage(&message));
    }
    for problem in unread.iter().flat_map(|(_, problems)| problems) {
        program.report_problem(problem);
    }
    let hint = "it may be the code of a file that cannot be read".to_owned();
    program.report_problem(&Problem::general(message, hint));
    Err(Exit::Configuration)
}

fn read(program: &Program, path: &Path) -> Result<Document, Vec<Problem>> {
    let content = input_file::read(path, FileKind::Settings).map_err(|error| {
        vec![Problem::general(
            format!("`{}` cannot be read: {error}", shown(path)),
            None,
        )]
    })?;
    let restrictions = Arc::new(Restrictions::read(
        &program.home,
        &program.environment.variables,
    )?);
    let variables = Masked {
        variables: &program.environment.variables,
        restrictions: &restrictions,
    };
    let files = ShownFiles {
        path,
        files: NotedFiles::with_restrictions(&program.home, restrictions.clone()),
    };
    hocon::read(path, &content, &variables, &files)
        .map_err(|diagnostics| diagnostics.into_iter().map(Problem::InFile).collect())
}

/// The files that are read to show one: it may be quoted, wherever it is, since somebody named it. A link may lead anywhere.
struct ShownFiles<'a> {
    path: &'a Path,
    files: NotedFiles,
}

impl Files for ShownFiles<'_> {
    fn content(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        self.files.content(path)
    }

    fn may_include(&self, path: &Path) -> Result<(), NotIncluded> {
        self.files.may_include(path)
    }

    fn may_quote(&self, path: &Path) -> bool {
        self.files.may_quote(path) || (path == self.path && !input_file::is_link(path))
    }
}

fn code(root: &Object) -> Option<&str> {
    match &root.get("code")?.value {
        Value::String(code) | Value::Number(code) => Some(code),
        _ => None,
    }
}

fn as_json(root: &Object, times: Option<&NextTimes>) -> String {
    let mut settings = hocon::to_json(root, Masking::Mask);
    if let Some(times) = times {
        times.add_to(&mut settings);
    }
    json_page(&settings)
}

/// `connections/qlik.conf:4:8   connection.url = "https://…"`, a line each.
fn as_text(root: &Object, times: Option<&NextTimes>) -> String {
    let settings = hocon::settings(root);
    let places: Vec<_> = settings
        .iter()
        .map(|setting| setting.node.place.to_string())
        .collect();
    let width = places
        .iter()
        .map(|place| place.chars().count())
        .max()
        .unwrap_or(0);
    let mut text = Page::default();
    for (setting, place) in settings.iter().zip(&places) {
        let value = setting.to_json(Masking::Mask);
        let path = render_path(&setting.path);
        writeln!(text, "{place:width$}  {path} = {value}");
    }
    if let Some(times) = times {
        writeln!(text, "{}", times.as_text());
    }
    text.into()
}
