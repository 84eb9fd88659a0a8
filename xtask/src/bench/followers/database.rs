//! The kind `postgresql`: delivers to a server in a temporary folder.

use xshell::{Shell, cmd};

use crate::{
    Outcome,
    postgresql::{self, cluster::SUPERUSER_PASSWORD},
};

#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
pub(super) fn run(shell: &Shell, items: usize) -> Outcome {
    postgresql::ensure_installed(shell)?;
    let bench = [
        "bench",
        "--quiet",
        "--package",
        "catalog-followers",
        "--bench",
        "postgresql",
    ];
    let cluster = postgresql::start(None)?;
    let (url, password) = (postgresql::url(&cluster), SUPERUSER_PASSWORD);
    let items = items.to_string();
    let printed = cmd!(shell, "cargo {bench...} -- {url} {password} {items}")
        .quiet()
        .read()?;
    println!("postgresql, {items} items");
    println!("{printed}");
    Ok(())
}
