use std::{fs, path::PathBuf, process::Command};

use super::*;

fn plan(home: &str) -> Plan {
    Plan {
        name: "scanner-cli".parse().unwrap(),
        program: PathBuf::from("/usr/bin/scanner-cli"),
        home: PathBuf::from(home),
        scope: Scope::System,
        account: None,
    }
}

/// The value of a setting of the unit, for each time that it is set.
fn values(unit: &str, name: &str) -> Vec<String> {
    let lines = unit.lines().filter_map(|line| line.split_once('='));
    let own = lines.filter(|(found, _)| *found == name);
    own.map(|(_, value)| value.to_owned()).collect()
}

#[test]
fn the_unit_of_the_packages_is_the_one_that_is_installed() {
    let packaged = include_str!("../../../../packaging/scanner-cli.service");
    assert_eq!(text(&plan("/var/lib/scanner")).unwrap(), packaged);
}

#[test]
fn the_service_may_write_its_home_wherever_it_is() {
    for (home, name, value, hidden) in [
        ("/var/lib/scanner-2", "StateDirectory", "scanner-2", "yes"),
        ("/srv/scanner", "ReadWritePaths", "/srv/scanner", "yes"),
        ("/var/lib/a/b", "ReadWritePaths", "/var/lib/a/b", "yes"),
        (
            "/home/ada/scanner",
            "ReadWritePaths",
            "/home/ada/scanner",
            "read-only",
        ),
        ("/srv/a b$%", "ReadWritePaths", "\"/srv/a b$%%\"", "yes"),
    ] {
        let unit = text(&plan(home)).unwrap();
        assert_eq!(values(&unit, name), [value], "{home}");
        assert_eq!(values(&unit, "ProtectHome"), [hidden], "{home}");
    }
    let unit = text(&plan("/srv/a \"b\" $c %d\\")).unwrap();
    let command = r#"/usr/bin/scanner-cli --home "/srv/a \"b\" $$c %%d\\" run"#;
    assert_eq!(values(&unit, "ExecStart"), [command]);
    assert_eq!(values(&unit, "WorkingDirectory"), ["/srv/a \"b\" $c %%d\\"]);
    assert!(text(&plan("/srv/a\nb")).is_err());
}

#[test]
fn a_unit_of_a_user_has_no_account_and_no_settings_of_the_system() {
    let mut plan = plan("/home/ada/.local/share/scanner");
    plan.scope = Scope::User;
    let unit = text(&plan).unwrap();
    for name in ["User", "ProtectSystem", "CapabilityBoundingSet", "After"] {
        assert!(values(&unit, name).is_empty(), "{name}");
    }
    assert_eq!(values(&unit, "WantedBy"), ["default.target"]);
}

#[test]
fn systemd_accepts_every_unit() {
    let folder = tempfile::tempdir().unwrap();
    for (home, scope) in [
        ("/var/lib/scanner", Scope::System),
        ("/srv/a b\"c$%\\", Scope::System),
        ("/srv/a b\"c$%\\", Scope::User),
    ] {
        let plan = Plan {
            // systemd checks that the program exists.
            program: PathBuf::from("/bin/sh"),
            account: Some("root".to_owned()),
            scope,
            ..plan(home)
        };
        let path = folder.path().join("scanner-cli.service");
        fs::write(&path, text(&plan).unwrap()).unwrap();
        let mut verify = Command::new("systemd-analyze");
        verify.args(["verify", "--man=no", "--recursive-errors=no"]);
        if scope == Scope::User {
            verify.arg("--user").env("XDG_RUNTIME_DIR", folder.path());
        }
        let Ok(found) = verify.arg(&path).output() else {
            // Machines without systemd do not have it.
            return;
        };
        let complaints = String::from_utf8_lossy(&found.stderr);
        assert!(found.status.success(), "{home}: {complaints}");
        assert_eq!(complaints, "", "{home}");
    }
}
