//! Builds the programs.

use std::{
    error::Error,
    path::{Path, PathBuf},
};

use xshell::{Cmd, Shell, cmd};

use super::{Made, contents::System};
use crate::{Outcome, root, target, tools, windows};

/// The oldest glibc that the program runs with: that of RHEL 8.
pub(super) const LIBC: &str = "2.28";

/// The linker that knows old versions of glibc, and what calls cargo with it. Both are packages of Python.
const ZIG: [&str; 2] = ["ziglang==0.17.1", "cargo-zigbuild==0.24.1"];

/// Programs that the packages are made with, and their packages in Debian.
const NEEDED: [(&str, &str); 11] = [
    ("python3", "python3-venv"),
    ("objdump", "binutils"),
    ("tar", "tar"),
    ("gzip", "gzip"),
    ("zip", "zip"),
    ("dpkg-deb", "dpkg"),
    ("rpmbuild", "rpm"),
    ("wixl", "wixl"),
    ("msibuild", "msitools"),
    ("sha256sum", "coreutils"),
    (windows::LINKER, "gcc-mingw-w64-x86-64"),
];

/// Fails if a program is missing that makes packages.
pub(super) fn ensure_tools(shell: &Shell) -> Outcome {
    tools::ensure_installed(&NEEDED)?;
    // The program for Windows writes its own man pages.
    windows::wine::programs(shell).map(drop)
}

/// Builds the program for Linux, with [`LIBC`].
pub(super) fn linux(shell: &Shell) -> Made {
    let folder = target(shell)?.join("dist-build");
    let triple = System::Linux.target();
    let zig = tools::python(shell, &ZIG)?;
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(
        [zig.clone()]
            .into_iter()
            .chain(std::env::split_paths(&path)),
    )?;
    cmd!(
        shell,
        "{zig}/cargo-zigbuild zigbuild --quiet --release --locked --target {triple}.{LIBC} --package scanner-cli"
    )
    .env("PATH", path)
    .env("CARGO_TARGET_DIR", &folder)
    .env("RUSTFLAGS", without_paths()?)
    .run()?;
    Ok(folder.join(triple).join("release/scanner-cli"))
}

/// The folder of Zig, which has the licences of its parts.
pub(super) fn zig_folder(shell: &Shell) -> Made {
    let python = tools::python(shell, &ZIG)?.join("python3");
    let program = "import ziglang; print(ziglang.__path__[0])";
    let folder = cmd!(shell, "{python} -c {program}").quiet().read()?;
    Ok(PathBuf::from(folder))
}

/// Builds the program for Windows.
pub(super) fn windows(shell: &Shell) -> Made {
    windows::release(shell, &without_paths()?)
}

/// Flags of rustc, so that the program does not contain folders of the machine that built it.
fn without_paths() -> Result<String, Box<dyn Error>> {
    let cargo = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = || std::env::home_dir().map(|home| home.join(".cargo"));
    let cargo = cargo
        .or_else(home)
        .ok_or("the folder of cargo is unknown")?;
    Ok(format!(
        "--remap-path-prefix={}=/cargo --remap-path-prefix={}=/source",
        cargo.display(),
        root().display()
    ))
}

/// Runs a command. Fails with what it printed if it does not succeed.
pub(super) fn succeed(command: Cmd<'_>) -> Result<Printed, Box<dyn Error>> {
    let output = command.quiet().ignore_status().output()?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let printed = Printed {
        output: text(&output.stdout),
        messages: text(&output.stderr),
    };
    match output.status.success() {
        true => Ok(printed),
        false => Err(format!("{}: {}{}", output.status, printed.output, printed.messages).into()),
    }
}

/// What a program printed.
pub(super) struct Printed {
    /// To standard output.
    pub(super) output: String,
    /// To standard error.
    pub(super) messages: String,
}

/// Fails if the program needs a newer glibc than [`LIBC`].
pub(super) fn check_libc(shell: &Shell, program: &Path) -> Outcome {
    let symbols = cmd!(shell, "objdump --dynamic-syms {program}")
        .quiet()
        .read()?;
    let newest = newest_libc(&symbols).ok_or("the program has no symbols of glibc")?;
    match newest <= parts(LIBC) {
        true => Ok(()),
        false => Err(format!(
            "{} needs glibc {}.{}; packages must run with {LIBC}",
            program.display(),
            newest.0,
            newest.1
        )
        .into()),
    }
}

/// The newest version of glibc among the symbols, which are marked with theirs: `GLIBC_2.17`.
fn newest_libc(symbols: &str) -> Option<(u32, u32)> {
    let versions = symbols.split("GLIBC_").skip(1);
    versions
        .map(|rest| {
            let end = rest.find(|sign: char| !sign.is_ascii_digit() && sign != '.');
            parts(&rest[..end.unwrap_or(rest.len())])
        })
        .max()
}

/// The first two numbers of a version.
fn parts(version: &str) -> (u32, u32) {
    let mut numbers = version
        .split('.')
        .map(|number| number.parse().unwrap_or_default());
    (
        numbers.next().unwrap_or_default(),
        numbers.next().unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_version_of_glibc_is_found_by_number() {
        let symbols =
            "DF *UND* (GLIBC_2.2.5) free\nDF *UND* (GLIBC_2.28) fcntl64\nDF *UND* (GLIBC_2.9) dup3";
        assert_eq!(newest_libc(symbols), Some((2, 28)));
        assert_eq!(newest_libc("no symbols"), None);
    }
}
