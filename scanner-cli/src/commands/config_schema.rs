//! `config schema`: prints a JSON Schema for editors.

use crate::{
    arguments::SettingsFile, config_schema, exit::Exit, json_text::json_page, program::Program,
};

pub(crate) fn run(program: &mut Program, file: SettingsFile) -> Exit {
    let installation = &program.installation;
    let schema = match file {
        SettingsFile::Connection => config_schema::of_connections(&installation.connectors),
        SettingsFile::Application => config_schema::of_application(&installation.followers),
    };
    program.print(&json_page(&schema), Exit::Complete)
}
