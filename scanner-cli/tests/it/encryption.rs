//! `encrypt` and the key file.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

use crate::scanner::{Home, Run};

pub(crate) const KEY: &str = "conf/encryption.key";

/// `encrypt` without `--for`, which waits for its input.
pub(crate) fn begin(home: &Home) -> Child {
    begin_with(home, &["encrypt"])
}

fn begin_with(home: &Home, arguments: &[&str]) -> Child {
    let mut command = home.command(arguments);
    command.stdin(Stdio::piped());
    let command = command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap()
}

pub(crate) fn end(mut child: Child, input: &[u8]) -> Run {
    child.stdin.take().unwrap().write_all(input).unwrap();
    let output = child.wait_with_output().unwrap();
    Run {
        exit: output.status.code().unwrap_or(-1),
        output: String::from_utf8(output.stdout).unwrap(),
        errors: String::from_utf8(output.stderr).unwrap(),
    }
}

/// What `encrypt` prints for a secret, ready to be pasted anywhere.
pub(crate) fn encrypted(home: &Home, secret: &str) -> String {
    line(&end(begin(home), format!("{secret}\n").as_bytes()))
}

/// The same, for a setting of a connection.
pub(crate) fn encrypted_for(home: &Home, code: &str, setting: &str, secret: &str) -> String {
    let child = begin_with(home, &["encrypt", "--for", code, setting]);
    line(&end(child, format!("{secret}\n").as_bytes()))
}

fn line(run: &Run) -> String {
    run.check(0, &[]);
    let line = run.output.strip_suffix('\n').unwrap();
    assert!(
        line.starts_with("\"ENC[") && line.ends_with("]\""),
        "{line}"
    );
    line.to_owned()
}

fn mode(path: &Path) -> Option<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        Some(fs::metadata(path).unwrap().permissions().mode() & 0o777)
    }
    #[cfg(not(unix))]
    {
        let _ = path;
        None
    }
}

pub(crate) fn set_mode(path: &Path, mode: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }
    #[cfg(not(unix))]
    let _ = (path, mode);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(self::files(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// Checks that no file of the home, nor any of these texts, has a part of a secret.
pub(crate) fn check_hidden(home: &Home, texts: &[String]) {
    for text in texts {
        assert!(!text.to_lowercase().contains("s3cr3t"), "{text}");
    }
    for path in files(&home.path("")) {
        let content = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        assert!(
            !content.to_lowercase().contains("s3cr3t"),
            "{}",
            path.display()
        );
    }
}

#[test]
fn the_key_is_created_once_and_only_its_owner_can_read_it() {
    let home = Home::empty().traced();
    home.write("conf/application.conf", "encryption.key-file = keys/mine\n");
    let first = end(begin(&home), b"x");
    first.check(0, &["created the key file `keys/mine`"]);
    let key = home.read("keys/mine");
    let begin_bound = || {
        begin_with(
            &home,
            &["encrypt", "--for", "qlik", "connection.auth.value"],
        )
    };
    let second = end(begin_bound(), b"x");
    assert!(second.errors.is_empty(), "{}", second.errors);
    assert_ne!(first.output, second.output);
    assert_eq!(home.read("keys/mine"), key);
    assert!(!(first.output + &first.errors).contains(key.trim()));
    assert!(mode(&home.path("keys/mine")).is_none_or(|mode| mode == 0o600));
    assert_eq!(home.names("keys"), ["mine"]);
    assert!(!home.has(KEY));
    home.write("keys/mine", "is not a key file");
    let damaged = end(begin(&home), b"x");
    damaged.check(3, &["the key file `keys/mine` is damaged"]);
    assert_eq!(home.read("keys/mine"), "is not a key file");
}

#[test]
fn a_secret_comes_only_from_standard_input() {
    let home = Home::empty().traced();
    for (input, expected) in [
        (&b""[..], "the secret is missing"),
        (b"\r\n", "the secret is missing"),
        (b"\xff\n", "the secret is not UTF-8"),
        (&[b'x'; 70_000], "the secret is longer than 64 KiB"),
    ] {
        let run = end(begin(&home), input);
        run.check(2, &[expected]);
        assert!(run.output.is_empty());
    }
    let run = home.run(&["encrypt", "s3cr3t"]);
    run.check(2, &["`encrypt` does not accept a secret as an argument"]);
    assert!(!run.errors.contains("s3cr3t"), "{}", run.errors);
    assert!(!home.has(KEY), "nothing was encrypted");
    let mut child = begin(&home);
    child.stdin.as_mut().unwrap().write_all(b"s3cr3t").unwrap();
    for list in ["cmdline", "environ"] {
        let path = PathBuf::from(format!("/proc/{}/{list}", child.id()));
        if let Ok(list) = fs::read_to_string(path) {
            assert!(!list.contains("s3cr3t"), "{list}");
        }
    }
    let run = end(child, b"\n");
    run.check(0, &[]);
    check_hidden(&home, &[run.output, run.errors]);
}

#[test]
fn the_purpose_of_a_secret_is_validated_and_never_repeated() {
    let home = Home::empty();
    let check = |arguments: &[&str], expected: &str| {
        let run = home.run(&[&["encrypt"], arguments].concat());
        run.check(2, &[expected]);
        assert!(!run.errors.contains("s3cr3t"), "{}", run.errors);
    };
    check(
        &["--for", "qlik"],
        "the setting after `--for CODE` is missing",
    );
    check(
        &["--for", "qlik", "a.b", "s3cr3t"],
        "does not accept a secret as an argument",
    );
    check(
        &["--for", " ", "a.b"],
        "the code after `--for` is not valid: it is blank",
    );
    for setting in [
        "s3cr3t = x",
        "",
        "a..s3cr3t",
        "s3cr3t{",
        "include \"s3cr3t\"",
    ] {
        check(&["--for", "qlik", setting], "is not the name of a setting");
    }
    for setting in ["code", "name", "connector_id", "filter", "filters"] {
        check(&["--for", "qlik", setting], "cannot be a secret");
    }
    for setting in ["kind", "name", "connections"] {
        check(&["--for", "follower:glue", setting], "cannot be a secret");
    }
    check(
        &["--for", "follower: ", "token"],
        "the name after `--for follower:` is not valid: it is blank",
    );
    assert!(!home.has(KEY), "nothing was encrypted");
    let unbound = end(begin(&home), b"x");
    unbound.check(
        0,
        &["warning: the value is not bound", "encrypt --for CODE"],
    );
    home.write("conf/application.conf", "config.restrict = true\n");
    check(
        &[],
        "`config.restrict` in `conf/application.conf` requires values that are bound",
    );
}
