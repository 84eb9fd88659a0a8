//! What the program takes from the world: read once, at the top, and replaced by tests.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal, Read, Write},
    path::PathBuf,
};

use crate::{clock::Clock, printable::Terminal, terminal::Screen};

/// What the program takes from the world.
pub struct Environment {
    /// Environment variables whose names and values are Unicode.
    pub variables: BTreeMap<String, String>,
    /// The home that `SCANNER_HOME` names. Unlike other variables it may be any path, Unicode or not.
    pub home: Option<PathBuf>,
    /// Standard input.
    pub input: Box<dyn Read + Send>,
    /// Whether standard input is a terminal, where somebody types.
    pub typed: bool,
    /// Standard output: data alone.
    pub output: Box<dyn Write + Send>,
    /// Standard error: what people read.
    pub errors: Box<dyn Write + Send>,
    /// The terminal that standard output is, if it is one.
    pub screen: Option<Screen>,
    /// Whether standard error is a terminal, where a line can be drawn again and colors help.
    pub terminal: bool,
    /// The clock.
    pub clock: Clock,
}

impl Environment {
    /// The process's own.
    #[must_use]
    pub fn of_process() -> Self {
        let variables = std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        Self {
            screen: Screen::of_standard_output(&variables),
            variables,
            home: std::env::var_os("SCANNER_HOME").map(PathBuf::from),
            input: Box::new(io::stdin()),
            typed: io::stdin().is_terminal(),
            output: if io::stdout().is_terminal() {
                Box::new(Terminal::new(io::stdout()))
            } else {
                Box::new(io::stdout())
            },
            errors: Box::new(io::stderr()),
            terminal: io::stderr().is_terminal(),
            clock: jiff::Timestamp::now,
        }
    }
}
