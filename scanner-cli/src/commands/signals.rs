//! Requests of a person or of the system: to end the program, or to poll the files now.

use std::thread;

use tokio::{
    runtime::{Builder, Runtime},
    sync::mpsc,
};

use crate::{exit::Exit, program::Program, service::Request};

/// Returns once somebody pressed Ctrl-C, or the system asked the program to end.
pub(crate) fn interrupted(program: &Program) -> impl Future<Output = ()> + use<> {
    let mut signals = Signals::listen(program);
    async move { while signals.next().await != Request::Stop {} }
}

/// The signals that come; where none can be listened to, the program ends as every program does.
///
/// A thread of its own listens, on a runtime of its own: the process ends even if nobody asks for the next signal, and while
/// what a site sends keeps the other threads busy.
pub(crate) struct Signals(mpsc::UnboundedReceiver<Request>);

/// Where a signal comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Source {
    /// Ctrl-C, which leaves `^C` on the terminal.
    Keyboard,
    #[cfg_attr(not(unix), expect(dead_code, reason = "there is no such signal"))]
    System,
}

/// Whether a hangup means something.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hangup {
    /// It ends the program, as it does by default.
    Default,
    PollFiles,
}

impl Signals {
    /// Signals for the end, and Ctrl-C.
    pub(crate) fn listen(program: &Program) -> Self {
        Self::start(program, Exit::Interrupted, Hangup::Default)
    }

    /// The same for a program whose end is well, and the signal that means: poll the files now.
    pub(crate) fn listen_to_all(program: &Program) -> Self {
        Self::start(program, Exit::Complete, Hangup::PollFiles)
    }

    fn start(program: &Program, exit: Exit, hangup: Hangup) -> Self {
        let (end, display) = (program.end.clone(), program.display.clone());
        let is_terminal = program.environment.terminal;
        let (heard, signals) = mpsc::unbounded_channel();
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
                        end.ask(exit);
                    }
                    if source == Source::Keyboard {
                        display.end_line(is_terminal);
                    }
                    // The receiver may be gone.
                    let _ = heard.send(signal);
                }
            });
        };
        // Without a thread no signal arrives, as without a runtime.
        drop(
            thread::Builder::new()
                .name("signals".to_owned())
                .spawn(listen),
        );
        Self(signals)
    }

    /// The requests, for a service.
    pub(crate) fn into_requests(self) -> mpsc::UnboundedReceiver<Request> {
        self.0
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Request {
        match self.0.recv().await {
            Some(signal) => signal,
            None => std::future::pending().await,
        }
    }
}

/// Registers the signals with this runtime.
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
            () = of(&mut self.terminate) => (Request::Stop, Source::System),
            () = of(&mut self.hangup) => (Request::PollFiles, Source::System),
            () = of(&mut self.interrupt) => (Request::Stop, Source::Keyboard),
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

    /// The next one: only the end can be asked for.
    async fn next(&mut self) -> (Request, Source) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        (Request::Stop, Source::Keyboard)
    }
}

#[cfg(unix)]
async fn of(signal: &mut Option<tokio::signal::unix::Signal>) {
    if let Some(signal) = signal
        && signal.recv().await.is_some()
    {
        return;
    }
    std::future::pending::<()>().await;
}
