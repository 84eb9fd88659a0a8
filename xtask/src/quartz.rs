//! `cargo xtask quartz`: evaluates cron expressions with the real Quartz, for the tests of the crate `quartz-schedule`.
//!
//! Needs a JDK and the library: `apt-get install default-jdk-headless libquartz2-java` on Debian. A file begins with
//! `# times: N` and lines `# after: ZONE TIME`, followed by one expression per line: its text, `valid` or `refused`, and
//! for each `# after` line the next N times. Only the texts are read; the other columns are rewritten.

use std::{fmt::Write, fs, path::Path};

use xshell::{Shell, cmd};

use crate::Outcome;

const FOLDER: &str = "scanner-cli/quartz/tests/data";
const FILES: [&str; 2] = ["quartz.txt", "quartz-mutations.txt"];
const CLASSES: &str = "target/quartz";
const LIBRARIES: &str =
    "/usr/share/java/quartz2.jar:/usr/share/java/slf4j-api.jar:/usr/share/java/slf4j-nop.jar";

/// The file with the verdicts of `--mutations`. An ignored test reads it.
const MUTATIONS: &str = "target/quartz/mutations.txt";
/// The ignored test that compares the verdicts in [`MUTATIONS`] with our own.
pub(crate) const COMPARISON: &str = "mutated_expressions_have_the_same_results_as_in_quartz";
/// How many times are listed for each expression, and after which times of which zones. These are whole seconds, because
/// with milliseconds, the results of Quartz for `W` depend on the milliseconds of the clock.
const MUTATIONS_HEAD: &str = "\
# times: 20
# after: UTC 2026-11-24T07:00:00Z
# after: Asia/Kolkata 2028-02-28T18:29:59Z
# after: Europe/Berlin 2026-03-28T21:00:00Z
# after: Europe/Berlin 2026-10-24T21:00:00Z
# after: America/Sao_Paulo 2018-11-03T12:00:00Z
# after: Australia/Lord_Howe 2026-04-04T12:00:00Z
";

/// Rewrites the verdicts of the test data, or compares the given number of random mutations.
pub(crate) fn run(shell: &Shell, mutations: Option<usize>) -> Outcome {
    fs::create_dir_all(CLASSES)?;
    let source = format!("{FOLDER}/QuartzVerdicts.java");
    cmd!(shell, "javac -cp {LIBRARIES} -d {CLASSES} {source}").run()?;
    let Some(count) = mutations else {
        for file in FILES {
            let path = Path::new(FOLDER).join(file);
            let text = fs::read_to_string(&path)?;
            fs::write(&path, judged(shell, &text)?)?;
        }
        return Ok(());
    };
    let mut text = MUTATIONS_HEAD.to_owned();
    let known = fs::read_to_string(Path::new(FOLDER).join(FILES[0]))?;
    text.push_str(&mutated(&known, count));
    fs::write(MUTATIONS, judged(shell, &text)?)?;
    let test = cmd!(
        shell,
        "cargo test -p quartz-schedule --lib {COMPARISON} -- --ignored"
    );
    let output = test.read()?;
    // If no test has this name, cargo succeeds as well.
    if !output.contains("1 passed") {
        return Err(format!("the test `{COMPARISON}` did not run:\n{output}").into());
    }
    Ok(())
}

/// The same expressions with Quartz's verdicts.
fn judged(shell: &Shell, text: &str) -> Result<String, Box<dyn std::error::Error>> {
    let (head, expressions): (Vec<_>, Vec<_>) =
        text.lines().partition(|line| line.starts_with('#'));
    let times = head.iter().find_map(|line| line.strip_prefix("# times: "));
    let starts = head
        .iter()
        .filter_map(|line| line.strip_prefix("# after: "));
    let arguments: Vec<_> = starts.flat_map(|start| start.split(' ')).collect();
    let times = times.unwrap_or("3");
    let texts = expressions
        .iter()
        .map(|line| line.split('\t').next().unwrap_or(line));
    let input = texts.map(|text| format!("{text}\n")).collect::<String>();
    let class_path = format!("{LIBRARIES}:{CLASSES}");
    let java = cmd!(
        shell,
        "java -cp {class_path} QuartzVerdicts {times} {arguments...}"
    );
    let verdicts = java.stdin(input).read()?;
    let mut judged = String::new();
    for line in head {
        writeln!(judged, "{line}")?;
    }
    writeln!(judged, "{verdicts}")?;
    Ok(judged)
}

/// `count` mutations of the known expressions: fields of two of them mixed, and characters changed.
fn mutated(known: &str, count: usize) -> String {
    const CHARACTERS: &[u8] = b"0123456789*/-,?LW#C MONFRISAjan";
    let known = known.lines().filter(|line| !line.starts_with('#'));
    let known: Vec<Vec<&str>> = known
        .map(|line| {
            line.split('\t')
                .next()
                .unwrap_or_default()
                .split(' ')
                .collect()
        })
        .collect();
    // The seed is constant, so that a difference can be reproduced.
    let mut state = 1_u64;
    let mut random = |below: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap_or(0) % below.max(1)
    };
    let mut text = String::new();
    for _ in 0..count {
        let mut fields = known[random(known.len())].clone();
        for (index, field) in fields.iter_mut().enumerate() {
            let other = &known[random(known.len())];
            match other.get(index) {
                Some(other) if random(3) == 0 => *field = other,
                _ => {}
            }
        }
        let mut bytes = fields.join(" ").into_bytes();
        for _ in 0..random(3) {
            let at = random(bytes.len());
            let character = CHARACTERS[random(CHARACTERS.len())];
            match random(3) {
                0 => bytes.insert(at, character),
                1 if bytes.len() > 1 => drop(bytes.remove(at)),
                _ => bytes[at] = character,
            }
        }
        // Non-ASCII characters may have been split.
        if let Ok(mutation) = String::from_utf8(bytes)
            && !mutation.contains('\\')
            && !mutation.starts_with('#')
        {
            text.push_str(&mutation);
            text.push('\n');
        }
    }
    text
}
