//! Delivers the demonstration to a PostgreSQL server in a temporary folder, and queries it.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::{print_indented, run_program};
use crate::{
    Outcome,
    postgresql::{
        self,
        cluster::{Cluster, SUPERUSER_PASSWORD, programs},
    },
};

/// Questions that people have, and the statements that answer them.
const QUERIES: [(&str, &str); 3] = [
    (
        "How many sheets does each stream have?",
        "SELECT stream, count(*) AS sheets\nFROM qlik_catalog.items\nWHERE state = 'present'\n\
         GROUP BY stream ORDER BY sheets DESC, stream;",
    ),
    (
        "Which sheets belong to people who can no longer log in?",
        "SELECT items.name AS sheet, contacts.email, contacts.status\n\
         FROM qlik_catalog.items JOIN qlik_catalog.contacts USING (key)\n\
         WHERE items.state = 'present' AND contacts.status IN ('inactive', 'blocked', 'removed')\n\
         ORDER BY sheet;",
    ),
    (
        "Which apps were not reloaded for the longest time?",
        "SELECT application_name AS app, application_reload_date::date AS reloaded, count(*) AS sheets\n\
         FROM qlik_catalog.items\nWHERE state = 'present' AND application_reload_date IS NOT NULL\n\
         GROUP BY app, reloaded ORDER BY reloaded, app LIMIT 5;",
    ),
];

/// Checks before anything is built that the demonstration can run. Returns the program `psql`.
pub(super) fn psql() -> Result<PathBuf, Box<dyn std::error::Error>> {
    let missing = "`cargo xtask demo --postgresql` needs the server and the program `psql` of PostgreSQL: install them \
                   (Debian: apt-get install postgresql; macOS: brew install postgresql)";
    let psql = programs().ok_or(missing)?.join("psql");
    match psql.exists() {
        true => Ok(psql),
        false => Err(missing.into()),
    }
}

/// Delivers what the home has scanned, and prints the results of the queries. The server ends with this function.
#[expect(clippy::print_stdout, reason = "the demonstration prints its result")]
pub(super) fn show(built: &Path, home: &Path, psql: &Path) -> Outcome {
    let cluster = postgresql::start(None)?;
    println!("\nA PostgreSQL server runs in a temporary folder. The settings for it:\n");
    let settings = settings(&cluster);
    print_indented(&settings);
    fs::write(home.join("conf/application.conf"), settings)?;
    println!("\n$ scanner-cli follow postgresql\n");
    run_program(built, home, &["follow", "postgresql"])?;
    for (question, statement) in QUERIES {
        println!("\n{question}\n");
        print_indented(statement);
        println!();
        print_indented(query(&cluster, psql, statement)?.trim_end());
    }
    Ok(())
}

fn settings(cluster: &Cluster) -> String {
    let url = postgresql::url(cluster);
    format!(
        "followers = [\n  {{ kind = ndjson, path = export }}\n  \
         {{ kind = postgresql, url = \"{url}\", password = \"{SUPERUSER_PASSWORD}\" }}\n]\n"
    )
}

fn query(
    cluster: &Cluster,
    psql: &Path,
    statement: &str,
) -> Result<String, Box<dyn std::error::Error>> {
    let output = Command::new(psql)
        .args([
            "--no-psqlrc",
            "--set=ON_ERROR_STOP=1",
            "--pset=pager=off",
            "--command",
            statement,
        ])
        .arg(postgresql::url(cluster))
        .env("PGPASSWORD", SUPERUSER_PASSWORD)
        .env("PGCLIENTENCODING", "UTF8")
        .output()?;
    match output.status.success() {
        true => Ok(String::from_utf8(output.stdout)?),
        false => Err(String::from_utf8_lossy(&output.stderr).into()),
    }
}
