//! `config fmt` and `config check`.

use std::fs;

use crate::scanner::Home;

const MESSY: &str = "name=Qlik   # the name\ncode = qlik\nconnector_id : qlik-sense\nconnection {\nurl=\"https://q.example/vp\", link_url=\"https://q.example\"\n      auth{\n key = X-User\n\n\n value = \"a\\\\b\"\n}\n}\n";
const TIDY: &str = "name = Qlik   # the name\ncode = qlik\nconnector_id: qlik-sense\nconnection {\n  url = \"https://q.example/vp\", link_url = \"https://q.example\"\n  auth {\n    key = X-User\n\n    value = \"a\\\\b\"\n  }\n}\n";

#[test]
fn a_file_is_formatted_once() {
    let home = Home::with(MESSY);
    let run = home.run(&["config", "fmt", "qlik", "--check"]);
    run.check(
        3,
        &[
            "`connections/qlik.conf` is not formatted",
            "config fmt connections/qlik.conf",
        ],
    );
    assert_eq!(home.read("connections/qlik.conf"), MESSY);
    home.run(&["config", "fmt", "qlik"])
        .check(0, &["formatted `connections/qlik.conf`"]);
    assert_eq!(home.read("connections/qlik.conf"), TIDY);
    for arguments in [
        &["config", "fmt", "qlik", "--check"][..],
        &["config", "fmt", "connections/qlik.conf"],
    ] {
        let run = home.run(arguments);
        assert_eq!((run.exit, &*run.errors), (0, ""));
    }
    home.run(&["config", "check"]).check(0, &[]);
}

#[test]
#[cfg(unix)]
fn a_formatted_file_keeps_its_mode_and_its_link() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let home = Home::with(MESSY);
    home.write("shared/qlik.conf", MESSY);
    fs::set_permissions(
        home.path("shared/qlik.conf"),
        fs::Permissions::from_mode(0o604),
    )
    .unwrap();
    fs::remove_file(home.path("connections/qlik.conf")).unwrap();
    symlink("../shared/qlik.conf", home.path("connections/qlik.conf")).unwrap();
    home.run(&["config", "fmt", "qlik"]).check(0, &[]);
    assert_eq!(home.read("shared/qlik.conf"), TIDY);
    assert!(home.path("connections/qlik.conf").is_symlink());
    let mode = fs::metadata(home.path("shared/qlik.conf"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o604);
    assert_eq!(home.names("shared"), ["qlik.conf"]);
}

#[test]
fn an_invalid_or_missing_file_is_not_written() {
    let home = Home::with("name = \"Qlik\nurl = {");
    home.run(&["config", "fmt", "connections/qlik.conf"])
        .check(3, &["error: "]);
    assert_eq!(home.read("connections/qlik.conf"), "name = \"Qlik\nurl = {");
    home.run(&["config", "fmt", "connections/none.conf"])
        .check(3, &["there is no file"]);
    home.run(&["config", "fmt"]).check(2, &["<FILE|CODE>"]);
}

/// All blocks of HOCON in the documentation.
fn examples() -> Vec<String> {
    let docs = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs");
    let mut files = vec![format!("{docs}/../README.md")];
    for folder in [docs.to_owned(), format!("{docs}/catalogs")] {
        let entries = fs::read_dir(folder).unwrap();
        let paths = entries.map(|entry| entry.unwrap().path());
        let pages = paths.filter(|path| path.extension().is_some_and(|found| found == "md"));
        files.extend(pages.map(|path| path.to_str().unwrap().to_owned()));
    }
    let pages = files.iter().map(|file| fs::read_to_string(file).unwrap());
    let blocks = pages.flat_map(|page| {
        let blocks = page.split("```hocon\n").skip(1);
        blocks
            .map(|block| block.split("```").next().unwrap().to_owned())
            .collect::<Vec<_>>()
    });
    blocks.collect()
}

#[test]
fn formatting_does_not_change_what_the_documentation_means() {
    let home = Home::empty();
    let mut formatted = 0;
    for example in examples() {
        home.write("example.conf", &example);
        let show = || home.run(&["config", "show", "example.conf", "--format", "json"]);
        let before = show();
        let run = home.run(&["config", "fmt", "example.conf"]);
        // Some examples are mistakes, or have an ellipsis.
        assert!(
            run.exit == 0 || before.exit != 0,
            "{example}\n{}",
            run.errors
        );
        assert!(!run.errors.contains("please report"), "{example}");
        let after = show();
        if before.exit == 0 {
            assert_eq!(before.output, after.output, "{example}");
            let comments = |text: &str| text.matches('#').count();
            assert_eq!(comments(&example), comments(&home.read("example.conf")));
            formatted += 1;
        }
    }
    assert!(formatted > 30, "{formatted}");
}
