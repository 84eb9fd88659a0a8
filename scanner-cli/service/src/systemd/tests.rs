use std::{io::Write, process::Stdio};

use tempfile::TempDir;

use super::*;

/// A manager whose units are in a temporary folder. No systemd runs where tests run, so a script answers instead of
/// `systemctl`. The script writes its arguments to `calls`. What it answers to `show` is in the file `shown`.
struct Machine {
    folder: TempDir,
    manager: Systemd,
}

impl Machine {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let here = folder.path().display();
        let script = format!(
            "#!/bin/sh\necho \"$*\" >> '{here}/calls'\ncase \"$2\" in\nshow) cat '{here}/shown' ;;\n\
             start) echo 'Job failed.' >&2; exit 1 ;;\nesac\n"
        );
        let systemctl = folder.path().join("systemctl");
        write_program(&systemctl, &script);
        let manager = Systemd {
            scope: Scope::User,
            units: folder.path().join("units"),
            options: vec!["--user".to_owned()],
            systemctl,
        };
        let machine = Self { folder, manager };
        machine.answer("LoadState=not-found\n");
        machine
    }

    fn answer(&self, text: &str) {
        fs::write(self.folder.path().join("shown"), text).unwrap();
    }

    fn answer_installed(&self) {
        let unit = self.manager.unit(&name());
        self.answer(&format!(
            "LoadState=loaded\nActiveState=inactive\nFragmentPath={}\n",
            unit.display()
        ));
    }

    /// The calls so far, without questions.
    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.folder.path().join("calls")).unwrap_or_default();
        let calls = calls.lines().filter(|call| !call.contains(" show "));
        calls.map(str::to_owned).collect()
    }

    fn plan(&self) -> Plan {
        Plan {
            name: name(),
            program: PathBuf::from("/usr/bin/scanner-cli"),
            home: self.folder.path().join("home"),
            scope: Scope::User,
            account: None,
        }
    }
}

/// Writes a program. Another process does it: a child that another test starts meanwhile would inherit the open file, and
/// until it closes it, the program cannot be run ("text file busy").
fn write_program(path: &Path, text: &str) {
    let mut writer = Command::new("sh")
        .args(["-c", "cat >\"$0\" && chmod 755 \"$0\""])
        .arg(path)
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    let input = writer.stdin.take().unwrap();
    { input }.write_all(text.as_bytes()).unwrap();
    assert!(writer.wait().unwrap().success());
}

fn name() -> ServiceName {
    "scanner-cli".parse().unwrap()
}

#[test]
fn a_unit_is_written_enabled_and_removed() {
    let machine = Machine::new();
    let path = machine.manager.install(&machine.plan()).unwrap();
    assert_eq!(
        path,
        machine.folder.path().join("units/scanner-cli.service")
    );
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text, unit::text(&machine.plan()).unwrap());
    assert!(machine.plan().home.is_dir());
    machine.answer_installed();
    machine.manager.uninstall(&name()).unwrap();
    assert!(!path.exists());
    assert!(machine.plan().home.is_dir());
    assert_eq!(
        machine.calls(),
        [
            "--user daemon-reload",
            "--user enable scanner-cli.service",
            "--user disable --now scanner-cli.service",
            "--user daemon-reload"
        ]
    );
}

#[test]
fn an_equal_unit_is_installed_again_and_another_is_kept() {
    let machine = Machine::new();
    let path = machine.manager.install(&machine.plan()).unwrap();
    machine.answer_installed();
    machine.manager.install(&machine.plan()).unwrap();
    fs::write(&path, "[Unit]\n").unwrap();
    let error = machine.manager.install(&machine.plan()).unwrap_err();
    assert!(error.to_string().contains("exists"), "{error}");
    assert!(error.hint().unwrap().contains("uninstall"));
    assert_eq!(fs::read_to_string(&path).unwrap(), "[Unit]\n");
}

#[test]
fn an_equal_unit_of_a_package_is_enabled_and_another_is_kept() {
    let machine = Machine::new();
    let packaged = machine.folder.path().join("packaged.service");
    fs::write(&packaged, unit::text(&machine.plan()).unwrap()).unwrap();
    machine.answer(&format!(
        "LoadState=loaded\nFragmentPath={}\n",
        packaged.display()
    ));
    assert_eq!(machine.manager.install(&machine.plan()).unwrap(), packaged);
    assert_eq!(machine.calls(), ["--user enable scanner-cli.service"]);
    let own = Plan {
        home: machine.folder.path().join("another"),
        ..machine.plan()
    };
    let error = machine.manager.install(&own).unwrap_err();
    assert!(error.hint().unwrap().contains("package"), "{error}");
    assert!(!machine.manager.unit(&name()).exists());
}

#[test]
fn a_unit_of_a_package_is_not_removed() {
    let machine = Machine::new();
    machine.answer("LoadState=loaded\nFragmentPath=/lib/systemd/system/scanner-cli.service\n");
    let error = machine.manager.uninstall(&name()).unwrap_err();
    assert!(
        error.to_string().contains("belongs to a package"),
        "{error}"
    );
    assert!(machine.calls().is_empty());
}

#[test]
fn what_is_not_installed_is_neither_started_nor_removed() {
    let machine = Machine::new();
    for result in [
        machine.manager.start(&name()),
        machine.manager.stop(&name()),
        machine.manager.uninstall(&name()).map(drop),
    ] {
        let error = result.unwrap_err();
        assert!(error.to_string().contains("is installed"), "{error}");
        assert!(error.hint().unwrap().contains("service install --user"));
    }
    assert!(machine.calls().is_empty());
}

#[test]
fn a_failed_start_names_the_log() {
    let machine = Machine::new();
    machine.manager.install(&machine.plan()).unwrap();
    machine.answer_installed();
    let error = machine.manager.start(&name()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`systemctl start scanner-cli.service` failed"
    );
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "Job failed.");
    assert!(error.hint().unwrap().contains("journalctl --user"));
}

#[test]
fn an_account_must_exist() {
    check_account("root").unwrap();
    let error = check_account("no-such-account").unwrap_err();
    assert!(
        error
            .hint()
            .unwrap()
            .contains("useradd --system no-such-account")
    );
}

#[test]
fn the_state_is_read_from_what_systemctl_shows() {
    let text = "ExecStart={ path=/usr/bin/scanner-cli ; argv[]=/usr/bin/scanner-cli --home /var/lib/scanner run ; ignore_errors=no ; \
                pid=42 }\nLoadState=loaded\nActiveState=active\nUnitFileState=enabled\nMainPID=42\nUser=scanner\n\
                FragmentPath=/etc/systemd/system/scanner-cli.service\nResult=success\nExecMainStatus=0\n";
    assert_eq!(
        state_of(text),
        Some(ServiceState {
            activity: Activity::Running,
            process: Some(42),
            starts_at_boot: true,
            account: Some("scanner".to_owned()),
            command: "/usr/bin/scanner-cli --home /var/lib/scanner run".to_owned(),
            unit: Some(PathBuf::from("/etc/systemd/system/scanner-cli.service")),
            failure: None,
        })
    );
    let failed = state_of(
        "LoadState=loaded\nActiveState=failed\nMainPID=0\nResult=exit-code\nExecMainStatus=3\n",
    );
    let failed = failed.unwrap();
    assert_eq!(failed.activity, Activity::Failed);
    assert_eq!(failed.process, None);
    assert_eq!(failed.failure.as_deref(), Some("exit code 3"));
    assert_eq!(
        state_of("LoadState=not-found\nActiveState=inactive\n"),
        None
    );
}
