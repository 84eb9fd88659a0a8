//! The text of a systemd unit.

use std::path::Path;

use crate::{
    ServiceError,
    plan::{Plan, Scope},
};

/// The account of a system unit if no other is set.
const DEFAULT_ACCOUNT: &str = "scanner";
/// Folders that `ProtectHome=yes` hides.
const HIDDEN_FOLDERS: [&str; 3] = ["/home", "/root", "/run/user"];

/// Limits of what the service may do, for system units only: a user's manager cannot set all of them.
const SANDBOX: &str = "\
CapabilityBoundingSet=
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
PrivateDevices=yes
PrivateTmp=yes
ProcSubset=pid
ProtectClock=yes
ProtectControlGroups=yes
ProtectHome={home}
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
ProtectSystem=strict
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
";

/// Limits that a user's manager can set.
const USER_SANDBOX: &str = "\
LockPersonality=yes
MemoryDenyWriteExecute=yes
NoNewPrivileges=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
";

/// The unit of this service. With the defaults, it is the file `packaging/scanner-cli.service`.
///
/// # Errors
/// If a path is not UTF-8 text or has a line break.
pub fn text(plan: &Plan) -> Result<String, ServiceError> {
    let (home, program) = (utf8(&plan.home)?, utf8(&plan.program)?);
    let mut unit = format!(
        "# The home is {home}, with connections/, conf/ and hooks/. The scanner writes data/ and export/.
[Unit]
Description=Qlik Sense scanner
Documentation=file:///usr/share/doc/scanner-cli/docs/service.md
"
    );
    if plan.scope == Scope::System {
        unit += "Wants=network-online.target\nAfter=network-online.target\n";
    }
    unit += &format!(
        "
[Service]
Type=notify
ExecStart={} --home {} run
ExecReload=/bin/kill -HUP $MAINPID
Restart=on-failure
RestartSec=10
# These exit codes are caused by an invalid file or another running service. A restart does not help.
RestartPreventExitStatus=2 3 7
TimeoutStopSec=20
",
        command_word(program),
        command_word(home)
    );
    if plan.scope == Scope::System {
        let account = plan.account.as_deref().unwrap_or(DEFAULT_ACCOUNT);
        unit += &format!(
            "# This user must be able to read the connection files: useradd --system {account}\nUser={account}\n"
        );
        unit += &writable_home(home);
    }
    unit += &format!(
        "WorkingDirectory={}\nUMask=0027\n\n",
        home.replace('%', "%%")
    );
    unit += &match plan.scope {
        Scope::System => SANDBOX.replace("{home}", hidden_homes(&plan.home, &plan.program)),
        Scope::User => USER_SANDBOX.to_owned(),
    };
    let target = match plan.scope {
        Scope::System => "multi-user.target",
        Scope::User => "default.target",
    };
    unit += &format!("\n[Install]\nWantedBy={target}\n");
    Ok(unit)
}

/// Lets the service write its home. systemd creates a folder below `/var/lib` and gives it to the account.
fn writable_home(home: &str) -> String {
    match home.strip_prefix("/var/lib/") {
        Some(name) if !name.contains(['/', ' ', '%', '"', '\\', '$']) => {
            format!("StateDirectory={name}\nStateDirectoryMode=0750\n")
        }
        _ => format!("ReadWritePaths={}\n", quoted(home)),
    }
}

/// The value of `ProtectHome=`: the program and the home stay visible if they are in a user's folder.
fn hidden_homes(home: &Path, program: &Path) -> &'static str {
    let is_hidden = |path: &Path| HIDDEN_FOLDERS.iter().any(|folder| path.starts_with(folder));
    match is_hidden(home) || is_hidden(program) {
        true => "read-only",
        false => "yes",
    }
}

fn utf8(path: &Path) -> Result<&str, ServiceError> {
    let text = path
        .to_str()
        .filter(|text| !text.contains(char::is_control));
    text.ok_or_else(|| {
        let shown = file_access::path_text::shown(path);
        ServiceError::new(
            format!("`{shown}` cannot be written into a systemd unit"),
            "choose a path without line breaks that is UTF-8 text",
        )
    })
}

/// A word of a command line, in which `$` begins a variable (systemd.service(5), "Command lines").
fn command_word(word: &str) -> String {
    quoted(word).replace('$', "$$")
}

/// A word of a list (systemd.syntax(7), "Quoting"). `%` begins a specifier.
fn quoted(word: &str) -> String {
    let is_plain = |letter: char| letter.is_alphanumeric() || "/_.:@+-".contains(letter);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    let mut text = String::from("\"");
    for letter in word.chars() {
        match letter {
            '"' | '\\' => text.extend(['\\', letter]),
            '%' => text.push_str("%%"),
            _ => text.push(letter),
        }
    }
    text.push('"');
    text
}

#[cfg(test)]
mod tests;
