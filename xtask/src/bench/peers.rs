//! What reads the list of sheets without `qrs-client`: curl, which drops the bytes, and Python, as scripts for QRS do.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use super::measure::{Measure, measured, median};

/// Maximum number of sheets that Python reads. It needs twelve times the size of the list as memory.
const MAX_PYTHON_SHEETS: usize = 500_000;

/// Reads the whole list with Python's own JSON library, and writes a line with the same fields for each sheet.
const PYTHON: &str = r#"
import json, sys, urllib.request
request = urllib.request.Request(sys.argv[1], headers={"X-User": "x"})
sheets = json.load(urllib.request.urlopen(request))
with open(sys.argv[2], "w", encoding="utf-8") as lines:
    for sheet in sheets:
        app = sheet["app"]
        line = {
            "key": "/".join(["bench", app["id"], sheet["engineObjectId"]]),
            "label": "/".join([app["stream"]["name"], app["name"], sheet["name"]]),
            "name": sheet["name"],
            "description": sheet["description"],
            "owner": sheet["owner"]["userDirectory"] + "\\" + sheet["owner"]["userId"],
            "creation_date": sheet["createdDate"],
            "modification_date": sheet["modifiedDate"],
            "publish_date": sheet["publishTime"],
            "published": sheet["published"],
            "approved": sheet["approved"],
            "tags": [tag["name"] for tag in sheet["tags"]],
        }
        lines.write(json.dumps(line, ensure_ascii=False) + "\n")
"#;

/// Measures curl. `None` if it is not installed.
pub(super) fn curl(list: &str) -> Result<Option<Measure>, Box<dyn std::error::Error>> {
    if !is_installed("curl") {
        return Ok(None);
    }
    let measure = median(|| {
        let header = ["--header", "X-User: x"];
        let output = ["--silent", "--fail", "--output", "/dev/null"];
        measured(Command::new("curl").args(output).args(header).arg(list))
    })?;
    Ok(Some(measure))
}

/// Measures Python. `None` if it is not installed, or the list is too large for it.
pub(super) fn python(
    list: &str,
    sheets: usize,
    folder: &Path,
) -> Result<Option<Measure>, Box<dyn std::error::Error>> {
    if sheets > MAX_PYTHON_SHEETS || !is_installed("python3") {
        return Ok(None);
    }
    let output = folder.join("python.ndjson");
    let mut python = Command::new("python3");
    python.args(["-c", PYTHON, list]).arg(output);
    measured(&mut python).map(Some)
}

fn is_installed(program: &str) -> bool {
    let mut version = Command::new(program);
    version.arg("--version").stdout(Stdio::null());
    version.status().is_ok_and(|status| status.success())
}
