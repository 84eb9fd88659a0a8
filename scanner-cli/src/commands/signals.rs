//! The wishes of a person or of the system: that the program should end, or look again.

/// Comes back once somebody pressed Ctrl-C, or the system asked the program to end.
pub(crate) async fn interrupted() {
    let mut signals = Signals::listen();
    while signals.next().await != Signal::Stop {}
}

/// What somebody wants of a program that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    Stop,
    LookAgain,
}

/// The signals that come; where none can be listened to, the program ends as every program does.
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    terminate: Option<tokio::signal::unix::Signal>,
    #[cfg(unix)]
    hangup: Option<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    /// Signals for the end, and Ctrl-C.
    pub(crate) fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self {
            interrupt: signal(SignalKind::interrupt()).ok(),
            terminate: signal(SignalKind::terminate()).ok(),
            hangup: None,
        }
    }

    /// The same, and the signal that means: look again.
    pub(crate) fn listen_to_all() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        Self {
            hangup: signal(SignalKind::hangup()).ok(),
            ..Self::listen()
        }
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Signal {
        tokio::select! {
            () = of(&mut self.terminate) => Signal::Stop,
            () = of(&mut self.hangup) => Signal::LookAgain,
            () = of(&mut self.interrupt) => Signal::Stop,
        }
    }
}

#[cfg(not(unix))]
impl Signals {
    pub(crate) fn listen() -> Self {
        Self {}
    }

    pub(crate) fn listen_to_all() -> Self {
        Self {}
    }

    /// The next one: only the end can be wished for.
    pub(crate) async fn next(&mut self) -> Signal {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        Signal::Stop
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
