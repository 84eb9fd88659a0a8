//! Services of systemd: a file with a unit, and the program `systemctl`.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use file_access::{
    file_rights::create_folder_with,
    input_file::{FileKind, read_text},
    path_text::shown,
};

use crate::{
    ServiceError,
    plan::{Plan, Scope, ServiceName},
    state::{Activity, ServiceState},
    unit,
};

/// Folder of the units of the machine's administrator (systemd.unit(5)).
const SYSTEM_UNITS: &str = "/etc/systemd/system";
/// Exists if systemd is the service manager of this machine (`sd_booted(3)`).
const BOOTED: &str = "/run/systemd/system";
/// Mode of a folder of units, and of a home that is created for a user.
const FOLDER_MODE: u32 = 0o755;

/// The manager of services: systemd for the system, or for a user.
#[derive(Clone, Debug)]
pub struct Systemd {
    scope: Scope,
    /// The folder of the units.
    units: PathBuf,
    /// Options of every call of `systemctl`.
    options: Vec<String>,
    systemctl: PathBuf,
}

impl Systemd {
    /// The manager of this machine. `configuration` is the user's folder of settings, `$XDG_CONFIG_HOME` or `~/.config`.
    ///
    /// # Errors
    /// If systemd is not the service manager of this machine, or the user has no folder of settings.
    pub fn new(scope: Scope, configuration: Option<&Path>) -> Result<Self, ServiceError> {
        if !Path::new(BOOTED).is_dir() {
            return Err(ServiceError::new(
                "systemd is not the service manager of this machine",
                "start `scanner-cli run` with the service manager or the container platform that you use; \
                 `service install --print` shows a unit for another machine",
            ));
        }
        let (units, options) = match (scope, configuration) {
            (Scope::System, _) => (PathBuf::from(SYSTEM_UNITS), Vec::new()),
            (Scope::User, Some(folder)) => (folder.join("systemd/user"), vec!["--user".to_owned()]),
            (Scope::User, None) => {
                return Err(ServiceError::new(
                    "the folder of your units is unknown",
                    "set the environment variable `HOME` or `XDG_CONFIG_HOME`",
                ));
            }
        };
        Ok(Self {
            scope,
            units,
            options,
            systemctl: PathBuf::from("systemctl"),
        })
    }

    /// Writes and enables the unit. An equal unit that a package installed is only enabled. Returns the unit's file.
    ///
    /// # Errors
    /// If another unit has the name, the account does not exist, or systemd refuses the unit.
    pub fn install(&self, plan: &Plan) -> Result<PathBuf, ServiceError> {
        let text = unit::text(plan)?;
        let path = self.unit(&plan.name);
        self.may_change("install")?;
        if let Some(present) = self.present(plan, &text, &path)?
            && present != path
        {
            self.run(&["enable", &unit_name(&plan.name)])?;
            return Ok(present);
        }
        if self.scope == Scope::System {
            check_account(plan.account.as_deref().unwrap_or("scanner"))?;
        } else {
            create_folder_with(&plan.home, file_access::file_rights::FOLDER_MODE)
                .map_err(|error| cannot("create the home", &plan.home, error))?;
        }
        create_folder_with(&self.units, FOLDER_MODE)
            .and_then(|()| fs::write(&path, text))
            .map_err(|error| cannot("write the unit", &path, error))?;
        let enabled = self
            .run(&["daemon-reload"])
            .and_then(|_| self.run(&["enable", &unit_name(&plan.name)]));
        if let Err(error) = enabled {
            // A second attempt would find the name taken.
            let _ = fs::remove_file(&path);
            return Err(error);
        }
        Ok(path)
    }

    /// Stops and disables the service, and removes its unit. Returns the removed file. The home is not changed.
    ///
    /// # Errors
    /// If the unit does not exist or belongs to a package, or systemd cannot stop it.
    pub fn uninstall(&self, name: &ServiceName) -> Result<PathBuf, ServiceError> {
        let path = self.unit(name);
        self.may_change("uninstall")?;
        let state = self.expect(name)?;
        if let Some(other) = state.unit.filter(|other| *other != path) {
            return Err(ServiceError::new(
                format!("the unit `{}` belongs to a package", shown(&other)),
                format!(
                    "remove the package, or disable the service: `systemctl disable --now {name}`"
                ),
            ));
        }
        self.run(&["disable", "--now", &unit_name(name)])?;
        fs::remove_file(&path).map_err(|error| cannot("remove the unit", &path, error))?;
        self.run(&["daemon-reload"])?;
        Ok(path)
    }

    /// Starts the service, and waits until it is ready.
    ///
    /// # Errors
    /// If it is not installed, or does not start.
    pub fn start(&self, name: &ServiceName) -> Result<(), ServiceError> {
        self.may_change("start")?;
        self.expect(name)?;
        self.run(&["start", &unit_name(name)])
            .map(drop)
            .map_err(|error| {
                error.with_hint(match self.scope {
                    Scope::System => format!("its log has the reason: `journalctl --unit {name}`"),
                    Scope::User => {
                        format!("its log has the reason: `journalctl --user --unit {name}`")
                    }
                })
            })
    }

    /// Stops the service, and waits until it has ended.
    ///
    /// # Errors
    /// If it is not installed, or does not stop.
    pub fn stop(&self, name: &ServiceName) -> Result<(), ServiceError> {
        self.may_change("stop")?;
        self.expect(name)?;
        self.run(&["stop", &unit_name(name)]).map(drop)
    }

    /// The state of the service, or `None` if it is not installed.
    ///
    /// # Errors
    /// If systemd cannot be asked.
    pub fn state(&self, name: &ServiceName) -> Result<Option<ServiceState>, ServiceError> {
        let properties = "--property=LoadState,ActiveState,UnitFileState,MainPID,User,FragmentPath,ExecStart,Result,ExecMainStatus";
        let text = self.run(&["show", &unit_name(name), properties])?;
        Ok(state_of(&text))
    }

    /// The file of the unit.
    fn unit(&self, name: &ServiceName) -> PathBuf {
        self.units.join(unit_name(name))
    }

    fn expect(&self, name: &ServiceName) -> Result<ServiceState, ServiceError> {
        self.state(name)?
            .ok_or_else(|| not_installed(name, self.scope))
    }

    /// The file of an equal unit that exists, or `None` if no unit has the name.
    fn present(
        &self,
        plan: &Plan,
        text: &str,
        path: &Path,
    ) -> Result<Option<PathBuf>, ServiceError> {
        let Some(state) = self.state(&plan.name)? else {
            return Ok(None);
        };
        let file = state.unit.unwrap_or_else(|| path.to_path_buf());
        if text == read_text(&file, FileKind::Small).unwrap_or_default() {
            return Ok(Some(file));
        }
        let hint = match file == path {
            true => {
                "run `scanner-cli service uninstall` first, change the unit with `systemctl edit`, or choose another name with `--name`"
            }
            false => {
                "a package installed it: leave out `--home` and `--account` to use it as it is, change it with `systemctl edit`, or choose another name with `--name`"
            }
        };
        Err(ServiceError::new(
            format!(
                "the service `{}` exists with other settings: `{}`",
                plan.name,
                shown(&file)
            ),
            hint,
        ))
    }

    /// Only root may change the services of the system.
    fn may_change(&self, operation: &str) -> Result<(), ServiceError> {
        if self.scope == Scope::User || rustix::process::geteuid().is_root() {
            return Ok(());
        }
        Err(ServiceError::new(
            format!(
                "{} may not {operation} a service of the system",
                file_access::account::account()
            ),
            format!(
                "run `sudo scanner-cli service {operation}`, or add `--user` for a service of your own"
            ),
        ))
    }

    fn run(&self, arguments: &[&str]) -> Result<String, ServiceError> {
        let called = Command::new(&self.systemctl)
            .args(&self.options)
            .args(arguments)
            .stdin(Stdio::null())
            .output();
        let called = called.map_err(|error| {
            ServiceError::of_system("the program `systemctl` cannot be run", error)
        })?;
        if called.status.success() {
            return Ok(String::from_utf8_lossy(&called.stdout).into_owned());
        }
        let reason = String::from_utf8_lossy(&called.stderr);
        let command = [&["systemctl"], arguments].concat().join(" ");
        Err(ServiceError::of_system(
            format!("`{command}` failed"),
            io::Error::other(reason.trim().to_owned()),
        ))
    }
}

fn unit_name(name: &ServiceName) -> String {
    format!("{name}.service")
}

fn not_installed(name: &ServiceName, scope: Scope) -> ServiceError {
    let (whose, option) = match scope {
        Scope::System => ("", ""),
        Scope::User => (" of yours", " --user"),
    };
    ServiceError::new(
        format!("no service{whose} with the name `{name}` is installed"),
        format!(
            "install it with `scanner-cli service install{option}`, or name another with `--name`"
        ),
    )
}

fn cannot(operation: &str, path: &Path, error: io::Error) -> ServiceError {
    ServiceError::of_system(format!("cannot {operation} `{}`", shown(path)), error)
}

/// Checks that the account exists, also if it comes from a directory service.
fn check_account(account: &str) -> Result<(), ServiceError> {
    let asked = Command::new("id")
        .args(["-u", "--", account])
        .stdin(Stdio::null())
        .output();
    match asked {
        Ok(found) if !found.status.success() => Err(ServiceError::new(
            format!("the user `{account}` does not exist"),
            format!(
                "create it with `useradd --system {account}`, or choose another with `--account`"
            ),
        )),
        // Without the program `id`, systemd reports a missing user when the service starts.
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Reads the output of `systemctl show`.
fn state_of(text: &str) -> Option<ServiceState> {
    let value = |name: &str| {
        let lines = text.lines().filter_map(|line| line.split_once('='));
        let mut own = lines.filter(|(found, _)| *found == name);
        own.next().map(|(_, value)| value).unwrap_or_default()
    };
    if value("LoadState") == "not-found" {
        return None;
    }
    let activity = match value("ActiveState") {
        "active" | "reloading" => Activity::Running,
        "activating" => Activity::Starting,
        "deactivating" => Activity::Stopping,
        "failed" => Activity::Failed,
        _ => Activity::Stopped,
    };
    let filled = |name: &str| Some(value(name)).filter(|value| !value.is_empty());
    let failure = match filled("Result") {
        None | Some("success") => None,
        Some("exit-code") => Some(format!("exit code {}", value("ExecMainStatus"))),
        Some(reason) => Some(reason.to_owned()),
    };
    Some(ServiceState {
        activity,
        process: value("MainPID").parse().ok().filter(|id| *id > 0),
        starts_at_boot: value("UnitFileState").starts_with("enabled"),
        account: filled("User").map(str::to_owned),
        command: command_of(value("ExecStart")).to_owned(),
        unit: filled("FragmentPath").map(PathBuf::from),
        failure,
    })
}

/// The command in `{ path=/usr/bin/x ; argv[]=/usr/bin/x run ; … }`.
fn command_of(text: &str) -> &str {
    let command = text.split_once("argv[]=").map(|(_, rest)| rest);
    let command = command.and_then(|rest| rest.split_once(" ; "));
    command.map_or(text, |(command, _)| command)
}

#[cfg(test)]
mod tests;
