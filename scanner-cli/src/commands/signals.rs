//! Signals: Ctrl-C, `SIGTERM` and `SIGHUP`; on Windows Ctrl-C, Ctrl-Break, and the end of the terminal or of the system.

use std::thread;

use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc,
};

use crate::{exit::Exit, program::Program, service::Request};

/// Returns after Ctrl-C, or after a signal that stops the program.
pub(crate) fn interrupted(program: &Program) -> impl Future<Output = ()> + use<> {
    let mut signals = Signals::listen(program);
    async move { while signals.next().await != Request::Stop {} }
}

/// The received signals. If no signal handler can be installed, signals have their default effect.
///
/// A thread with its own runtime waits for signals, so that the process ends even if all other threads are busy.
pub(crate) struct Signals(mpsc::UnboundedReceiver<Request>);

/// The source of a signal.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// Ctrl-C, which prints `^C` on the terminal.
    Keyboard,
    System,
}

/// The effect of `SIGHUP`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hangup {
    /// It ends the program: the default.
    Default,
    /// The service polls its files now.
    PollFiles,
}

impl Signals {
    /// Waits for signals that stop the program.
    pub(crate) fn listen(program: &Program) -> Self {
        Self::start(program, Exit::Interrupted, Hangup::Default)
    }

    /// Waits for signals that stop a service, and for `SIGHUP`. A stopped service has exit code 0.
    pub(crate) fn listen_to_all(program: &Program) -> Self {
        Self::start(program, Exit::Complete, Hangup::PollFiles)
    }

    fn start(program: &Program, exit: Exit, hangup: Hangup) -> Self {
        let (end, display) = (program.end.clone(), program.display.clone());
        let is_terminal = program.environment.terminal;
        let (sender, signals) = mpsc::unbounded_channel();
        let Ok(runtime) = Builder::new_current_thread().enable_all().build() else {
            return Self(signals);
        };
        // Registered before anything else happens, so that no signal is missed.
        let sources = listen_on(&runtime, hangup);
        let listen = move || {
            runtime.block_on(async move {
                let mut sources = sources;
                loop {
                    let (signal, source) = sources.next().await;
                    if signal == Request::Stop {
                        end.request(exit);
                    }
                    if source == Source::Keyboard {
                        display.end_line(is_terminal);
                    }
                    // The receiver may have been dropped.
                    let _ = sender.send(signal);
                }
            });
        };
        // If the thread cannot be started, no signal is received.
        drop(
            thread::Builder::new()
                .name("signals".to_owned())
                .spawn(listen),
        );
        Self(signals)
    }

    /// Requests that come from elsewhere, such as the service manager of Windows.
    #[cfg(windows)]
    pub(crate) fn from_requests(requests: mpsc::UnboundedReceiver<Request>) -> Self {
        Self(requests)
    }

    /// The channel of requests, for the service.
    pub(crate) fn into_requests(self) -> mpsc::UnboundedReceiver<Request> {
        self.0
    }

    /// Waits for the next request.
    pub(crate) async fn next(&mut self) -> Request {
        match self.0.recv().await {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }
}

/// Installs the signal handlers on this runtime.
fn listen_on(runtime: &Runtime, hangup: Hangup) -> Sources {
    let _entered = runtime.enter();
    Sources::new(hangup)
}

/// Waits for a signal; forever if its handler could not be installed. A macro, because each event of Windows has its own type.
macro_rules! received {
    ($signal:expr) => {
        async {
            let received = match &mut $signal {
                Some(signal) => signal.recv().await,
                None => None,
            };
            if received.is_none() {
                std::future::pending::<()>().await;
            }
        }
    };
}

#[cfg(unix)]
struct Sources {
    interrupt: Option<tokio::signal::unix::Signal>,
    terminate: Option<tokio::signal::unix::Signal>,
    hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Sources {
    fn new(hangup: Hangup) -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let hangup = (hangup == Hangup::PollFiles).then(|| signal(SignalKind::hangup()).ok());
        Self {
            interrupt: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
            hangup: hangup.flatten(),
        }
    }

    async fn next(&mut self) -> (Request, Source) {
        tokio::select! {
            () = received!(self.terminate) => (Request::Stop, Source::System),
            () = received!(self.hangup) => (Request::PollFiles, Source::System),
            () = received!(self.interrupt) => (Request::Stop, Source::Keyboard),
        }
    }
}

/// The events of a console. Windows ends the process five seconds after the terminal is closed or the system shuts down; until
/// then, tokio does not return from the handler of these events. The end of another user's session is no reason to stop.
#[cfg(windows)]
struct Sources {
    interrupt: Option<tokio::signal::windows::CtrlC>,
    break_: Option<tokio::signal::windows::CtrlBreak>,
    close: Option<tokio::signal::windows::CtrlClose>,
    shutdown: Option<tokio::signal::windows::CtrlShutdown>,
}

#[cfg(windows)]
impl Sources {
    fn new(_hangup: Hangup) -> Self {
        use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
        Self {
            interrupt: ctrl_c().ok(),
            break_: ctrl_break().ok(),
            close: ctrl_close().ok(),
            shutdown: ctrl_shutdown().ok(),
        }
    }

    async fn next(&mut self) -> (Request, Source) {
        let source = tokio::select! {
            () = received!(self.close) => Source::System,
            () = received!(self.shutdown) => Source::System,
            () = received!(self.interrupt) => Source::Keyboard,
            () = received!(self.break_) => Source::Keyboard,
        };
        (Request::Stop, source)
    }
}
