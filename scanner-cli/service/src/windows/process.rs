//! The process that the service manager starts.

use std::{
    ffi::OsString,
    fmt,
    sync::{
        Mutex, PoisonError,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread,
    time::{Duration, Instant},
};

use windows_service::{
    define_windows_service,
    service::{
        ServiceControl, ServiceControlAccept, ServiceExitCode, ServiceState as Phase,
        ServiceStatus, ServiceType,
    },
    service_control_handler::{self, ServiceControlHandlerResult, ServiceStatusHandle},
    service_dispatcher,
};

use super::{
    event_log::{self, Event},
    manager::because,
};
use crate::{ServiceError, plan::ServiceName};

/// How long the service may take to stop. When the system shuts down, Windows kills services after five seconds. The process ends
/// by itself a little later than this, and an end that was not reported before would count as a crash.
pub const STOP_TIMEOUT: Duration = Duration::from_secs(4);
/// How long the service may take to start before Windows reports that it does not respond.
const START_TIMEOUT: Duration = Duration::from_secs(60);

/// What the service manager asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// To stop, because of a command or because the system shuts down.
    Stop,
    /// To read the settings again (`sc.exe control NAME paramchange`).
    ReadSettings,
}

/// The connection of this process with the service manager. If it is dropped without [`ServiceProcess::end`], Windows
/// considers the service crashed when the process ends, and restarts it.
pub struct ServiceProcess {
    steps: Sender<Step>,
    /// Closed when the service manager knows of the end.
    ended: Receiver<()>,
}

impl fmt::Debug for ServiceProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceProcess").finish_non_exhaustive()
    }
}

/// A step in the life of the service.
enum Step {
    Ready,
    StopRequested,
    Ended { exit: u8, text: String },
    Crashed { exit: u8, text: String },
}

type OnControl = Box<dyn Fn(Control) + Send>;

/// What the function that Windows calls needs. It has no other arguments.
struct Start {
    name: ServiceName,
    on_control: OnControl,
    steps: (Sender<Step>, Receiver<Step>),
    connected: Sender<Result<(), windows_service::Error>>,
    ended: Sender<()>,
}

static START: Mutex<Option<Start>> = Mutex::new(None);

define_windows_service!(service_main, serve);

impl ServiceProcess {
    /// Connects the process with the service manager that started it. `on_control` is called in another thread and must return
    /// immediately.
    ///
    /// # Errors
    /// If the service manager did not start the process.
    pub fn connect(
        name: &ServiceName,
        on_control: impl Fn(Control) + Send + 'static,
    ) -> Result<Self, ServiceError> {
        let (steps, received) = mpsc::channel();
        let (connected, connection) = mpsc::channel();
        let (ended, end) = mpsc::channel();
        *START.lock().unwrap_or_else(PoisonError::into_inner) = Some(Start {
            name: name.clone(),
            on_control: Box::new(on_control),
            steps: (steps.clone(), received),
            connected: connected.clone(),
            ended,
        });
        let service = name.as_str().to_owned();
        let dispatch = move || {
            // Returns when the service has ended, or at once if the process was started by something else.
            if let Err(error) = service_dispatcher::start(service, service_main) {
                let _ = connected.send(Err(error));
            }
        };
        let started = thread::Builder::new()
            .name("service".to_owned())
            .spawn(dispatch);
        let failed = |error: Option<windows_service::Error>| {
            let error = error.map_or_else(
                || ServiceError::new("the service manager does not respond", ""),
                |error| {
                    because(
                        "the service manager did not start this process".to_owned(),
                        error,
                    )
                },
            );
            error.with_hint(
                "Windows runs this command; use `scanner-cli service start`, or `scanner-cli run` in a terminal",
            )
        };
        if started.is_err() {
            return Err(failed(None));
        }
        match connection.recv() {
            Ok(Ok(())) => Ok(Self { steps, ended: end }),
            Ok(Err(error)) => Err(failed(Some(error))),
            Err(_) => Err(failed(None)),
        }
    }

    /// Reports that the service is ready.
    pub fn ready(&self) {
        let _ = self.steps.send(Step::Ready);
    }

    /// Reports the end of the service with an exit code. A restart would not help. `text` says why it ended, if it is an error.
    pub fn end(self, exit: u8, text: String) {
        let _ = self.steps.send(Step::Ended { exit, text });
        // The process must not end before the service manager knows.
        let _ = self.ended.recv();
    }

    /// Reports a failure with an exit code. The process must end now, so that Windows restarts the service.
    pub fn crash(self, exit: u8, text: String) {
        let _ = self.steps.send(Step::Crashed { exit, text });
        let _ = self.ended.recv();
    }
}

/// Runs in a thread of the service manager until the service has ended.
fn serve(_arguments: Vec<OsString>) {
    let Some(start) = START.lock().unwrap_or_else(PoisonError::into_inner).take() else {
        return;
    };
    let Start {
        name,
        on_control,
        steps: (sender, steps),
        connected,
        ended,
    } = start;
    let handler = move |control| match control {
        ServiceControl::Stop | ServiceControl::Shutdown => {
            let _ = sender.send(Step::StopRequested);
            on_control(Control::Stop);
            ServiceControlHandlerResult::NoError
        }
        ServiceControl::ParamChange => {
            on_control(Control::ReadSettings);
            ServiceControlHandlerResult::NoError
        }
        ServiceControl::Interrogate => ServiceControlHandlerResult::NoError,
        _ => ServiceControlHandlerResult::NotImplemented,
    };
    let handle = match service_control_handler::register(name.as_str(), handler) {
        Ok(handle) => handle,
        Err(error) => {
            let _ = connected.send(Err(error));
            return;
        }
    };
    let status = Status(handle);
    status.set(
        Phase::StartPending,
        START_TIMEOUT,
        ServiceExitCode::NO_ERROR,
    );
    let _ = connected.send(Ok(()));
    report_steps(&name, &status, &steps);
    drop(ended);
}

/// Reports each step to the service manager and in the event log, until the end.
fn report_steps(name: &ServiceName, status: &Status, steps: &Receiver<Step>) {
    let mut stop_by: Option<Instant> = None;
    loop {
        let step = match stop_by {
            None => steps.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(end) => steps.recv_timeout(end.saturating_duration_since(Instant::now())),
        };
        match step {
            Ok(Step::Ready) => {
                status.set(Phase::Running, Duration::ZERO, ServiceExitCode::NO_ERROR);
                event_log::report(name, Event::Started, "The service started.");
            }
            Ok(Step::StopRequested) => {
                stop_by.get_or_insert_with(|| Instant::now() + STOP_TIMEOUT);
                status.set(Phase::StopPending, STOP_TIMEOUT, ServiceExitCode::NO_ERROR);
            }
            Ok(Step::Ended { exit, text }) => return report_end(name, status, exit, &text),
            Err(RecvTimeoutError::Timeout) => return report_end(name, status, 0, ""),
            // What is to stop is not restarted.
            Ok(Step::Crashed { exit, text }) if stop_by.is_some() => {
                return report_end(name, status, exit, &text);
            }
            Ok(Step::Crashed { text, .. }) => {
                let text = format!("The service failed, and Windows restarts it.\n\n{text}");
                event_log::report(name, Event::Failed, &text);
                return;
            }
            Err(RecvTimeoutError::Disconnected) => return,
        }
    }
}

fn report_end(name: &ServiceName, status: &Status, exit: u8, text: &str) {
    let code = match exit {
        0 => {
            event_log::report(name, Event::Stopped, "The service stopped.");
            ServiceExitCode::NO_ERROR
        }
        exit => {
            let text = format!("The service stopped with exit code {exit}.\n\n{text}");
            event_log::report(name, Event::Failed, &text);
            ServiceExitCode::ServiceSpecific(exit.into())
        }
    };
    status.set(Phase::Stopped, Duration::ZERO, code);
}

/// The state of the service as the service manager shows it.
struct Status(ServiceStatusHandle);

impl Status {
    fn set(&self, phase: Phase, wait_hint: Duration, exit_code: ServiceExitCode) {
        let controls_accepted = match phase {
            Phase::Running => {
                ServiceControlAccept::STOP
                    | ServiceControlAccept::SHUTDOWN
                    | ServiceControlAccept::PARAM_CHANGE
            }
            // While it starts, it can only be stopped.
            Phase::StartPending => ServiceControlAccept::STOP | ServiceControlAccept::SHUTDOWN,
            _ => ServiceControlAccept::empty(),
        };
        // The service manager has no use for an error.
        let _ = self.0.set_service_status(ServiceStatus {
            service_type: ServiceType::OWN_PROCESS,
            current_state: phase,
            controls_accepted,
            exit_code,
            checkpoint: 0,
            wait_hint,
            process_id: None,
        });
    }
}
