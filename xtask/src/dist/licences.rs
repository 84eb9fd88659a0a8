//! The licences of everything in the programs: libraries in Rust and C, and what the compilers add.

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use xshell::{Shell, cmd};

use super::{contents, packaging, programs};
use crate::{Outcome, root, tools::tool};

/// Collects the licences of crates.
const CARGO_ABOUT: (&str, &str) = ("cargo-about", "0.8.4");

/// Settings of `cargo-about` besides the accepted licences. Deeper folders of crates have tests and C code.
const SETTINGS: &str = "targets = [\"x86_64-unknown-linux-gnu\", \"x86_64-pc-windows-gnu\"]\n\
                        ignore-build-dependencies = true\n\
                        ignore-dev-dependencies = true\n\
                        no-clearly-defined = true\n\
                        max-depth = 1\n";

/// Crates that contain code in C, with licences of its own.
const WITH_C: [&str; 3] = ["libmimalloc-sys", "libsqlite3-sys", "ring"];

/// What is known about C code without a licence file.
const SQLITE: &str = "SQLite, in the crate libsqlite3-sys, is in the public domain.\n\n";

/// Licences of what the compiler for Windows adds to a program, as Debian installs them.
const WINDOWS_RUNTIME: [&str; 2] = ["mingw-w64-x86-64-dev", "gcc-mingw-w64-x86-64"];

/// Licences of what the linker for Linux adds to a program, below the folder of Zig, and their names in the packages.
const LINUX_RUNTIME: [(&str, &str); 3] = [
    ("LICENSE", "zig-compiler-rt.txt"),
    ("lib/libunwind/LICENSE.TXT", "llvm-libunwind.txt"),
    ("lib/libc/glibc/LICENSES", "glibc.txt"),
];

/// Writes the licences into the folder `licences` of the texts for Linux and for Windows.
pub(super) fn write(shell: &Shell, linux: &Path, windows: &Path) -> Outcome {
    let folder = linux.join("licences");
    fs::create_dir(&folder)?;
    write_crates(shell, &folder.join("dependencies.txt"))?;
    fs::write(folder.join("c-libraries.txt"), of_c_code(shell)?)?;
    let rust = cmd!(shell, "rustc --print sysroot").quiet().read()?;
    let rust = Path::new(&rust).join("share/doc/rust/COPYRIGHT-library.html");
    contents::copy_all(&rust, &folder.join("rust-standard-library.html"))?;
    let for_windows = windows.join("licences");
    contents::copy_all(&folder, &for_windows)?;
    let zig = programs::zig_folder(shell)?;
    for (licence, name) in LINUX_RUNTIME {
        contents::copy_all(&zig.join(licence), &folder.join(name))?;
    }
    for package in WINDOWS_RUNTIME {
        let copyright = Path::new("/usr/share/doc").join(package).join("copyright");
        contents::copy_all(&copyright, &for_windows.join(format!("{package}.txt")))?;
    }
    Ok(())
}

/// Writes the licences of all crates that are in the program. Accepts those that `deny.toml` allows.
fn write_crates(shell: &Shell, to: &Path) -> Outcome {
    let tool = tool(shell, CARGO_ABOUT)?;
    let rules = fs::read_to_string(root().join("deny.toml"))?;
    let accepted = allowed(&rules).ok_or("deny.toml has no list `allow`")?;
    let settings = tempfile::NamedTempFile::new()?;
    fs::write(
        settings.path(),
        format!("{SETTINGS}accepted = {accepted}\n"),
    )?;
    let (settings, template) = (settings.path(), packaging().join("licences.hbs"));
    cmd!(
        shell,
        "{tool} generate --locked --fail --manifest-path scanner-cli/Cargo.toml --config {settings} --output-file {to}
         {template}"
    )
    .quiet()
    .run()?;
    Ok(())
}

/// The first list `allow` in the rules for dependencies.
fn allowed(rules: &str) -> Option<&str> {
    let (_, rest) = rules.split_once("\nallow = ")?;
    Some(&rest[..=rest.find(']')?])
}

/// The licences in the sources of the crates with C code.
fn of_c_code(shell: &Shell) -> Result<String, Box<dyn Error>> {
    let metadata = cmd!(shell, "cargo metadata --format-version 1 --locked");
    let metadata: Value = serde_json::from_str(&metadata.quiet().read()?)?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let mut text = SQLITE.to_owned();
    for name in WITH_C {
        let manifest = packages
            .clone()
            .find(|package| package["name"] == name)
            .and_then(|package| package["manifest_path"].as_str())
            .ok_or_else(|| format!("the crate {name} is not a dependency"))?;
        let source = PathBuf::from(manifest).with_file_name("");
        for file in contents::files_below(&source)? {
            if is_licence(&file) {
                let licence = fs::read_to_string(source.join(&file))?;
                text += &format!(
                    "{}\n{name}: {}\n\n{licence}\n",
                    "-".repeat(80),
                    file.display()
                );
            }
        }
    }
    Ok(text)
}

fn is_licence(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    ["LICENSE", "COPYING", "NOTICE"]
        .iter()
        .any(|start| name.starts_with(start))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_licences_that_dependencies_may_have_are_read_from_the_rules() {
        let rules = fs::read_to_string(root().join("deny.toml")).unwrap();
        let allowed = allowed(&rules).unwrap();
        assert!(
            allowed.starts_with('[') && allowed.ends_with(']'),
            "{allowed}"
        );
        assert!(allowed.contains("\"MIT\""), "{allowed}");
    }
}
