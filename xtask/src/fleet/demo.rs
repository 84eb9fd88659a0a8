//! `cargo xtask demo --fleet`: three scanners with one store; one is killed, one is paused.

use std::time::{Duration, Instant};

use xshell::Shell;

use super::{Failed, group};
use crate::Outcome;

/// `store.lease` in seconds.
const LEASE: u32 = 10;
/// How long scanners may take to start, and to spread the connections.
const START: Duration = Duration::from_secs(60);

/// Shows the fail-over, and checks that nothing is lost.
pub(crate) fn run(shell: &Shell) -> Outcome {
    let built = group::build(shell)?;
    let begun = Instant::now();
    step(
        "A PostgreSQL server, two fake sites, and three scanners with the same six connections start.",
    );
    let mut group = group::Group::new(built, 3, LEASE, 1)?;
    group.edit(20)?;
    for scanner in &mut group.scanners {
        scanner.start()?;
    }
    let names: Vec<_> = group.scanners.iter().map(|one| one.name.clone()).collect();
    group.wait_for_holders(&names, START)?;
    group.settle()?;
    show(
        &group,
        "The connections are spread. Each has been scanned, and the follower has received everything:",
    )?;

    step("The sites change, and scanner-1 is killed (SIGKILL).");
    group.edit(10)?;
    group.scanners[0].kill()?;
    let took = group.wait_for_takeover("scanner-1", lease())?;
    took_over(took);
    group.edit(10)?;
    group.settle()?;
    show(&group, "The other two scan its connections:")?;

    step("scanner-2 is paused (SIGSTOP) for longer than the lease, and the sites change.");
    group.scanners[1].pause()?;
    let took = group.wait_for_takeover("scanner-2", lease())?;
    took_over(took);
    group.edit(10)?;
    group.settle()?;
    show(&group, "scanner-3 scans all connections:")?;

    step("scanner-2 goes on (SIGCONT), and scanner-1 starts again.");
    group.scanners[1].resume()?;
    group.scanners[0].start()?;
    let took = group.wait_for_holders(&names, START)?;
    say(&format!(
        "The connections are spread again after {:.1} s.",
        took.as_secs_f64()
    ));
    group.edit(10)?;
    group.settle()?;
    group.check()?;
    show(&group, "All three scan:")?;
    for scanner in &mut group.scanners {
        scanner.stop()?;
    }
    group.check()?;
    report(&group, begun)
}

/// Prints what was checked.
fn report(group: &group::Group, begun: Instant) -> Outcome {
    let scans = group
        .database
        .number("SELECT count(*) FROM scan WHERE outcome = 'complete'")?;
    let changes = group.database.number("SELECT count(*) FROM change")?;
    let received = group.receiver.received();
    say(&format!(
        "Checked: the catalog and the follower have exactly what the sites have; no item was removed by mistake; the {changes} changes \
         of {scans} complete scans are each in the log once, without gaps; the follower has received {} events in order ({} of them \
         again, which it may ignore). This took {:.0} s.",
        received.ids.len(),
        received.repeated,
        begun.elapsed().as_secs_f64()
    ));
    Ok(())
}

/// Within this time, others take over.
fn lease() -> Duration {
    Duration::from_secs(LEASE.into())
}

fn took_over(took: Duration) {
    say(&format!(
        "Its connections were taken over after {:.1} s; `store.lease` is {LEASE} s.",
        took.as_secs_f64()
    ));
}

/// Prints `status`, without what is about single connections and followers.
fn show(group: &group::Group, what: &str) -> Result<(), Failed> {
    say(what);
    say("\n$ scanner-cli status\n");
    let status = group.reader.command(&["status"])?;
    let fleet = status.lines().skip_while(|line| !line.starts_with("fleet"));
    let mut lines = fleet
        .enumerate()
        .take_while(|(index, line)| *index == 0 || line.starts_with(' '));
    lines
        .by_ref()
        .for_each(|(_, line)| say(&format!("    {line}")));
    Ok(())
}

fn step(text: &str) {
    say(&format!("\n{text}\n"));
}

#[expect(clippy::print_stdout, reason = "the demonstration prints its result")]
fn say(text: &str) {
    println!("{text}");
}
