//! Runs the program in this process with a clock that stands still, for output with exact times.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use jiff::Timestamp;
use scanner_cli::Environment;

use crate::scanner::{Home, Run};

/// The program's output, kept for the test.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Kept {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Tuesday, 24 November 2026, 7 o'clock UTC.
fn clock() -> Timestamp {
    "2026-11-24T07:00:00Z".parse().unwrap()
}

/// The output of a command at this time, without log lines.
pub(crate) fn run(home: &Home, arguments: &[&str]) -> Run {
    let (output, errors) = (Kept::default(), Kept::default());
    let environment = Environment {
        variables: [].into(),
        home: None,
        input: Box::new(io::empty()),
        is_interactive: false,
        output: Box::new(output.clone()),
        errors: Box::new(errors.clone()),
        screen: None,
        terminal: false,
        clock,
        zone: jiff::tz::TimeZone::UTC,
    };
    let home = home.path("").to_str().unwrap().to_owned();
    let before = ["scanner-cli", "--home", &home].into_iter();
    let all = before.chain(arguments.iter().copied()).map(Into::into);
    let all: Vec<_> = all.collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let exit = runtime.block_on(scanner_cli::run(all, environment));
    Run {
        exit: exit.code().into(),
        output: output.text(),
        errors: errors.text(),
    }
}
