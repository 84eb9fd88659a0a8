//! The lists of all components of the programs (SBOM), in the format of `CycloneDX`.

use std::{fs, path::Path};

use serde_json::Value;
use xshell::{Shell, cmd};

use super::{NAME, Packing, contents::System};
use crate::{Outcome, root, tools::tool};

/// Writes SBOMs.
const CARGO_CYCLONEDX: (&str, &str) = ("cargo-cyclonedx", "0.5.9");

/// Name of the files that the tool writes beside each manifest of the workspace.
const WRITTEN: &str = "dist-sbom";

/// Writes a list for each system beside the packages.
pub(super) fn write(packing: &Packing<'_>) -> Outcome {
    for system in [System::Linux, System::Windows] {
        let file = packing.release.file_name(system, ".cdx.json");
        let text = list(packing, system.target());
        // The tool writes for each crate.
        remove_written(packing.shell)?;
        fs::write(packing.to.join(file), text?)?;
    }
    Ok(())
}

/// The components of the program for a target.
fn list(packing: &Packing<'_>, target: &str) -> Result<String, Box<dyn std::error::Error>> {
    let shell = packing.shell;
    let tool = tool(shell, CARGO_CYCLONEDX)?;
    cmd!(
        shell,
        "{tool} cyclonedx --manifest-path scanner-cli/Cargo.toml --format json --spec-version 1.5 --target {target}
         --no-build-deps --override-filename {WRITTEN} -qq"
    )
    .env("SOURCE_DATE_EPOCH", packing.release.time.to_string())
    .quiet()
    .run()?;
    let written = fs::read_to_string(format!("{NAME}/{WRITTEN}.json"))?;
    // The same text on each machine.
    Ok(written.replace(&root().display().to_string(), "/source"))
}

/// Removes what the tool wrote beside the manifests of all members.
fn remove_written(shell: &Shell) -> Outcome {
    let metadata = cmd!(shell, "cargo metadata --format-version 1 --no-deps");
    let metadata: Value = serde_json::from_str(&metadata.quiet().read()?)?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    for manifest in packages.filter_map(|package| package["manifest_path"].as_str()) {
        let written = Path::new(manifest)
            .with_file_name(WRITTEN)
            .with_extension("json");
        if written.exists() {
            fs::remove_file(written)?;
        }
    }
    Ok(())
}
