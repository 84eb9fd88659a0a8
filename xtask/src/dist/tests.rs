//! Packages of the real files, with a small program.

use std::{collections::BTreeMap, thread, time::Duration};

use super::*;

/// Times in archives have a precision of two seconds.
const UNTIL_TIMES_DIFFER: Duration = Duration::from_millis(2_100);

/// A folder with packages, and the folder that they were made in.
struct Packages {
    folder: tempfile::TempDir,
}

impl Packages {
    fn new(shell: &Shell, release: &Release) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let work = folder.path().join("work");
        let texts = empty(work.join("texts")).unwrap();
        for (name, text) in [
            ("man/scanner-cli.1", ".TH scanner-cli 1\n"),
            ("completions/_scanner-cli", "#compdef scanner-cli\n"),
            ("licences/dependencies.txt", "MIT\n"),
            ("schemas/connection.schema.json", "{}\n"),
        ] {
            let file = texts.join(name);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, text).unwrap();
        }
        let gather = |system, program: &str| {
            contents::gather((system, Path::new(program)), &texts, release, &work).unwrap()
        };
        let packing = Packing {
            shell,
            release,
            linux: &gather(System::Linux, "/bin/true"),
            windows: &gather(System::Windows, "/bin/true"),
            work: &work,
            to: &empty(folder.path().join("dist")).unwrap(),
        };
        pack(&packing).unwrap();
        Self { folder }
    }

    /// The content of each package by its name. Of the package for Windows, the tables and the files.
    fn contents(&self, shell: &Shell) -> BTreeMap<PathBuf, Vec<u8>> {
        let folder = self.folder.path().join("dist");
        let mut contents = BTreeMap::new();
        for name in contents::files_below(&folder).unwrap() {
            let file = folder.join(&name);
            match name.extension().is_some_and(|ending| ending == "msi") {
                true => contents.extend(self.windows_package(shell, &file)),
                false => _ = contents.insert(name, fs::read(file).unwrap()),
            }
        }
        contents
    }

    fn windows_package(&self, shell: &Shell, file: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
        let extracted = self.folder.path().join("extracted");
        cmd!(shell, "msiextract --directory {extracted} {file}")
            .ignore_stdout()
            .quiet()
            .run()
            .unwrap();
        let files = contents::files_below(&extracted).unwrap().into_iter();
        let files = files.map(|name| (name.clone(), fs::read(extracted.join(name)).unwrap()));
        let tables = cmd!(shell, "msiinfo tables {file}").quiet().read().unwrap();
        let tables = tables.lines().filter(|name| *name != "_SummaryInformation");
        let tables = tables.map(|name| {
            let table = cmd!(shell, "msiinfo export {file} {name}").quiet();
            (PathBuf::from(name), table.output().unwrap().stdout)
        });
        files.chain(tables).collect()
    }
}

#[test]
fn two_runs_make_the_same_packages() {
    let shell = Shell::new().unwrap();
    programs::ensure_tools(&shell).unwrap();
    let release = Release {
        version: "1.2.3-rc.1".to_owned(),
        time: 1_700_000_000,
    };
    let first = Packages::new(&shell, &release).contents(&shell);
    thread::sleep(UNTIL_TIMES_DIFFER);
    let second = Packages::new(&shell, &release).contents(&shell);
    let names = |contents: &BTreeMap<PathBuf, Vec<u8>>| {
        let names = contents.keys().map(|name| name.display().to_string());
        names.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(names(&first), names(&second));
    for package in [
        "scanner-cli-1.2.3-rc.1-x86_64-linux.tar.gz",
        "scanner-cli-1.2.3-rc.1-x86_64-windows.zip",
        "scanner-cli_1.2.3~rc.1_amd64.deb",
        "scanner-cli-1.2.3~rc.1-1.x86_64.rpm",
        "scanner-cli-1.2.3-rc.1-container.tar.gz",
        "Qlik Sense scanner/scanner-cli.exe",
        "File",
    ] {
        assert!(
            first.contains_key(Path::new(package)),
            "{package} is missing in:\n{}",
            names(&first)
        );
    }
    for (name, content) in first {
        assert!(second[&name] == content, "{} differs", name.display());
    }
}
