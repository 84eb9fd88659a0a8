//! `service`: the scanner as a service of the system.

use std::path::{Path, PathBuf};

use catalog_model::with_causes;
use system_service::{
    Activity, Manager, Plan, ServiceError, ServiceName, ServiceState, default_home,
};
use tokio::task::spawn_blocking;

use crate::{
    arguments::{Install, Service, ServiceStatus, ShowFormat, Target},
    exit::Exit,
    home::shown,
    problem::Problem,
    program::Program,
};

#[cfg(windows)]
mod process;

#[cfg(windows)]
pub(crate) use self::process::log_file;

pub(crate) async fn run(program: &mut Program, service: Service) -> Exit {
    let result = match service {
        Service::Install(install) => return run_install(program, install).await,
        Service::Status(status) => return run_status(program, status).await,
        Service::Uninstall(target) => {
            let home_stays = "its home is kept";
            change(program, target, move |manager, name| {
                manager.uninstall(name)?;
                Ok(format!("uninstalled the service `{name}`; {home_stays}\n"))
            })
            .await
        }
        Service::Start(target) => {
            change(program, target, |manager, name| {
                manager.start(name)?;
                Ok(format!("started the service `{name}`\n"))
            })
            .await
        }
        Service::Stop(target) => {
            change(program, target, |manager, name| {
                manager.stop(name)?;
                Ok(format!("stopped the service `{name}`\n"))
            })
            .await
        }
        #[cfg(windows)]
        Service::Run(target) => return process::run(program, &target.name).await,
    };
    match result {
        Ok(report) => {
            program.report_note(&report);
            Exit::Complete
        }
        Err(error) => failed(program, &error),
    }
}

/// Changes a service in a thread, because the service manager may take a minute.
async fn change<T: Send + 'static>(
    program: &Program,
    target: Target,
    operation: impl FnOnce(&Manager, &ServiceName) -> Result<T, ServiceError> + Send + 'static,
) -> Result<T, ServiceError> {
    let manager = manager(program, &target)?;
    let running = spawn_blocking(move || operation(&manager, &target.name));
    match running.await {
        Ok(result) => result,
        Err(panicked) => std::panic::resume_unwind(panicked.into_panic()),
    }
}

#[cfg(unix)]
fn manager(program: &Program, target: &Target) -> Result<Manager, ServiceError> {
    let variable = |name| program.installation.variables.get(name).map(PathBuf::from);
    let configuration =
        variable("XDG_CONFIG_HOME").or_else(|| Some(variable("HOME")?.join(".config")));
    Manager::new(target.scope(), configuration.as_deref())
}

#[cfg(windows)]
fn manager(_program: &Program, _target: &Target) -> Result<Manager, ServiceError> {
    Ok(Manager)
}

async fn run_install(program: &mut Program, install: Install) -> Exit {
    let plan = match plan(program, &install) {
        Ok(plan) => plan,
        Err(problem) => {
            program.report_problem(&problem);
            return Exit::Configuration;
        }
    };
    #[cfg(unix)]
    if install.print {
        return match system_service::unit_text(&plan) {
            Ok(text) => program.print(&text, Exit::Complete),
            Err(error) => failed(program, &error),
        };
    }
    let report = report(&plan);
    let installed = install_planned(program, install.target, plan).await;
    match installed {
        Ok(unsupported) => {
            for what in unsupported {
                let message = format!("the service manager of this system does not support {what}");
                program.report_problem(&Problem::warning(message, None));
            }
            program.report_note(&report);
            Exit::Complete
        }
        Err(Failure::Service(error)) => failed(program, &error),
        #[cfg(windows)]
        Err(Failure::Exit(exit)) => exit,
    }
}

/// The settings that the service manager does not support, or why the service was not installed.
type Installed = Result<Vec<&'static str>, Failure>;

/// Why a service was not installed.
enum Failure {
    Service(ServiceError),
    /// Reported already.
    #[cfg(windows)]
    Exit(Exit),
}

#[cfg(unix)]
async fn install_planned(program: &Program, target: Target, plan: Plan) -> Installed {
    let installing = change(program, target, move |manager, _| manager.install(&plan));
    installing
        .await
        .map(|_| Vec::new())
        .map_err(Failure::Service)
}

#[cfg(windows)]
async fn install_planned(program: &mut Program, target: Target, plan: Plan) -> Installed {
    use secrecy::ExposeSecret;

    let needs_password = system_service::needs_password(&plan);
    if needs_password && program.environment.is_interactive {
        program.report("the service needs the password of its account\n");
    }
    let password = match needs_password {
        true => Some(
            super::encrypt::secret_input(program)
                .await
                .map_err(Failure::Exit)?,
        ),
        false => None,
    };
    let installing = change(program, target, move |manager, _| {
        let password = password.as_ref().map(|password| password.expose_secret());
        manager.install(&plan, password)
    });
    installing.await.map_err(Failure::Service)
}

/// What is to be installed. A home that is named must exist: a misspelt name would become a folder.
fn plan(program: &Program, install: &Install) -> Result<Plan, Problem> {
    let scope = install.target.scope();
    let unusable = |what: &str, error: std::io::Error| {
        Problem::general(format!("the path of the {what} is unknown: {error}"), None)
    };
    let home = match &program.environment.home {
        Some(home) => {
            program.installation.home.check()?;
            std::path::absolute(home).map_err(|error| unusable("home", error))?
        }
        None => default_home(scope, &program.installation.variables).ok_or_else(|| {
            let hint = "name it with `--home`".to_owned();
            Problem::general("the default home of the service is unknown", hint)
        })?,
    };
    Ok(Plan {
        name: install.target.name.clone(),
        program: std::env::current_exe().map_err(|error| unusable("program", error))?,
        home,
        scope,
        account: install.account.clone(),
    })
}

/// What was installed, and what comes next.
fn report(plan: &Plan) -> String {
    let connections = plan.home.join("connections");
    let user = match plan.scope {
        system_service::Scope::User => " --user",
        system_service::Scope::System => "",
    };
    let name = match plan.name.as_str() {
        system_service::DEFAULT_NAME => String::new(),
        name => format!(" --name {name}"),
    };
    let mut report = format!(
        "installed the service `{}`; its home is `{}`\n",
        plan.name,
        shown(&plan.home)
    );
    report += &format!(
        "  next      put connection files into `{}`, and run `scanner-cli service start{user}{name}`\n",
        shown(&connections)
    );
    if !user.is_empty() {
        report += "  at boot   it starts when you log in; to start it with the machine, run `loginctl enable-linger`\n";
    }
    report
}

async fn run_status(program: &mut Program, status: ServiceStatus) -> Exit {
    let name = status.target.name.clone();
    let found = change(program, status.target, Manager::state).await;
    let state = match found {
        Ok(state) => state,
        Err(error) => return failed(program, &error),
    };
    let exit = match &state {
        Some(state) if state.activity == Activity::Running => Exit::Complete,
        _ => Exit::Failed,
    };
    let text = match status.format {
        ShowFormat::Text => text(&name, state.as_ref()),
        ShowFormat::Json => json(&name, state.as_ref()),
    };
    program.print(&text, exit)
}

fn text(name: &ServiceName, state: Option<&ServiceState>) -> String {
    let Some(state) = state else {
        return format!("{name}: not installed\n");
    };
    let mut text = format!("{name}: {}", state.activity.word());
    if let Some(process) = state.process {
        text += &format!(" (process {process})");
    }
    if let Some(failure) = &state.failure {
        text += &format!(" ({failure})");
    }
    let starts = match state.starts_at_boot {
        true => "with the system",
        false => "only when it is started by hand",
    };
    text += &format!("\n  starts    {starts}\n");
    if let Some(account) = &state.account {
        text += &format!("  account   {account}\n");
    }
    text += &format!("  command   {}\n", state.command);
    if let Some(unit) = &state.unit {
        text += &format!("  unit      {}\n", shown(unit));
    }
    text
}

fn json(name: &ServiceName, state: Option<&ServiceState>) -> String {
    let path = |path: &PathBuf| Path::to_string_lossy(path).into_owned();
    let value = match state {
        None => serde_json::json!({ "name": name.as_str(), "state": "not installed" }),
        Some(state) => serde_json::json!({
            "name": name.as_str(),
            "state": state.activity.word(),
            "process": state.process,
            "starts_at_boot": state.starts_at_boot,
            "account": state.account,
            "command": state.command,
            "unit": state.unit.as_ref().map(path),
            "failure": state.failure,
        }),
    };
    format!("{value:#}\n")
}

fn failed(program: &mut Program, error: &ServiceError) -> Exit {
    let hint = error.hint().filter(|hint| !hint.is_empty());
    let problem = Problem::general(with_causes(error), hint.map(str::to_owned));
    program.report_problem(&problem);
    Exit::Failed
}
