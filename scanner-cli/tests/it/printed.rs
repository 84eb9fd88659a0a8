//! Snapshots of what every command prints, in `snapshots/`: command line, exit code, standard output, standard error.
//!
//! A test fails if a text differs from its snapshot. `INSTA_UPDATE=always cargo test -p scanner-cli --all-features
//! --test it printed` rewrites the snapshots; review the difference like code.

mod bad_files;
mod catalog;
mod check;
mod config;
mod docs;
mod encrypt;
mod examples;
mod explain;
mod filter;
mod follow;
mod followers;
mod held;
mod help;
mod hook;
mod hygiene;
mod inventory;
mod logins;
mod offline;
mod run;
mod scan;
mod service;
mod stable;
mod store;
mod usage;

use std::process::Command;

use qrs_client::fake_site::FakeSite;

use crate::scanner::{Home, Run, connection, finish};

/// The text of a snapshot: the output of several commands.
pub(crate) struct Page {
    text: String,
}

impl Page {
    pub(crate) fn new() -> Self {
        Self {
            text: String::new(),
        }
    }

    /// Adds a line about the next command.
    pub(crate) fn note(&mut self, text: &str) {
        self.text += &format!("# {text}\n");
    }

    /// Runs the program in a home and adds what it prints.
    pub(crate) fn run(&mut self, home: &Home, arguments: &[&str]) -> Run {
        self.run_command(home, arguments, home.command(arguments))
    }

    /// The same for a prepared command, for example with environment variables.
    pub(crate) fn run_command(&mut self, home: &Home, arguments: &[&str], command: Command) -> Run {
        let run = finish(command);
        self.add(home, arguments, &run);
        run
    }

    /// Runs the program with a clock that stands still, and adds its output with exact times.
    pub(crate) fn run_held(&mut self, home: &Home, arguments: &[&str]) -> Run {
        let run = held::run(home, arguments);
        let text = stable::text_with_times(&shown(arguments, &run), home);
        // The working folder is not the home, so files have absolute paths.
        self.text += &text.replace(&format!("{}/", stable::HOME), "");
        self.text.push('\n');
        run
    }

    /// Adds the output of a run in a home.
    pub(crate) fn add(&mut self, home: &Home, arguments: &[&str], run: &Run) {
        self.text += &stable::text(&shown(arguments, run), home);
        self.text.push('\n');
    }

    /// Adds a file of a home.
    pub(crate) fn file(&mut self, home: &Home, name: &str) {
        let text = format!("$ cat {name}\n{}", home.read(name));
        self.text += &stable::text(&text, home);
        self.text.push('\n');
    }

    /// Compares the page with its snapshot.
    pub(crate) fn check(self, name: &str) {
        let mut settings = insta::Settings::new();
        settings.set_snapshot_path(hygiene::FOLDER);
        settings.set_prepend_module_to_snapshot(false);
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!(name, self.text.trim_end()));
    }
}

/// A home with the connection of the documentation.
pub(crate) fn demo(site: &FakeSite) -> Home {
    demo_with(site, "")
}

/// The same home, with more settings at the end of the connection file.
pub(crate) fn demo_with(site: &FakeSite, settings: &str) -> Home {
    let home = Home::empty();
    home.write("connections/demo.conf", demo_text(site) + settings);
    home
}

/// The connection file of the documentation.
pub(crate) fn demo_text(site: &FakeSite) -> String {
    let url = site.url();
    let root = url.trim_end_matches("/header");
    connection("demo", site)
        .replace("Test site", "Demonstration")
        .replace(
            &format!("link_url = \"{url}\""),
            &format!("link_url = \"{root}\""),
        )
}

/// Runs the program once and compares what it prints with a snapshot.
pub(crate) fn check(name: &str, home: &Home, arguments: &[&str]) -> Run {
    let mut page = Page::new();
    let run = page.run(home, arguments);
    page.check(name);
    run
}

/// A command line, its exit code and what it printed.
fn shown(arguments: &[&str], run: &Run) -> String {
    let mut text = format!("$ {}\n[exit code {}]\n", command_line(arguments), run.exit);
    for (name, stream) in [("stdout", &run.output), ("stderr", &run.errors)] {
        if !stream.is_empty() {
            text += &format!("[{name}]\n{stream}");
            let ends = stream.ends_with('\n');
            text += if ends { "" } else { "\n[no line break]\n" };
        }
    }
    text
}

/// A command line as in a shell.
fn command_line(arguments: &[&str]) -> String {
    let quoted = arguments.iter().map(|argument| {
        let is_plain = |c: char| c.is_alphanumeric() || "-_./=,:@+%".contains(c);
        match !argument.is_empty() && argument.chars().all(is_plain) {
            true => (*argument).to_owned(),
            false => format!("'{argument}'"),
        }
    });
    let words: Vec<_> = quoted.collect();
    ["scanner-cli".to_owned()]
        .into_iter()
        .chain(words)
        .collect::<Vec<_>>()
        .join(" ")
}
