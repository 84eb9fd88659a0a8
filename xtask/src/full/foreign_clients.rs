//! The catalogs' own clients read what the followers write. They are installed into `target/tools`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use xshell::{Shell, cmd};

use super::{Verdict, has};
use crate::{demo, target};

type Checked<T> = Result<T, Box<dyn std::error::Error>>;

/// DataHub's client, whose file source and embedded catalog read the file of `datahub-file`.
const DATAHUB: &str = "acryl-datahub==1.7.*";

/// Runs the clients over the files of the demo site.
pub(super) fn run(shell: &Shell) -> Verdict {
    if !has(shell, "python3", &["-m", "venv", "--help"]) {
        let reason = "python3 or its module venv is missing (Debian: python3-venv)";
        return Verdict::NotRun(reason.to_owned());
    }
    let datahub = match install(shell) {
        Ok(datahub) => datahub,
        Err(error) => return Verdict::NotRun(format!("{DATAHUB} cannot be installed: {error}")),
    };
    match check(shell, &datahub) {
        Ok(()) => Verdict::Passed,
        Err(error) => Verdict::Failed(error.to_string()),
    }
}

/// Installs the client once, and returns its program.
fn install(shell: &Shell) -> Checked<PathBuf> {
    let folder = target(shell)?.join("tools/datahub");
    let program = folder.join("bin/datahub");
    if !program.exists() {
        let pip = folder.join("bin/pip");
        cmd!(shell, "python3 -m venv {folder}").run()?;
        cmd!(shell, "{pip} install --quiet {DATAHUB}").run()?;
    }
    Ok(program)
}

fn check(shell: &Shell, datahub: &Path) -> Checked<()> {
    let settings = r#"followers = [ { kind = "datahub-file", path = "export" } ]"#;
    let home = demo::scanned_home(shell, settings)?;
    let file = home.path().join("export/demo.mcps.json");
    let rows: Vec<Value> = serde_json::from_str(&fs::read_to_string(&file)?)?;
    let _telemetry = shell.push_env("DATAHUB_TELEMETRY_ENABLED", "false");
    // The client keeps its settings and the embedded catalog there.
    let _home = shell.push_env("HOME", home.path());

    let checked = cmd!(shell, "{datahub} check metadata-file {file}").read()?;
    expect(
        checked.contains(&format!("{} MCEs found - all valid", rows.len())),
        "`datahub check metadata-file` accepts every row",
    )?;
    expect(
        ingested(shell, datahub, &file, home.path())? == rows.len(),
        "`datahub ingest` reads every row",
    )?;
    let urns = embedded(shell, datahub, &file, home.path())?;
    let dashboards = urns.matches("urn:li:dashboard:").count();
    expect(
        dashboards == items(&rows),
        "`datahub lite` has every item of the file",
    )
}

/// Ingests the file into another file, and returns the number of its rows.
fn ingested(shell: &Shell, datahub: &Path, file: &Path, home: &Path) -> Checked<usize> {
    let (recipe, output) = (home.join("recipe.yml"), home.join("ingested.json"));
    let text = format!(
        "source: {{type: file, config: {{path: {}}}}}\nsink: {{type: file, config: {{filename: {}}}}}\n",
        file.display(),
        output.display()
    );
    fs::write(&recipe, text)?;
    cmd!(shell, "{datahub} ingest run -c {recipe}")
        .ignore_stdout()
        .ignore_stderr()
        .run()?;
    let rows: Vec<Value> = serde_json::from_str(&fs::read_to_string(output)?)?;
    Ok(rows.len())
}

/// Imports the file into the embedded catalog, and returns the urns that it has.
fn embedded(shell: &Shell, datahub: &Path, file: &Path, home: &Path) -> Checked<String> {
    // The client does not start without a server in its settings.
    fs::write(
        home.join(".datahubenv"),
        "gms: {server: \"http://localhost:8080\"}\n",
    )?;
    let catalog = home.join("lite.db");
    cmd!(shell, "{datahub} lite init --type sqlite --file {catalog}")
        .stdin("y\n")
        .ignore_stdout()
        .run()?;
    cmd!(shell, "{datahub} lite import --file {file}")
        .ignore_stdout()
        .ignore_stderr()
        .run()?;
    Ok(cmd!(shell, "{datahub} lite list-urns").read()?)
}

/// The number of items in the rows of a file.
fn items(rows: &[Value]) -> usize {
    let infos = rows
        .iter()
        .filter(|row| row["aspectName"] == "dashboardInfo");
    infos.count()
}

fn expect(holds: bool, sentence: &str) -> Checked<()> {
    match holds {
        true => Ok(()),
        false => Err(format!("this does not hold: {sentence}").into()),
    }
}
