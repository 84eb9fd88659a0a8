//! The lowest Rust versions that the libraries state, checked with the toolchains that rustup has.

use xshell::{Shell, cmd};

use super::{Result, target};

/// A part of the libraries, and the lowest Rust version that it needs.
struct Part {
    packages: &'static [&'static str],
    /// `all`, or their names with commas.
    features: &'static str,
    rust: &'static str,
}

/// What the manifests state in `rust-version`, and the README of qrs-client by feature. Dependencies decide: `time` and the
/// `icu` crates need 1.88, `aes` 1.89, `sspi` 1.93.
const PARTS: [Part; 5] = [
    Part {
        packages: &["outbound-http"],
        features: "",
        rust: "1.88",
    },
    Part {
        packages: &["qrs-client"],
        features: "blocking,fake-site,with-chrono-0_4,with-jiff-0_2",
        rust: "1.88",
    },
    Part {
        packages: &["qrs-client"],
        features: "java-tls,trust-stores",
        rust: "1.89",
    },
    Part {
        packages: &["qrs-client"],
        features: "java-tls,trust-stores,windows-login",
        rust: "1.93",
    },
    Part {
        packages: &["catalog-model", "outbound-settings", "qlik-connector"],
        features: "all",
        rust: "1.95",
    },
];

/// Checks each part with its toolchain, and names those that were not checked.
pub(super) fn check(shell: &Shell) -> Result<String> {
    let toolchains = cmd!(shell, "rustup toolchain list")
        .quiet()
        .ignore_stderr()
        .read()
        .unwrap_or_default();
    let folder = target(shell)?.join("lint");
    let (mut checked, mut missing) = (Vec::new(), Vec::new());
    for part in &PARTS {
        let Some(toolchain) = toolchain(&toolchains, part.rust) else {
            missing.push(part.rust);
            continue;
        };
        let packages = part.packages.iter().flat_map(|name| ["--package", name]);
        let features: &[&str] = match part.features {
            "" => &[],
            "all" => &["--all-features"],
            names => &["--features", names],
        };
        cmd!(shell, "rustup run {toolchain} cargo check --quiet --target-dir {folder} {packages...} {features...}").run()?;
        checked.push(part.rust);
    }
    missing.dedup();
    checked.dedup();
    Ok(match (checked.is_empty(), missing.is_empty()) {
        (_, true) => format!("{} checked", checked.join(", ")),
        (true, false) => format!("not run: rustup has no toolchain {}", missing.join(", ")),
        (false, false) => format!(
            "{} checked; not run: rustup has no toolchain {}",
            checked.join(", "),
            missing.join(", ")
        ),
    })
}

/// The toolchain of this version.
fn toolchain<'a>(toolchains: &'a str, rust: &str) -> Option<&'a str> {
    let mut names = toolchains.lines().filter_map(|line| line.split(' ').next());
    names.find(|name| {
        let rest = name.strip_prefix(rust);
        rest.is_some_and(|rest| rest.starts_with(['.', '-']))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_toolchain_is_found_by_its_version() {
        let list = "stable-x86_64-unknown-linux-gnu (active, default)\n1.9.0-x86_64\n1.95.0-x86_64";
        assert_eq!(toolchain(list, "1.95"), Some("1.95.0-x86_64"));
        assert_eq!(toolchain(list, "1.88"), None);
    }

    #[test]
    fn the_readme_of_the_client_states_the_versions() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../qrs-client/");
        let readme = fs::read_to_string(format!("{folder}README.md")).unwrap();
        let manifest = fs::read_to_string(format!("{folder}Cargo.toml")).unwrap();
        let of_client = PARTS.iter().filter(|part| part.packages == ["qrs-client"]);
        let mut versions = of_client.map(|part| part.rust);
        let lowest = versions.next().unwrap();
        assert!(manifest.contains(&format!("rust-version = \"{lowest}\"")));
        assert!(readme.contains(&format!("Rust {lowest} or later")));
        let cell = readme
            .lines()
            .find_map(|line| line.strip_prefix("| Lowest Rust version | "))
            .and_then(|rest| rest.split(" |").next())
            .unwrap();
        assert!(cell.starts_with(&format!("{lowest};")), "{cell}");
        for other in versions {
            assert!(
                readme.matches(&format!("{other} with")).count() > 1,
                "{other}"
            );
            assert!(cell.contains(&format!("{other} with")), "{cell}");
        }
    }
}
