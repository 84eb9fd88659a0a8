//! `cargo xtask words`: finds unclear phrases and suggests what to write instead. It also checks that the source files that
//! ARCHITECTURE.md names exist.
//!
//! The phrases are in `xtask/phrases.txt`. They are searched in sources, documentation, tests and messages, across line
//! breaks, and in the names of functions.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use crate::Outcome;

mod named_files;
mod tokens;

use tokens::{Token, tokens};

/// The file with the phrases.
const PHRASES: &str = "xtask/phrases.txt";

/// The document whose named files must exist.
const MAP: &str = "ARCHITECTURE.md";

/// Extensions of the files that are searched.
const EXTENSIONS: [&str; 9] = [
    "conf", "java", "md", "rs", "service", "snap", "sql", "toml", "txt",
];

/// Folders and files that are not searched: the phrases themselves, built files, and data that others wrote.
const NOT_SEARCHED: [&str; 5] = [
    "target",
    "fuzz/corpus",
    "fuzz/target",
    "xtask/phrases.txt",
    "xtask/src/words/tests.rs",
];

/// A line of the phrases' file.
#[derive(Debug, PartialEq, Eq)]
struct Phrase {
    /// The alternatives for each word. A word that ends in `*` is the beginning of a word.
    words: Vec<Vec<String>>,
    written: String,
    /// The phrase is a name: a word with a capital letter, whose case matters.
    is_name: bool,
    suggestion: String,
    /// Files and folders where the phrase is allowed.
    allowed_in: Vec<String>,
}

/// Checks all files of the workspace.
///
/// # Errors
/// If a phrase is found, or ARCHITECTURE.md names a file that does not exist: the error lists each with its line.
pub(crate) fn check() -> Outcome {
    let phrases = parse(&fs::read_to_string(PHRASES)?)?;
    let index = Index::new(&phrases);
    let mut paths = BTreeSet::new();
    collect(Path::new("."), &mut paths)?;
    let mut findings = Vec::new();
    for path in &paths {
        let text = fs::read_to_string(path)?;
        findings.extend(index.find(path, &text));
    }
    if !findings.is_empty() {
        let count = findings.len();
        let findings = findings.join("\n  ");
        return Err(format!("{count} phrases of {PHRASES} are in use:\n  {findings}").into());
    }
    let missing = named_files::missing(&fs::read_to_string(MAP)?, &paths);
    match missing.is_empty() {
        true => Ok(()),
        false => Err(format!("{MAP} names missing files:\n  {}", missing.join("\n  ")).into()),
    }
}

/// The phrases of a file: `phrase => suggestion`, and optionally ` | allowed in PATH PATH`.
fn parse(text: &str) -> Result<Vec<Phrase>, String> {
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines
        .map(|(index, line)| {
            let (phrase, rest) = line.split_once(" => ").ok_or_else(|| {
                format!("{PHRASES}:{}: expected `phrase => suggestion`", index + 1)
            })?;
            let (suggestion, allowed) = rest.split_once(" | allowed in ").unwrap_or((rest, ""));
            let words = phrase.to_lowercase();
            let words = words.split_whitespace();
            Ok(Phrase {
                words: words
                    .map(|word| word.split('|').map(str::to_owned).collect())
                    .collect(),
                written: phrase.trim().to_owned(),
                is_name: phrase.chars().any(char::is_uppercase),
                suggestion: suggestion.trim().to_owned(),
                allowed_in: allowed.split_whitespace().map(str::to_owned).collect(),
            })
        })
        .collect()
}

/// The files below a folder that are searched, relative to the workspace.
fn collect(folder: &Path, paths: &mut BTreeSet<String>) -> Outcome {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let relative = path.strip_prefix("./").unwrap_or(&path);
        let name = relative.to_string_lossy().replace('\\', "/");
        let is_hidden = relative
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes()[0] == b'.');
        if is_hidden || NOT_SEARCHED.contains(&name.as_str()) {
            continue;
        }
        if path.is_dir() {
            // Data of tests is what others wrote, such as certificates and lists of expressions.
            if !name.ends_with("tests/data") {
                collect(&path, paths)?;
            }
        } else if EXTENSIONS
            .iter()
            .any(|extension| name.ends_with(&format!(".{extension}")))
        {
            paths.insert(name);
        }
    }
    Ok(())
}

/// The phrases by their first word.
struct Index<'a> {
    whole: BTreeMap<&'a str, Vec<&'a Phrase>>,
    /// Phrases whose first word is the beginning of a word.
    prefixes: Vec<&'a Phrase>,
}

impl<'a> Index<'a> {
    fn new(phrases: &'a [Phrase]) -> Self {
        let mut whole = BTreeMap::<_, Vec<_>>::new();
        let mut prefixes = Vec::new();
        for phrase in phrases {
            let first = phrase.words.first().map_or(&[][..], Vec::as_slice);
            for word in first.iter().filter(|word| !word.ends_with('*')) {
                whole.entry(word.as_str()).or_default().push(phrase);
            }
            if first.iter().any(|word| word.ends_with('*')) {
                prefixes.push(phrase);
            }
        }
        Self { whole, prefixes }
    }

    /// The phrases in a text, each with its place and suggestion.
    fn find(&self, path: &str, text: &str) -> Vec<String> {
        let kind = path.rsplit('.').next().unwrap_or_default();
        let tokens: Vec<_> = tokens(text, kind).collect();
        let mut findings = Vec::new();
        for (start, token) in tokens.iter().enumerate() {
            let whole = self.whole.get(token.text.as_str()).into_iter().flatten();
            for phrase in whole.chain(&self.prefixes) {
                if phrase.is_at(&tokens[start..]) && !phrase.is_allowed(path) {
                    let Phrase {
                        written,
                        suggestion,
                        ..
                    } = phrase;
                    let line = token.line;
                    findings.push(format!("{path}:{line}: `{written}`: write {suggestion}"));
                }
            }
        }
        findings
    }
}

impl Phrase {
    fn is_at(&self, tokens: &[Token]) -> bool {
        let is_one_of = |word: &[String], token: &Token| {
            word.iter().any(|word| match word.strip_suffix('*') {
                Some(prefix) => token.text.starts_with(prefix),
                None => token.text == *word,
            })
        };
        let has_case = !self.is_name || tokens[0].written == self.written;
        let mut pairs = self.words.iter().zip(tokens);
        let has_words = pairs.all(|(word, token)| is_one_of(word, token));
        has_case && has_words && tokens.len() >= self.words.len()
    }

    fn is_allowed(&self, path: &str) -> bool {
        self.allowed_in
            .iter()
            .any(|allowed| path.starts_with(allowed))
    }
}

#[cfg(test)]
mod tests;
