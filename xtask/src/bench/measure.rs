//! What a program takes: its time, and the most memory that it ever had.

use std::{
    fs,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Each way is measured so often; the median counts.
pub(super) const RUNS: usize = 3;

/// What one run of one way took.
#[derive(Clone, Copy)]
pub(super) struct Measure {
    pub(super) seconds: f64,
    /// What its threads took of the processors, in seconds, where the system tells it.
    pub(super) cpu: f64,
    /// Peak resident memory in MiB, where the system tells it.
    pub(super) peak: f64,
}

pub(super) fn median(
    mut measure: impl FnMut() -> Result<Measure, Box<dyn std::error::Error>>,
) -> Result<Measure, Box<dyn std::error::Error>> {
    let mut measures = Vec::new();
    for _ in 0..RUNS {
        measures.push(measure()?);
    }
    Ok(middle(measures))
}

/// The middle one of an odd number of measures.
pub(super) fn middle(mut measures: Vec<Measure>) -> Measure {
    measures.sort_by(|a, b| a.seconds.total_cmp(&b.seconds));
    measures[measures.len() / 2]
}

/// Runs a program to its end and watches its memory.
pub(super) fn measured(command: &mut Command) -> Result<Measure, Box<dyn std::error::Error>> {
    let started = Instant::now();
    let mut child = command.stderr(Stdio::null()).spawn()?;
    let (mut peak, mut cpu) = (0.0_f64, 0.0_f64);
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        peak = peak.max(memory(&child, "VmHWM:"));
        cpu = cpu.max(cpu_seconds(&child));
        thread::sleep(Duration::from_millis(5));
    };
    let seconds = started.elapsed().as_secs_f64();
    if status.success() {
        Ok(Measure { seconds, cpu, peak })
    } else {
        Err(format!("ended with {status}").into())
    }
}

/// Seconds that a process has had of the processors, to a hundredth; 0 where the system does not tell.
fn cpu_seconds(child: &Child) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
    // After the name, which may hold anything, the 12th and the 13th field: in its own code, and in the system's.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / TICKS
}

/// How many ticks Linux counts in a second, for programs on every processor.
const TICKS: f64 = 100.0;

/// The memory of a process, in MiB: `VmRSS:` is what it has now, `VmHWM:` the most that it ever had; 0 where the system
/// does not tell.
pub(super) fn memory(child: &Child, which: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(which));
    let kib: Option<f64> = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kib.unwrap_or(0.0) / 1024.0
}
