//! The log level: `-q`, `-v`, `-vv`, `--log-level`, `RUST_LOG`.

use std::collections::BTreeMap;

use catalog_model::nearest;
use clap::{ArgAction, Args, ValueEnum};
use tracing::{Level, Metadata, level_filters::LevelFilter};
use tracing_subscriber::EnvFilter;

/// The options for the log level.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub(crate) struct Verbosity {
    /// Show only errors and incomplete results: no progress, no warnings
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Log each request (`-v`), or everything (`-vv`)
    #[arg(short, long, action = ArgAction::Count, global = true)]
    verbose: u8,
    /// Log this level and more severe ones [default: `RUST_LOG`, else `info`]
    #[arg(long, value_enum, value_name = "LEVEL", global = true)]
    log_level: Option<LogLevel>,
}

/// The lowest level that is logged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// The log targets of the crates of this program.
const OWN_TARGETS: [&str; 10] = [
    "scanner_cli",
    "scan_engine",
    "catalog_store",
    "catalog_followers",
    "file_access",
    "hocon_reader",
    "qlik_connector",
    "qrs_client",
    "outbound_http",
    "catalog_model",
];

/// Groups of crates. A filter for the first crate of a group applies to the whole group.
const GROUPS: [&[&str]; 2] = [
    &[
        "scanner_cli",
        "scan_engine",
        "catalog_store",
        "catalog_followers",
        "file_access",
        "hocon_reader",
    ],
    &["qrs_client", "outbound_http"],
];

/// The filter for log events.
pub(crate) struct LogFilter {
    pub(crate) filter: EnvFilter,
    /// Whether an option or `RUST_LOG` requested it. Then a terminal gets log lines instead of a progress line.
    pub(crate) is_requested: bool,
    /// Why `RUST_LOG` was ignored.
    pub(crate) warning: Option<String>,
}

impl Verbosity {
    /// The error message if options contradict each other.
    pub(crate) fn contradiction(&self) -> Option<String> {
        let given = [
            (self.quiet, "`-q`"),
            (self.verbose > 0, "`-v`"),
            (self.log_level.is_some(), "`--log-level`"),
        ];
        let mut given = given.iter().filter(|(is_given, _)| *is_given);
        let (Some((_, first)), Some((_, second))) = (given.next(), given.next()) else {
            return None;
        };
        Some(format!("{first} and {second} cannot be used together"))
    }

    /// The filter of the options, else of `RUST_LOG`.
    pub(crate) fn filter(&self, variables: &BTreeMap<String, String>) -> LogFilter {
        let level = self.level();
        let directives = variables
            .get("RUST_LOG")
            .map(String::as_str)
            .unwrap_or_default();
        if level.is_some() || directives.trim().is_empty() {
            let default = LevelFilter::INFO;
            return LogFilter {
                filter: EnvFilter::default().add_directive(level.unwrap_or(default).into()),
                is_requested: level.is_some(),
                warning: None,
            };
        }
        if let Some(word) = unknown_word(directives) {
            return LogFilter::default_because(&word);
        }
        match EnvFilter::builder().parse(with_groups(directives)) {
            Ok(filter) => LogFilter {
                filter,
                is_requested: true,
                warning: None,
            },
            Err(error) => LogFilter::default_because(&error.to_string()),
        }
    }

    fn level(&self) -> Option<LevelFilter> {
        match (self.log_level, self.quiet, self.verbose) {
            (Some(level), _, _) => Some(level.into()),
            (None, true, _) => Some(LevelFilter::ERROR),
            (None, false, 0) => None,
            (None, false, 1) => Some(LevelFilter::DEBUG),
            (None, false, _) => Some(LevelFilter::TRACE),
        }
    }
}

impl LogFilter {
    /// The default filter, because `RUST_LOG` is not valid.
    fn default_because(error: &str) -> Self {
        Self {
            filter: EnvFilter::default().add_directive(LevelFilter::INFO.into()),
            is_requested: false,
            warning: Some(format!("`RUST_LOG` is not valid and was ignored: {error}")),
        }
    }
}

/// The error about a word of `RUST_LOG` that is neither a level nor one of our targets, such as a misspelt level.
/// `EnvFilter` would treat it as a target and log nothing.
fn unknown_word(directives: &str) -> Option<String> {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let is_known = |word: &&str| {
        word.is_empty()
            || word.contains(['=', '['])
            || word.parse::<LevelFilter>().is_ok()
            || OWN_TARGETS.contains(&word.split("::").next().unwrap_or_default())
    };
    let mut words = directives.split(',').map(str::trim);
    let word = words.find(|word| !is_known(word))?;
    let near = match nearest(&word.to_lowercase(), LEVELS) {
        Some(near) => format!("; did you mean `{near}`?"),
        None => String::new(),
    };
    Some(format!("`{word}` is not a level{near}"))
}

/// The directives, with each directive for a group repeated for all its crates. The repetitions come first, so that a
/// directive for one of the crates takes precedence.
fn with_groups(directives: &str) -> String {
    let words = directives.split(',').map(str::trim);
    let group_directives = words.clone().flat_map(|word| {
        let (target, rest) = word.split_at(word.find(['=', ':']).unwrap_or(word.len()));
        let group = GROUPS.iter().find(|group| group[0] == target);
        let others = group.map(|group| &group[1..]).unwrap_or_default();
        others.iter().map(move |other| format!("{other}{rest}"))
    });
    let all: Vec<String> = group_directives.chain(words.map(str::to_owned)).collect();
    all.join(",")
}

impl From<LogLevel> for LevelFilter {
    fn from(level: LogLevel) -> Self {
        match level {
            LogLevel::Off => Self::OFF,
            LogLevel::Error => Self::ERROR,
            LogLevel::Warn => Self::WARN,
            LogLevel::Info => Self::INFO,
            LogLevel::Debug => Self::DEBUG,
            LogLevel::Trace => Self::TRACE,
        }
    }
}

/// Whether an event may be logged at all. Events of other crates below `info` may contain secrets: some log whole requests.
pub(crate) fn may_be_logged(event: &Metadata<'_>) -> bool {
    let own = event.target().split("::").next().unwrap_or_default();
    OWN_TARGETS.contains(&own) || *event.level() <= Level::INFO
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(verbosity: &Verbosity, directives: &str) -> (String, bool, bool) {
        let variables = BTreeMap::from([("RUST_LOG".to_owned(), directives.to_owned())]);
        let filter = verbosity.filter(&variables);
        (
            filter.filter.to_string(),
            filter.is_requested,
            filter.warning.is_some(),
        )
    }

    #[test]
    fn a_filter_for_the_program_applies_to_all_its_crates() {
        let others = |rest: &str| {
            let others = GROUPS[0][1..].iter();
            let others: Vec<_> = others.map(|other| format!("{other}{rest}")).collect();
            others.join(",")
        };
        for (directives, expected) in [
            ("info", "info".to_owned()),
            ("info,hyper=warn", "info,hyper=warn".to_owned()),
            (
                "scan_engine=debug, scanner_cli=warn",
                format!("{},scan_engine=debug,scanner_cli=warn", others("=warn")),
            ),
            ("scanner_cli", format!("{},scanner_cli", others(""))),
        ] {
            assert_eq!(with_groups(directives), expected, "{directives}");
        }
    }

    #[test]
    fn options_take_precedence_over_the_variable_and_an_invalid_variable_is_ignored() {
        let verbose = |verbose| Verbosity {
            verbose,
            ..Verbosity::default()
        };
        let quiet = Verbosity {
            quiet: true,
            ..Verbosity::default()
        };
        for (verbosity, directives, expected) in [
            (verbose(0), "", ("info", false, false)),
            (verbose(0), " ", ("info", false, false)),
            (verbose(0), "warn", ("warn", true, false)),
            (
                verbose(0),
                "qrs_client=trace",
                ("outbound_http=trace,qrs_client=trace", true, false),
            ),
            (verbose(0), "=a=b=", ("info", false, true)),
            (verbose(0), "debgu", ("info", false, true)),
            (verbose(0), "info,debgu", ("info", false, true)),
            (verbose(0), "DEBUG", ("debug", true, false)),
            (
                verbose(0),
                "hyper=warn,info",
                ("hyper=warn,info", true, false),
            ),
            (verbose(1), "warn", ("debug", true, false)),
            (verbose(2), "", ("trace", true, false)),
            (verbose(9), "", ("trace", true, false)),
            (quiet, "trace", ("error", true, false)),
        ] {
            let (text, is_requested, has_warning) = filter(&verbosity, directives);
            assert_eq!(
                (text.as_str(), is_requested, has_warning),
                expected,
                "{verbosity:?} {directives}"
            );
        }
    }
}
