//! `config show`: prints the settings of a connection file as the scanner reads them, without secrets.

use crate::{
    arguments::ShowFormat,
    exit::Exit,
    hocon::{self, Masking, Object, render_path},
    json_text::json_page,
    next_times::NextTimes,
    printable::Page,
    problem::Problem,
    program::Program,
};

pub(crate) fn run(program: &mut Program, file_or_code: &str, format: ShowFormat) -> Exit {
    let path = match program.installation.find_settings_file(file_or_code) {
        Ok(path) => path,
        Err(error) => return program.report_error(&error),
    };
    match program.installation.read_masked(&path) {
        Err(problems) => {
            program.report_problems(&problems);
            Exit::Configuration
        }
        Ok(document) => {
            for warning in document.warnings {
                program.report_problem(&Problem::InFile(warning));
            }
            let mut problems = Vec::new();
            let installation = &program.installation;
            let times = installation.next_times(&path, &document.root, &mut problems);
            program.report_problems(&problems);
            let text = match format {
                ShowFormat::Text => as_text(&document.root, times.as_ref()),
                ShowFormat::Json => as_json(&document.root, times.as_ref()),
            };
            program.print(&text, Exit::Complete)
        }
    }
}

fn as_json(root: &Object, times: Option<&NextTimes>) -> String {
    let mut settings = hocon::to_json(root, Masking::Mask);
    if let Some(times) = times {
        times.add_to(&mut settings);
    }
    json_page(&settings)
}

/// One line for each setting: `connections/qlik.conf:4:8   connection.url = "https://…"`.
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
