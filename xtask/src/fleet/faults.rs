//! `cargo xtask fleet-faults`: random faults of scanners, network and database. After each round, the invariants are checked.

use std::{
    path::Path,
    thread::sleep,
    time::{Duration, Instant},
};

use xshell::Shell;

use super::{Failed, clock, group, group::Group, proxy::Network};
use crate::{Outcome, postgresql::cluster::is_root};

/// `store.lease` in seconds: the least.
const LEASE: u32 = 3;
/// How long a fault lasts that ends the scans which run meanwhile.
const SHORT: Duration = Duration::from_secs(2);
/// Ends every second transaction that logs changes, as a serialization failure does. A sequence is not rolled back.
const CONFLICTS: &str = "CREATE SEQUENCE conflicts; GRANT USAGE ON SEQUENCE conflicts TO scanner; \
     CREATE FUNCTION conflict() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
     IF nextval('fleet.conflicts') % 2 = 1 THEN RAISE 'on purpose' USING ERRCODE = 'serialization_failure'; END IF; \
     RETURN NULL; END $$; CREATE TRIGGER conflict AFTER INSERT ON change FOR EACH STATEMENT EXECUTE FUNCTION conflict()";
/// What a newer version might have added: older ones go on.
const NEWER: &str = "ALTER TABLE item ADD COLUMN IF NOT EXISTS newer text; ALTER TABLE scan ADD COLUMN IF NOT EXISTS newer text; \
     INSERT INTO schema_version (version, oldest) SELECT max(version) + 1, 1 FROM schema_version";
/// Longer than the lease.
const LONGER: Duration = Duration::from_secs(LEASE as u64 + 1);
/// By how much the clocks of scanners are wrong, in seconds.
const HOUR: i32 = 3_600;
/// How long scanners may take to start, and to spread the connections.
const START: Duration = Duration::from_secs(60);
/// How long it may take until the connections of a killed scanner are scanned by another one, on a busy machine.
const TAKEOVER: Duration = Duration::from_secs(10 * LEASE as u64);

/// What happens in a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// A scanner is killed, and starts again.
    Kill,
    /// All scanners are killed, and start again at once.
    KillAll,
    /// A scanner is stopped as the service manager does.
    Stop,
    /// A scanner is paused for longer than the lease.
    Pause,
    /// A scanner cannot reach the database for longer than the lease, and is not told.
    Partition,
    /// All connections of a scanner to the database are cut.
    Cut,
    /// The way of a scanner to the database is slow.
    Slow,
    /// The database is restarted.
    Restart,
    /// The database crashes.
    Crash,
    /// The sessions of the scanners are ended by the database's administrator.
    Terminate,
    /// The database refuses writes for a while.
    ReadOnly,
    /// The disk of the log of changes and of temporary tables is full for a while.
    Full,
    /// The database ends transactions because of others, a few times.
    Conflicts,
    /// The database crashes, and a standby at another address takes over.
    FailOver,
    /// A newer version of the program has added to the schema.
    Upgrade,
    /// Ten scanners start at once.
    Ten,
    /// The files of a connection differ for a while.
    Differ,
    /// A scanner is replaced by one of an earlier version, or by one of this version.
    Replace,
}

const FAULTS: [Fault; 17] = [
    Fault::Kill,
    Fault::KillAll,
    Fault::Stop,
    Fault::Pause,
    Fault::Partition,
    Fault::Cut,
    Fault::Slow,
    Fault::Restart,
    Fault::Crash,
    Fault::Terminate,
    Fault::ReadOnly,
    Fault::Full,
    Fault::Conflicts,
    Fault::FailOver,
    Fault::Upgrade,
    Fault::Ten,
    Fault::Differ,
];

/// Runs rounds of random faults. The same seed has the same faults, but not the same instants.
///
/// With a program of an earlier version, all scanners begin with it.
pub(crate) fn run(shell: &Shell, rounds: usize, seed: u64, older: Option<&Path>) -> Outcome {
    let mut faults = possible();
    let built = group::build(shell)?;
    let begun = Instant::now();
    let mut group = Group::new(built, 3, LEASE, seed)?;
    if let Some(older) = older {
        group.begin_with(older);
        faults.insert(0, Fault::Replace);
    }
    let names = start(&mut group)?;
    for round in 1..=rounds {
        // Each at least once, if there are enough rounds.
        let fault = match faults.get(round - 1) {
            Some(fault) => *fault,
            None => faults[group.random.below(faults.len())],
        };
        let one = group.random.below(group.scanners.len());
        let at = Instant::now();
        let done = play(&mut group, fault, one).and_then(|()| {
            group.edit(3)?;
            group.wait_for_holders(&names, START)?;
            let settled = group.settle()?;
            group.check()?;
            Ok(settled)
        });
        match done {
            Ok(_) => say(&format!(
                "round {round} of {rounds}: {fault:?} of scanner-{}: all invariants hold after {:.1} s",
                one + 1,
                at.elapsed().as_secs_f64()
            )),
            Err(error) => {
                return Err(format!(
                    "seed {seed}, round {round}, {fault:?} of scanner-{}: {error}",
                    one + 1
                )
                .into());
            }
        }
    }
    for scanner in &mut group.scanners {
        scanner.stop()?;
    }
    group.check()?;
    let scans = group.database.number("SELECT count(*) FROM scan")?;
    let changes = group.database.number("SELECT count(*) FROM change")?;
    let refused: usize = group.scanners.iter().map(|one| one.refused()).sum();
    let received = group.receiver.received();
    say(&format!(
        "{rounds} rounds with the seed {seed} in {:.0} s: {scans} scans, {changes} changes, {refused} scans refused because their lease had \
         ended; the follower received {} events, {} again",
        begun.elapsed().as_secs_f64(),
        received.ids.len(),
        received.repeated
    ));
    Ok(())
}

/// Starts the scanners, two of them with wrong clocks. Returns their names.
fn start(group: &mut Group) -> Result<Vec<String>, Failed> {
    group.edit(10)?;
    // Only the clock of the database counts.
    let hour = match clock::library() {
        Ok(_) => HOUR,
        Err(missing) => {
            say(&format!("not tested: {missing}"));
            0
        }
    };
    for (scanner, seconds) in group.scanners.iter_mut().zip([0, hour, -hour]) {
        scanner.skew(seconds);
        scanner.start()?;
    }
    let names: Vec<_> = group.scanners.iter().map(|one| one.name.clone()).collect();
    group.wait_for_holders(&names, START)?;
    group.settle()?;
    Ok(names)
}

/// The faults that this account can cause.
fn possible() -> Vec<Fault> {
    let mut faults = FAULTS.to_vec();
    if !is_root() {
        say("not tested: a full disk, since only root can make a small file system");
        faults.retain(|fault| *fault != Fault::Full);
    }
    faults
}

/// Lets the fault happen, and ends it.
fn play(group: &mut Group, fault: Fault, one: usize) -> Result<(), Failed> {
    let edits = 1 + group.random.below(5);
    group.edit(edits)?;
    // At any instant of a scan.
    let period = group.random.period(Duration::from_secs(2));
    sleep(period);
    match fault {
        Fault::Kill => {
            group.scanners[one].kill()?;
            let name = group.scanners[one].name.clone();
            group.edit(3)?;
            group.wait_for_takeover(&name, TAKEOVER)?;
            group.scanners[one].start()?;
        }
        Fault::KillAll => {
            for scanner in &mut group.scanners {
                scanner.kill()?;
            }
            group.edit(3)?;
            for scanner in &mut group.scanners {
                scanner.start()?;
            }
        }
        Fault::Stop => {
            group.scanners[one].stop()?;
            group.edit(3)?;
            group.scanners[one].start()?;
        }
        Fault::Pause => {
            group.scanners[one].pause()?;
            group.edit(3)?;
            sleep(LONGER + period);
            group.scanners[one].resume()?;
        }
        Fault::Partition | Fault::Cut | Fault::Slow => bad_network(group, fault, one)?,
        Fault::Restart
        | Fault::Crash
        | Fault::Terminate
        | Fault::ReadOnly
        | Fault::Full
        | Fault::Conflicts
        | Fault::FailOver
        | Fault::Upgrade => bad_database(group, fault)?,
        Fault::Ten => ten(group)?,
        Fault::Differ => differ(group, one)?,
        Fault::Replace => replace(group, one)?,
    }
    Ok(())
}

/// Lets the network of a scanner fail, and ends that.
fn bad_network(group: &mut Group, fault: Fault, one: usize) -> Result<(), Failed> {
    match fault {
        Fault::Partition => {
            group.scanners[one].network.set(Network::Silent);
            group.edit(3)?;
            let period = group.random.period(LONGER);
            sleep(LONGER + period);
            group.scanners[one].network.set(Network::Good);
        }
        Fault::Slow => {
            group.scanners[one].network.set(Network::Slow);
            group.edit(3)?;
            sleep(LONGER);
            group.scanners[one].network.set(Network::Good);
        }
        _ => group.scanners[one].network.cut(),
    }
    Ok(())
}

/// Lets the database fail, and ends that.
fn bad_database(group: &mut Group, fault: Fault) -> Result<(), Failed> {
    match fault {
        Fault::Restart => group.database.restart("fast")?,
        Fault::Crash => group.database.restart("immediate")?,
        Fault::Terminate => group.database.end_sessions()?,
        Fault::ReadOnly => {
            let set = |value: &str| {
                format!("ALTER ROLE scanner SET default_transaction_read_only = {value}")
            };
            group.database.query(&set("on"))?;
            // Only new sessions are concerned.
            group.database.end_sessions()?;
            group.edit(3)?;
            sleep(SHORT);
            group.database.query(&set("off"))?;
            group.database.end_sessions()?;
        }
        Fault::Full => {
            group.database.fill_disk()?;
            group.edit(3)?;
            sleep(SHORT);
            group.database.empty_disk()?;
        }
        Fault::Conflicts => {
            group.database.query(CONFLICTS)?;
            group.edit(3)?;
            sleep(SHORT);
            group.database.query(
                "DROP TRIGGER conflict ON change; DROP FUNCTION conflict; DROP SEQUENCE conflicts",
            )?;
        }
        Fault::FailOver => group.database.fail_over()?,
        _ => {
            // As a migration, it is repeated if the server ends it because of a scan.
            while let Err(error) = group.database.query(NEWER) {
                if !error.to_string().contains("deadlock detected") {
                    return Err(error);
                }
            }
            group.scanners[0].stop()?;
            group.scanners[0].start()?;
        }
    }
    Ok(())
}

/// Starts seven more scanners at once, waits until all share the connections, and stops them again.
fn ten(group: &mut Group) -> Result<(), Failed> {
    let before = group.scanners.len();
    for _ in before..10 {
        group.add()?;
    }
    for scanner in &mut group.scanners {
        scanner.start()?;
    }
    group.edit(3)?;
    let names: Vec<_> = group.scanners.iter().map(|one| one.name.clone()).collect();
    group.wait_for_holders(&names, START)?;
    for scanner in &mut group.scanners[before..] {
        scanner.kill()?;
    }
    group.scanners.truncate(before);
    Ok(())
}

/// Replaces a scanner by one of the other version, and waits until the store has what commands of this version need.
fn replace(group: &mut Group, one: usize) -> Result<(), Failed> {
    group.scanners[one].stop()?;
    group.replace_program(one);
    group.edit(3)?;
    group.scanners[one].start()?;
    let begun = Instant::now();
    while let Err(error) = group.reader.fleet() {
        if begun.elapsed() > START {
            return Err(group.failed(&error.to_string()));
        }
        sleep(Duration::from_millis(100));
    }
    Ok(())
}

/// Changes a file of one scanner: nobody scans the connection, and the state names both. Then the files agree again.
fn differ(group: &mut Group, one: usize) -> Result<(), Failed> {
    let code = super::CONNECTIONS[group.random.below(super::CONNECTIONS.len())];
    let (code, site) = code;
    let file = group.sites[site].connection_file(code);
    group.scanners[one].add_connection(code, &format!("{file}# different\n"))?;
    let begun = Instant::now();
    let limit = START;
    loop {
        let fleet = group.reader.fleet()?;
        let all = fleet["connections"].as_array().cloned().unwrap_or_default();
        let found = all.iter().find(|found| found["code"] == code);
        let is_named = found.is_some_and(|found| {
            let reason = found["reason"].as_str().unwrap_or_default();
            found["state"] == "differs" && reason.contains(&group.scanners[one].name)
        });
        if is_named {
            break;
        }
        if begun.elapsed() > limit {
            return Err(group.failed(&format!(
                "the state does not say that files of {code} differ"
            )));
        }
        sleep(Duration::from_millis(100));
    }
    group.scanners[one].add_connection(code, &file)
}

#[expect(clippy::print_stdout, reason = "a developer's tool prints its result")]
fn say(text: &str) {
    println!("{text}");
}
