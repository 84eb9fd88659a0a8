//! Commands on a terminal of a certain width.
#![cfg(unix)]

use std::{
    fs::{File, OpenOptions},
    io::Read,
    process::{Command, Stdio},
    thread::{self, JoinHandle},
};

use rustix::{
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{Winsize, tcsetwinsize},
};

use crate::scanner::{Run, finish};

/// The streams of a command that are the terminal; the others are pipes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Streams {
    Output,
    Errors,
    Both,
}

/// Runs the command on a terminal with this many columns; 0 is an unknown width. The run's output is what both streams
/// wrote to the terminal.
pub(crate) fn on_terminal(mut command: Command, columns: u16, streams: Streams) -> Run {
    let (terminal, reader) = open(columns);
    if command.get_envs().all(|(name, _)| name != "TERM") {
        command.env("TERM", "xterm-256color");
    }
    let copy = || Stdio::from(terminal.try_clone().unwrap());
    let piped = Stdio::piped;
    let (output, errors) = match streams {
        Streams::Output => (copy(), piped()),
        Streams::Errors => (piped(), copy()),
        Streams::Both => (copy(), copy()),
    };
    command.stdout(output).stderr(errors);
    let mut run = finish(command);
    drop(terminal);
    let shown = reader.join().unwrap().replace("\r\n", "\n");
    match streams {
        Streams::Errors => run.errors = shown,
        Streams::Output | Streams::Both => run.output = shown,
    }
    run
}

/// A terminal, and a thread that reads its output.
fn open(columns: u16) -> (File, JoinHandle<String>) {
    let screen = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&screen).unwrap();
    unlockpt(&screen).unwrap();
    let size = Winsize {
        // As after `stty cols` on a terminal of unknown size.
        ws_row: 0,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    tcsetwinsize(&screen, size).unwrap();
    let name = ptsname(&screen, Vec::new()).unwrap();
    let terminal = OpenOptions::new()
        .read(true)
        .write(true)
        .open(name.to_str().unwrap())
        .unwrap();
    let mut screen = File::from(screen);
    let reader = thread::spawn(move || {
        let (mut shown, mut part) = (Vec::new(), [0; 4096]);
        // It fails when no process has the terminal open.
        while let Ok(count @ 1..) = screen.read(&mut part) {
            shown.extend_from_slice(&part[..count]);
        }
        String::from_utf8(shown).unwrap()
    });
    (terminal, reader)
}
