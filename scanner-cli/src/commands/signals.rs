//! Signals: Ctrl-C, `SIGTERM` and `SIGHUP`.

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
    #[cfg_attr(not(unix), expect(dead_code, reason = "there is no such signal"))]
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
            () = received(&mut self.terminate) => (Request::Stop, Source::System),
            () = received(&mut self.hangup) => (Request::PollFiles, Source::System),
            () = received(&mut self.interrupt) => (Request::Stop, Source::Keyboard),
        }
    }
}

#[cfg(not(unix))]
struct Sources;

#[cfg(not(unix))]
impl Sources {
    fn new(_hangup: Hangup) -> Self {
        Self
    }

    /// Waits for Ctrl-C, the only signal on this system.
    async fn next(&mut self) -> (Request, Source) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        (Request::Stop, Source::Keyboard)
    }
}

/// Waits for a signal; forever if its handler could not be installed.
#[cfg(unix)]
async fn received(signal: &mut Option<tokio::signal::unix::Signal>) {
    if let Some(signal) = signal
        && signal.recv().await.is_some()
    {
        return;
    }
    std::future::pending::<()>().await;
}
