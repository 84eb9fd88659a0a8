//! Measures a program: its time and its peak memory.

use std::{
    fs,
    io::{BufReader, Read},
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Number of runs of each way, of which the median is used.
pub(super) const RUNS: usize = 3;

/// The measures of one run.
#[derive(Clone, Copy)]
pub(super) struct Measure {
    pub(super) seconds: f64,
    /// Processor time in seconds; 0 if the system does not report it.
    pub(super) cpu: f64,
    /// Peak resident memory in MiB; 0 if the system does not report it.
    pub(super) peak: f64,
}

impl Measure {
    /// Reads the seconds and the peak memory that a benchmark printed.
    pub(super) fn printed(text: &str) -> Result<Self, Box<dyn std::error::Error>> {
        let mut figures = text.split_whitespace().map(str::parse::<f64>);
        match (figures.next(), figures.next()) {
            (Some(Ok(seconds)), Some(Ok(peak))) => Ok(Self {
                seconds,
                // This way does not report it.
                cpu: 0.0,
                peak,
            }),
            _ => Err(format!("the benchmark printed `{text}`").into()),
        }
    }
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

/// Runs a program to its end and samples its memory.
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

/// Starts a program and returns the seconds until the first byte of its standard output, the median of several runs. The
/// program is then killed.
pub(super) fn first_byte(
    mut command: impl FnMut() -> Command,
) -> Result<f64, Box<dyn std::error::Error>> {
    let mut all = Vec::new();
    for _ in 0..RUNS {
        let started = Instant::now();
        let mut child = command()
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = child.stdout.take().ok_or("the program has no output")?;
        let found = BufReader::new(output).read(&mut [0])?;
        all.push(started.elapsed().as_secs_f64());
        let _ = child.kill();
        child.wait()?;
        if found == 0 {
            return Err("the program printed nothing".into());
        }
    }
    all.sort_by(f64::total_cmp);
    Ok(all[RUNS / 2])
}

/// Processor time of a process in seconds, with a resolution of 10 ms; 0 if the system does not report it.
pub(super) fn cpu_seconds(child: &Child) -> f64 {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap_or_default();
    // The 12th and the 13th field after the name, which may contain any characters: user time and system time.
    let fields = stat.rsplit(')').next().unwrap_or_default();
    let ticks = fields.split_whitespace().skip(11).take(2);
    ticks
        .filter_map(|ticks| ticks.parse::<f64>().ok())
        .sum::<f64>()
        / TICKS
}

/// Clock ticks per second that Linux reports to programs.
const TICKS: f64 = 100.0;

/// The memory of a process in MiB: `VmRSS:` is the current value, `VmHWM:` the peak. 0 if the system does not report it.
pub(super) fn memory(child: &Child, which: &str) -> f64 {
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(which));
    let kib: Option<f64> = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
    kib.unwrap_or(0.0) / 1024.0
}

/// Lets the peak memory of a process begin at its current value, for example without that of its start. Other systems than
/// Linux do not report it.
pub(super) fn reset_peak(child: &Child) {
    // The file and its value: proc(5), `clear_refs`.
    let _ = fs::write(format!("/proc/{}/clear_refs", child.id()), "5");
}

/// Prints a figure, the most that it should be, and whether it is.
#[expect(clippy::print_stdout, reason = "the benchmark prints its figures")]
pub(super) fn aim(name: &str, found: f64, most: f64) {
    let result = match found <= most {
        true => "pass",
        false => "miss",
    };
    let decimals = match found.fract() == 0.0 {
        true => 0,
        false => 2,
    };
    println!("  {name:<44} {found:>8.decimals$}   at most {most:<8} {result}");
}
