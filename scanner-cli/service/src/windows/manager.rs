//! The service manager: installs, removes, starts and stops services.

use std::{
    ffi::OsString,
    io,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use file_access::{access_list, file_rights, path_text::shown};
use windows_service::{
    Error,
    service::{
        Service, ServiceAccess, ServiceAction, ServiceActionType, ServiceErrorControl,
        ServiceExitCode, ServiceFailureActions, ServiceFailureResetPeriod, ServiceInfo,
        ServiceStartType, ServiceState as Phase, ServiceType,
    },
    service_manager::{ServiceManager, ServiceManagerAccess},
};

use super::{accounts, event_log};
use crate::{
    ServiceError,
    plan::{Plan, ServiceName},
    state::{Activity, ServiceState},
};

/// The password of an account.
pub type Password<'a> = Option<&'a str>;

/// Delays after which Windows restarts a crashed service, the first, the second and each further time. A day without a crash
/// starts from the beginning.
pub const RECOVERY: [Duration; 3] = [
    Duration::from_secs(10),
    Duration::from_secs(60),
    Duration::from_secs(300),
];
const RECOVERY_RESET: Duration = Duration::from_secs(24 * 60 * 60);
/// How long to wait for a start or a stop.
const CHANGE_TIMEOUT: Duration = Duration::from_secs(60);
/// Interval at which the state is polled.
const POLL_INTERVAL: Duration = Duration::from_millis(100);
const DESCRIPTION: &str = "Scans Qlik Sense sites for data catalogs. Settings are in connections\\ and conf\\ of its home.";

const ERROR_ACCESS_DENIED: i32 = 5;
const ERROR_INVALID_LEVEL: i32 = 124;
const ERROR_SERVICE_ALREADY_RUNNING: i32 = 1056;
const ERROR_INVALID_SERVICE_ACCOUNT: i32 = 1057;
const ERROR_SERVICE_DOES_NOT_EXIST: i32 = 1060;
const ERROR_SERVICE_NOT_ACTIVE: i32 = 1062;
const ERROR_SERVICE_LOGON_FAILED: i32 = 1069;
const ERROR_SERVICE_MARKED_FOR_DELETE: i32 = 1072;
const ERROR_SERVICE_EXISTS: i32 = 1073;

/// The service manager of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct Manager;

impl Manager {
    /// Creates the service and lets its account change the home, which is created if it does not exist. Windows starts it some
    /// minutes after the system, when the services that others depend on are running. Returns the settings that this system does
    /// not support.
    ///
    /// # Errors
    /// If the command is not elevated, the service exists, or the account is unknown.
    pub fn install(
        &self,
        plan: &Plan,
        password: Password<'_>,
    ) -> Result<Vec<&'static str>, ServiceError> {
        let manager = connect(ServiceManagerAccess::CONNECT | ServiceManagerAccess::CREATE_SERVICE)
            .map_err(|error| refused("install", &plan.name, error))?;
        let account = accounts::full_name(plan);
        let info = info(plan, &account, password);
        let access = ServiceAccess::CHANGE_CONFIG | ServiceAccess::START | ServiceAccess::DELETE;
        let service = manager
            .create_service(&info, access)
            .map_err(|error| refused("install", &plan.name, error))?;
        configure(&service, plan, &account).inspect_err(|_| {
            // A second attempt would find the name taken.
            let _ = service.delete();
            let _ = event_log::unregister(&plan.name);
        })
    }

    /// Stops and removes the service, and its source in the event log. The home is not changed.
    ///
    /// # Errors
    /// If the command is not elevated, the service does not exist, or it does not stop.
    pub fn uninstall(&self, name: &ServiceName) -> Result<(), ServiceError> {
        let access = ServiceAccess::QUERY_STATUS | ServiceAccess::STOP | ServiceAccess::DELETE;
        let service = open("uninstall", name, access)?;
        stop(&service, name)?;
        service
            .delete()
            .map_err(|error| refused("uninstall", name, error))?;
        // The source may have been removed by hand.
        let _ = event_log::unregister(name);
        Ok(())
    }

    /// Starts the service, and waits until it is ready.
    ///
    /// # Errors
    /// If the command is not elevated, the service does not exist, or it does not start.
    pub fn start(&self, name: &ServiceName) -> Result<(), ServiceError> {
        let service = open(
            "start",
            name,
            ServiceAccess::QUERY_STATUS | ServiceAccess::START,
        )?;
        match service.start::<&str>(&[]) {
            Err(error) if code(&error) == Some(ERROR_SERVICE_ALREADY_RUNNING) => return Ok(()),
            started => started.map_err(|error| refused("start", name, error))?,
        }
        let ended = wait(&service, name, Phase::StartPending)?;
        if ended.current_state == Phase::Running {
            return Ok(());
        }
        let reason = failure(ended.exit_code).unwrap_or_else(|| "it ended".to_owned());
        Err(ServiceError::new(
            format!("the service `{name}` did not start: {reason}"),
            format!("the event log *Application* has the reason, with the source `{name}`"),
        ))
    }

    /// Stops the service, and waits until it has ended.
    ///
    /// # Errors
    /// If the command is not elevated, the service does not exist, or it does not stop.
    pub fn stop(&self, name: &ServiceName) -> Result<(), ServiceError> {
        stop(
            &open(
                "stop",
                name,
                ServiceAccess::QUERY_STATUS | ServiceAccess::STOP,
            )?,
            name,
        )
    }

    /// The state of the service, or `None` if it is not installed.
    ///
    /// # Errors
    /// If the service manager cannot be asked.
    pub fn state(&self, name: &ServiceName) -> Result<Option<ServiceState>, ServiceError> {
        let access = ServiceAccess::QUERY_STATUS | ServiceAccess::QUERY_CONFIG;
        let opened = connect(ServiceManagerAccess::CONNECT)
            .and_then(|manager| manager.open_service(name.as_str(), access));
        let service = match opened {
            Ok(service) => service,
            Err(error) if code(&error) == Some(ERROR_SERVICE_DOES_NOT_EXIST) => return Ok(None),
            Err(error) => return Err(refused("show", name, error)),
        };
        let (status, config) = service
            .query_status()
            .and_then(|status| Ok((status, service.query_config()?)))
            .map_err(|error| refused("show", name, error))?;
        let failure = failure(status.exit_code);
        let text = |text: OsString| text.to_string_lossy().into_owned();
        Ok(Some(ServiceState {
            activity: match status.current_state {
                Phase::StartPending | Phase::ContinuePending => Activity::Starting,
                Phase::Running => Activity::Running,
                Phase::StopPending | Phase::PausePending => Activity::Stopping,
                Phase::Stopped | Phase::Paused if failure.is_some() => Activity::Failed,
                Phase::Stopped | Phase::Paused => Activity::Stopped,
            },
            process: status.process_id,
            starts_at_boot: config.start_type == ServiceStartType::AutoStart,
            account: config.account_name.map(text),
            command: text(config.executable_path.into_os_string()),
            unit: None,
            failure,
        }))
    }
}

fn connect(access: ServiceManagerAccess) -> windows_service::Result<ServiceManager> {
    ServiceManager::local_computer(None::<&str>, access)
}

fn open(
    operation: &str,
    name: &ServiceName,
    access: ServiceAccess,
) -> Result<Service, ServiceError> {
    connect(ServiceManagerAccess::CONNECT)
        .and_then(|manager| manager.open_service(name.as_str(), access))
        .map_err(|error| refused(operation, name, error))
}

fn info(plan: &Plan, account: &str, password: Password<'_>) -> ServiceInfo {
    let arguments: [OsString; 6] = [
        "--home".into(),
        plan.home.clone().into(),
        "service".into(),
        "run".into(),
        "--name".into(),
        plan.name.as_str().into(),
    ];
    ServiceInfo {
        name: plan.name.as_str().into(),
        display_name: format!("Qlik Sense scanner ({})", plan.name).into(),
        service_type: ServiceType::OWN_PROCESS,
        start_type: ServiceStartType::AutoStart,
        error_control: ServiceErrorControl::Normal,
        executable_path: plan.program.clone(),
        launch_arguments: arguments.to_vec(),
        dependencies: Vec::new(),
        account_name: Some(account.into()),
        account_password: password.map(OsString::from),
    }
}

/// Sets what cannot be set when a service is created, and the rights of its account. Returns the settings that this system does
/// not support.
fn configure(
    service: &Service,
    plan: &Plan,
    account: &str,
) -> Result<Vec<&'static str>, ServiceError> {
    let actions = RECOVERY.map(|delay| ServiceAction {
        action_type: ServiceActionType::Restart,
        delay,
    });
    let recovery = ServiceFailureActions {
        reset_period: ServiceFailureResetPeriod::After(RECOVERY_RESET),
        reboot_msg: None,
        command: None,
        actions: Some(actions.to_vec()),
    };
    let mut unsupported = Vec::new();
    for (what, set) in [
        ("a description", service.set_description(DESCRIPTION)),
        ("a delayed start", service.set_delayed_auto_start(true)),
        (
            "a restart after a crash",
            service.update_failure_actions(recovery),
        ),
    ] {
        match set {
            // Wine has not all of them.
            Err(error) if code(&error) == Some(ERROR_INVALID_LEVEL) => unsupported.push(what),
            set => set.map_err(|error| refused("configure", &plan.name, error))?,
        }
    }
    event_log::register(&plan.name).map_err(|error| {
        ServiceError::of_system("the source of the event log cannot be registered", error)
    })?;
    open_home(&plan.home, account)?;
    Ok(unsupported)
}

/// Creates the home if it does not exist, and lets the account change what is in it.
fn open_home(home: &Path, account: &str) -> Result<(), ServiceError> {
    let failed = |error: io::Error| {
        let message = format!("the access list of `{}` cannot be set", shown(home));
        ServiceError::of_system(message, error)
            .with_hint("choose a home on a drive with NTFS or ReFS, with `--home`")
    };
    let account = accounts::sid(account)?;
    file_rights::create_folder(home).map_err(failed)?;
    match account {
        Some(account) => access_list::give(home, &account).map_err(failed),
        None => access_list::make_private(home).map_err(failed),
    }
}

fn stop(service: &Service, name: &ServiceName) -> Result<(), ServiceError> {
    match service.stop() {
        Err(error) if code(&error) == Some(ERROR_SERVICE_NOT_ACTIVE) => return Ok(()),
        stopped => stopped.map_err(|error| refused("stop", name, error))?,
    };
    wait(service, name, Phase::StopPending).map(drop)
}

/// Waits until the service has another state than this one.
fn wait(
    service: &Service,
    name: &ServiceName,
    pending: Phase,
) -> Result<windows_service::service::ServiceStatus, ServiceError> {
    let begun = Instant::now();
    loop {
        let status = service
            .query_status()
            .map_err(|error| refused("show", name, error))?;
        let is_pending = status.current_state == pending
            || (pending == Phase::StopPending && status.current_state == Phase::Running);
        if !is_pending {
            return Ok(status);
        }
        if begun.elapsed() > CHANGE_TIMEOUT {
            let seconds = CHANGE_TIMEOUT.as_secs();
            return Err(ServiceError::new(
                format!("the service `{name}` did not change its state within {seconds} seconds"),
                format!(
                    "look at the event log *Application*, source `{name}`, and at the log files in its home"
                ),
            ));
        }
        thread::sleep(POLL_INTERVAL);
    }
}

/// Why a service ended, or `None` if it ended without an error or was never started.
fn failure(exit: ServiceExitCode) -> Option<String> {
    /// The service was never started.
    const ERROR_SERVICE_NEVER_STARTED: u32 = 1077;
    match exit {
        ServiceExitCode::Win32(0 | ERROR_SERVICE_NEVER_STARTED) => None,
        ServiceExitCode::Win32(code) => {
            let code = i32::from_ne_bytes(code.to_ne_bytes());
            Some(io::Error::from_raw_os_error(code).to_string())
        }
        ServiceExitCode::ServiceSpecific(code) => Some(format!("exit code {code}")),
    }
}

/// The number of an error of Windows.
fn code(error: &Error) -> Option<i32> {
    match error {
        Error::Winapi(error) => error.raw_os_error(),
        _ => None,
    }
}

/// The error of the service manager, with advice.
fn refused(operation: &str, name: &ServiceName, error: Error) -> ServiceError {
    let hint = match code(&error) {
        Some(ERROR_ACCESS_DENIED) => {
            "run the command in a terminal that was opened with *Run as administrator*".to_owned()
        }
        Some(ERROR_SERVICE_DOES_NOT_EXIST) => {
            return ServiceError::new(
                format!("no service with the name `{name}` is installed"),
                "install it with `scanner-cli service install`, or name another with `--name`",
            );
        }
        Some(ERROR_SERVICE_EXISTS) => {
            "run `scanner-cli service uninstall` first, or choose another name with `--name`"
                .to_owned()
        }
        Some(ERROR_SERVICE_MARKED_FOR_DELETE) => {
            "it was uninstalled, but a program still shows it: close *Services* and the Event Viewer, and repeat the command"
                .to_owned()
        }
        Some(ERROR_INVALID_SERVICE_ACCOUNT) => {
            r"check the account and its password: `--account DOMAIN\name`".to_owned()
        }
        Some(ERROR_SERVICE_LOGON_FAILED) => {
            "check the password of the account, and give the account the right *Log on as a service* (secpol.msc, Local \
             Policies, User Rights Assignment)"
                .to_owned()
        }
        _ => return of_manager(operation, name, error),
    };
    of_manager(operation, name, error).with_hint(hint)
}

fn of_manager(operation: &str, name: &ServiceName, error: Error) -> ServiceError {
    because(format!("cannot {operation} the service `{name}`"), error)
}

/// An error with this cause.
pub(super) fn because(message: String, error: Error) -> ServiceError {
    match error {
        // Its own text is only "IO error in winapi call".
        Error::Winapi(error) => ServiceError::of_system(message, error),
        error => ServiceError::of_system(message, error),
    }
}
