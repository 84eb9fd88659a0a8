//! Environment variables, standard streams and clock. They are read once, at the start; tests replace them.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal, Read, Write},
    path::PathBuf,
};

use jiff::tz::TimeZone;

use crate::{clock::Clock, printable::Terminal, terminal::Screen};

/// The environment of the program.
pub struct Environment {
    /// Environment variables whose names and values are Unicode.
    pub variables: BTreeMap<String, String>,
    /// The home in `SCANNER_HOME`, which `--home` replaces. Unlike other variables, it may be a path that is not Unicode.
    pub home: Option<PathBuf>,
    /// Standard input.
    pub input: Box<dyn Read + Send>,
    /// Whether standard input is a terminal.
    pub is_interactive: bool,
    /// Standard output: only data.
    pub output: Box<dyn Write + Send>,
    /// Standard error: messages and reports.
    pub errors: Box<dyn Write + Send>,
    /// The terminal of standard output, if it is one.
    pub screen: Option<Screen>,
    /// Whether standard error is a terminal.
    pub terminal: bool,
    /// The clock.
    pub clock: Clock,
    /// The time zone of the person: that of `TZ`, else that of the machine.
    pub zone: TimeZone,
}

impl Environment {
    /// The environment of this process.
    #[must_use]
    pub fn from_process() -> Self {
        // Consoles of Windows show control sequences as text until a program switches them on.
        #[cfg(windows)]
        let _ = anstyle_query::windows::enable_ansi_colors();
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self {
            screen: Screen::from_standard_output(&variables),
            variables,
            home: std::env::var_os("SCANNER_HOME").map(PathBuf::from),
            input: Box::new(io::stdin()),
            is_interactive: io::stdin().is_terminal(),
            output: if io::stdout().is_terminal() {
                Box::new(Terminal::new(io::stdout()))
            } else {
                Box::new(io::stdout())
            },
            errors: Box::new(io::stderr()),
            terminal: io::stderr().is_terminal(),
            clock: jiff::Timestamp::now,
            zone: TimeZone::system(),
        }
    }
}
