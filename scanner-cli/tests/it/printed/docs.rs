//! Compares the output in README.md and docs/ with snapshots. Each block with output names its snapshot in a line before it,
//! such as `<!-- snapshot: scan_complete -->`.
//!
//! A block has consecutive lines of the snapshot. A line `…` replaces omitted lines.

use std::{fs, path::Path};

use serde_json::Value;

use super::{hygiene::FOLDER, stable};

/// Blocks that look like output and are not compared: the file, the first line of the block, and the reason.
const NOT_COMPARED: [(&str, &str, &str); 9] = [
    (
        "README.md",
        "url=http://127.0.0.1:4711/header",
        "printed by the fake site",
    ),
    (
        "docs/commands.md",
        "scanner-cli [--home DIR] init [--url URL] [--header NAME] [--value-file FILE | --value-env NAME] [--truststore FILE] \
         [--link-url URL] [--code CODE] [--name NAME] [--catalog | --no-catalog] [--yes]",
        "a summary of the commands",
    ),
    (
        "docs/commands.md",
        "{ \"json.schemas\": [{ \"fileMatch\": [\"/connections/*.json\"], \"url\": \"./connection.schema.json\" }] }",
        "the settings of an editor",
    ),
    (
        "docs/commands.md",
        "  stored    53 items: nothing changed; rewritten by this version of the program: 53",
        "needs the store of an earlier version; tests/it/upgrades.rs compares the line",
    ),
    (
        "docs/fleet.md",
        "  site Berlin        site Madrid         sites",
        "a picture",
    ),
    (
        "docs/fleet.md",
        "copied `data/catalog.db` to `postgresql://scanner@db.example.com/catalog`, and compared each row, in 0.3 s",
        "needs PostgreSQL; the tests of `store copy` run it",
    ),
    (
        "docs/fleet.md",
        "fleet: 2 of 3 scanners alive",
        "needs several scanners; `cargo xtask demo --fleet` prints it",
    ),
    ("docs/qlik-setup.md", "HTTP/1.1 200 OK", "an answer to curl"),
    ("docs/qlik-setup.md", "{\"value\":12}", "an answer to curl"),
];

/// A fenced block.
struct Block {
    /// File and line.
    place: String,
    file: String,
    /// The snapshot that the line before it names.
    snapshot: Option<String>,
    lines: Vec<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// All Markdown files with documentation for users.
fn files() -> Vec<String> {
    let docs = fs::read_dir(root().join("docs")).unwrap();
    let names = docs.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut files: Vec<_> = names
        .filter(|name| name.ends_with(".md"))
        .map(|name| format!("docs/{name}"))
        .collect();
    files.push("README.md".to_owned());
    files.sort();
    files
}

/// The blocks of a file that may show output: those of plain text and of JSON.
fn blocks(file: &str) -> Vec<Block> {
    let text = fs::read_to_string(root().join(file)).unwrap();
    let (mut blocks, mut open, mut mark) = (Vec::new(), None::<Block>, None);
    let mut indent = 0;
    for (number, line) in text.lines().enumerate() {
        let trimmed = line.trim_start();
        match &mut open {
            Some(block) if trimmed.starts_with("```") => {
                block.lines.retain(|line| !line.is_empty());
                blocks.extend(open.take());
            }
            Some(block) => block
                .lines
                .push(line.get(indent..).unwrap_or("").to_owned()),
            None if trimmed.starts_with("```") => {
                indent = line.len() - trimmed.len();
                open = Some(Block {
                    place: format!("{file}:{}", number + 1),
                    file: format!("{file} {}", &trimmed[3..]),
                    snapshot: mark.take(),
                    lines: Vec::new(),
                });
            }
            None => mark = marked(trimmed).or(mark.filter(|_| trimmed.is_empty())),
        }
    }
    blocks.retain(|block: &Block| block.file.ends_with(" text") || block.file.ends_with(" json"));
    for block in &mut blocks {
        block.file = file.to_owned();
    }
    blocks
}

fn marked(line: &str) -> Option<String> {
    let rest = line.strip_prefix("<!-- snapshot: ")?;
    rest.strip_suffix(" -->").map(str::to_owned)
}

/// The lines of these snapshots.
fn snapshots(names: &str) -> Vec<String> {
    names.split_whitespace().flat_map(snapshot).collect()
}

/// The lines of a snapshot without its headings.
fn snapshot(name: &str) -> Vec<String> {
    let path = Path::new(FOLDER).join(format!("{name}.snap"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
    let is_printed = |line: &&str| {
        let is_heading =
            line.starts_with("[exit code ") || *line == "[stdout]" || *line == "[stderr]";
        !is_heading && !line.is_empty()
    };
    let text = stable::without_times(&text);
    text.lines()
        .skip(3)
        .filter(is_printed)
        .map(str::to_owned)
        .collect()
}

/// The lines of the block in parts. `…` and commands separate parts.
fn parts(block: &Block) -> Vec<Vec<String>> {
    let mut parts = vec![Vec::new()];
    for line in stable::without_times(&block.lines.join("\n")).lines() {
        if line.starts_with("$ ") {
            parts.push(vec![line.split(" < ").next().unwrap().to_owned()]);
        } else if line.trim() == "…" {
            parts.push(Vec::new());
        } else {
            parts.last_mut().unwrap().push(line.to_owned());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Checks that all parts of the block are in the snapshot, in their order. A part with a command may be anywhere.
fn is_printed(block: &Block, printed: &[String]) -> Result<(), String> {
    let mut from = 0;
    for part in parts(block) {
        if part[0].starts_with("$ ") {
            from = 0;
        }
        let found = printed[from..]
            .windows(part.len())
            .position(|lines| lines == part);
        match found {
            Some(at) => from += at + part.len(),
            None => return Err(part.join("\n")),
        }
    }
    Ok(())
}

/// Whether the snapshot has the same JSON, possibly with other line breaks.
fn is_json_of(block: &Block, printed: &[String]) -> bool {
    let text = stable::without_times(&block.lines.join("\n"));
    let Ok(json) = serde_json::from_str::<Value>(&text) else {
        return false;
    };
    let starts = (0..printed.len()).filter(|at| printed[*at].starts_with('{'));
    starts.into_iter().any(|at| {
        let rest = printed[at..].join("\n");
        let mut values = serde_json::Deserializer::from_str(&rest).into_iter::<Value>();
        values
            .next()
            .is_some_and(|value| value.is_ok_and(|value| value == json))
    })
}

#[test]
fn output_in_the_documentation_is_what_the_program_prints() {
    let mut wrong = Vec::new();
    for block in files().iter().flat_map(|file| blocks(file)) {
        let Some(name) = &block.snapshot else {
            let listed = |(file, first, _): &&(&str, &str, &str)| {
                *file == block.file && *first == block.lines[0]
            };
            if !NOT_COMPARED.iter().any(|one| listed(&one)) {
                wrong.push(format!(
                    "{}: names no snapshot: {}",
                    block.place, block.lines[0]
                ));
            }
            continue;
        };
        let printed = snapshots(name);
        if is_json_of(&block, &printed) {
            continue;
        }
        if let Err(part) = is_printed(&block, &printed) {
            wrong.push(format!(
                "{}: not in the snapshot {name}:\n{part}",
                block.place
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
