//! Programs of other people that the checks need. They are built once into `target/tools`.

use std::{fs, path::PathBuf};

use xshell::{Shell, cmd};

use crate::target;

/// The path of a tool. Builds the tool if it is missing.
pub(crate) fn tool(
    shell: &Shell,
    (name, version): (&str, &str),
) -> Result<PathBuf, Box<dyn std::error::Error>> {
    let root = target(shell)?
        .join("tools")
        .join(format!("{name}-{version}"));
    let binary = root.join("bin").join(name);
    if !binary.exists() {
        fs::create_dir_all(&root)?;
        // A tool that runs for seconds is not worth minutes of optimization.
        let _quick = shell.push_env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
        let _unlinked = shell.push_env("CARGO_PROFILE_RELEASE_LTO", "off");
        cmd!(
            shell,
            "cargo install --quiet --locked --version {version} --root {root} {name}"
        )
        .run()?;
    }
    Ok(binary)
}
