//! The terminal of an output stream: its width, and whether it gets colors.

use std::{
    collections::BTreeMap,
    io::{self, IsTerminal},
};

use clap::ValueEnum;

use crate::hocon::Colors;

/// The terminal of standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Number of columns. Not set if it is unknown.
    pub columns: Option<usize>,
}

impl Screen {
    /// The terminal of standard output, if it is one. `COLUMNS` takes precedence over the terminal's width.
    pub(crate) fn from_standard_output(variables: &BTreeMap<String, String>) -> Option<Self> {
        let output = io::stdout();
        if !output.is_terminal() {
            return None;
        }
        let variable = variables.get("COLUMNS").and_then(|text| text.parse().ok());
        let columns = variable.filter(|columns| *columns > 0);
        let columns = columns.or_else(|| columns_of(&output));
        Some(Self { columns })
    }
}

/// Number of columns of a terminal, if it is known. Unlike the crate `terminal_size`, accepts a terminal that does not report
/// its number of lines.
#[cfg(unix)]
fn columns_of(output: &io::Stdout) -> Option<usize> {
    let size = rustix::termios::tcgetwinsize(output).ok()?;
    Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
}

/// Number of columns of a terminal, if it is known.
#[cfg(not(unix))]
fn columns_of(output: &io::Stdout) -> Option<usize> {
    let (terminal_size::Width(columns), _) = terminal_size::terminal_size_of(output)?;
    Some(usize::from(columns))
}

/// When to use colors.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On terminals, unless `NO_COLOR`, `CLICOLOR=0` or `TERM=dumb` is set; everywhere if `CLICOLOR_FORCE` is set
    #[default]
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

impl ColorChoice {
    /// The colors of a stream. As in other programs, `NO_COLOR` (no-color.org) takes precedence over `CLICOLOR_FORCE` and
    /// `CLICOLOR` (bixense.com/clicolors).
    pub(crate) fn colors(self, variables: &BTreeMap<String, String>, is_terminal: bool) -> Colors {
        let variable = |name| variables.get(name).map(String::as_str).unwrap_or_default();
        let is_colored = match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto if !variable("NO_COLOR").is_empty() => false,
            Self::Auto if !matches!(variable("CLICOLOR_FORCE"), "" | "0") => true,
            Self::Auto => is_terminal && variable("CLICOLOR") != "0" && !is_dumb(variables),
        };
        if is_colored {
            Colors::Ansi
        } else {
            Colors::None
        }
    }

    /// The choice in a command line that was not parsed, because it is invalid or requests help.
    pub(crate) fn find(arguments: &[std::ffi::OsString]) -> Self {
        let mut choice = Self::default();
        let mut arguments = arguments.iter().map(|argument| argument.to_str());
        while let Some(argument) = arguments.next() {
            let value = match argument {
                Some("--") => break,
                Some("--color") => arguments.next().flatten(),
                Some(argument) => argument.strip_prefix("--color="),
                None => None,
            };
            let value = value.and_then(|value| Self::from_str(value, false).ok());
            choice = value.unwrap_or(choice);
        }
        choice
    }
}

/// Whether a terminal supports no control sequences, so that lines cannot be updated in place.
pub(crate) fn is_dumb(variables: &BTreeMap<String, String>) -> bool {
    match variables.get("TERM") {
        Some(name) => name == "dumb",
        None => cfg!(unix),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn colors(choice: ColorChoice, variables: &[(&str, &str)], is_terminal: bool) -> bool {
        let variables = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        choice.colors(&variables.collect(), is_terminal) == Colors::Ansi
    }

    #[test]
    fn colors_follow_the_option_then_the_variables_then_the_terminal() {
        use ColorChoice::{Always, Auto, Never};
        let xterm = ("TERM", "xterm");
        for (choice, variables, on_terminal, elsewhere) in [
            (Auto, &[xterm][..], true, false),
            (Auto, &[("TERM", "dumb")], false, false),
            (Auto, &[xterm, ("NO_COLOR", "1")], false, false),
            (Auto, &[xterm, ("NO_COLOR", "")], true, false),
            (Auto, &[xterm, ("CLICOLOR", "0")], false, false),
            (Auto, &[xterm, ("CLICOLOR", "1")], true, false),
            (Auto, &[xterm, ("CLICOLOR_FORCE", "1")], true, true),
            (Auto, &[xterm, ("CLICOLOR_FORCE", "0")], true, false),
            (Auto, &[xterm, ("CLICOLOR_FORCE", "")], true, false),
            (
                Auto,
                &[("TERM", "dumb"), ("CLICOLOR_FORCE", "1")],
                true,
                true,
            ),
            (
                Auto,
                &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")],
                false,
                false,
            ),
            (Always, &[("NO_COLOR", "1")], true, true),
            (Always, &[("TERM", "dumb")], true, true),
            (Never, &[xterm, ("CLICOLOR_FORCE", "1")], false, false),
        ] {
            let both = (
                colors(choice, variables, true),
                colors(choice, variables, false),
            );
            assert_eq!(both, (on_terminal, elsewhere), "{choice:?} {variables:?}");
        }
    }

    #[test]
    fn the_option_applies_to_help_and_to_invalid_command_lines() {
        for (arguments, expected) in [
            (&["x", "--help"][..], ColorChoice::Auto),
            (&["x", "--color", "always", "--help"], ColorChoice::Always),
            (&["x", "scan", "--bad", "--color=never"], ColorChoice::Never),
            (&["x", "--color"], ColorChoice::Auto),
            (&["x", "--color=pink"], ColorChoice::Auto),
            (&["x", "--", "--color=always"], ColorChoice::Auto),
        ] {
            let arguments: Vec<_> = arguments.iter().map(Into::into).collect();
            assert_eq!(ColorChoice::find(&arguments), expected, "{arguments:?}");
        }
    }
}
