//! Questions on a terminal.

use std::{
    fs::{File, OpenOptions},
    io::{Read, Write},
    process::{Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use qrs_client::fake_site::FakeSite;
use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, tcgetattr},
};

use super::VALUE;
use crate::scanner::Home;

/// A person who answers questions on a terminal, and sees what it shows.
struct Person {
    keyboard: File,
    screen: mpsc::Receiver<Vec<u8>>,
    seen: String,
    /// The end of the last text that was waited for.
    at: usize,
}

impl Person {
    /// Waits for a question, which begins after everything that was answered, and answers it.
    fn answer(&mut self, question: &str, answer: &str) {
        self.wait_for(question);
        self.keyboard
            .write_all(format!("{answer}\n").as_bytes())
            .unwrap();
    }

    /// Answers a question whose answer the terminal must not show.
    fn answer_hidden(&mut self, question: &str, answer: &str) {
        self.wait_for(question);
        // The question comes before the echo is turned off: no person is that quick.
        let deadline = Instant::now() + Duration::from_secs(120);
        let has_echo = |terminal: &File| {
            let modes = tcgetattr(terminal).unwrap().local_modes;
            modes.contains(LocalModes::ECHO)
        };
        while has_echo(&self.keyboard) {
            assert!(Instant::now() < deadline, "the terminal shows the answer");
            thread::sleep(Duration::from_millis(5));
        }
        self.keyboard
            .write_all(format!("{answer}\n").as_bytes())
            .unwrap();
    }

    /// Waits for a text after the last one.
    fn wait_for(&mut self, text: &str) {
        loop {
            if let Some(found) = self.seen[self.at..].find(text) {
                self.at += found + text.len();
                return;
            }
            let part = self.screen.recv_timeout(Duration::from_secs(120));
            let part = part.unwrap_or_else(|_| panic!("no {text:?} in {:?}", self.seen));
            self.seen.push_str(&String::from_utf8(part).unwrap());
        }
    }
}

/// Runs the program in a session of its own, whose terminal the person has.
fn with_person(
    home: &Home,
    arguments: &[&str],
    answers: impl FnOnce(&mut Person),
) -> (i32, String) {
    let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&screen).unwrap();
    unlockpt(&screen).unwrap();
    let name = ptsname(&screen, Vec::new()).unwrap();
    let terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .open(name.to_str().unwrap())
        .unwrap();
    let program = home.command(arguments);
    let mut command = Command::new("setsid");
    command
        .args(["--ctty", "--wait"])
        .arg(program.get_program())
        .args(program.get_args());
    command
        .current_dir(home.path(""))
        .env_clear()
        .env("TERM", "xterm")
        .env("PATH", "/usr/bin:/bin");
    let copy = || Stdio::from(terminal.try_clone().unwrap());
    let mut child = command
        .stdin(copy())
        .stdout(copy())
        .stderr(copy())
        .spawn()
        .unwrap();
    drop((command, terminal));
    let keyboard = File::from(screen);
    let mut reader = keyboard.try_clone().unwrap();
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut part = [0; 4096];
        while let Ok(count @ 1..) = reader.read(&mut part) {
            let _ = sender.send(part[..count].to_vec());
        }
    });
    let mut person = Person {
        keyboard,
        screen: receiver,
        seen: String::new(),
        at: 0,
    };
    answers(&mut person);
    let exit = child.wait().unwrap().code().unwrap();
    while let Ok(part) = person.screen.recv_timeout(Duration::from_millis(300)) {
        person.seen.push_str(&String::from_utf8(part).unwrap());
    }
    (exit, person.seen)
}

#[test]
fn a_person_answers_questions_and_the_value_is_not_shown() {
    let site = FakeSite::start_in_thread();
    let home = Home::empty();
    let (exit, seen) = with_person(&home, &["init"], |person| {
        person.answer(
            "URL of the scanner's virtual proxy",
            "qlik.example.com/scanner",
        );
        person.wait_for("must begin with `https://`");
        person.answer("URL of the scanner's virtual proxy", &site.url());
        person.answer(
            "Header name that is set in the virtual proxy [X-Scanner-User]: ",
            "X-Qlik-Header-Auth",
        );
        person.answer_hidden("(not shown): ", VALUE);
        person.answer("URL under which people open the hub [http://127.0.0.1:", "");
        person.answer("Code of the connection", "north");
        person.answer(
            "Name of the connection in reports [Qlik Sense]: ",
            "Qlik north",
        );
        person.answer(
            "Show the catalog in a browser at http://127.0.0.1:9464/",
            "n",
        );
        person.wait_for("next:");
    });
    assert_eq!(exit, 0, "{seen}");
    assert!(!seen.contains("ACME"), "{seen}");
    let file = home.read("connections/north.conf");
    assert!(
        file.contains("name = \"Qlik north\"") && file.contains("link_url = \"http://127.0.0.1:"),
        "{file}"
    );
    assert!(home.read("conf/application.conf").contains("\n# http {"));
    home.run(&["scan"])
        .check(0, &["north (Qlik north): complete"]);
}

#[test]
fn ctrl_c_creates_nothing() {
    let home = Home::empty();
    let (exit, seen) = with_person(&home, &["init"], |person| {
        person.wait_for("URL of the scanner's virtual proxy");
        person.keyboard.write_all(b"\x03").unwrap();
    });
    assert_eq!(exit, 130, "{seen}");
    assert!(!home.has("connections"));
}
