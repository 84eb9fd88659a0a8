//! Any text as a connection file, with the files that it includes: it ends in the stack that the service has, places
//! lie within the files, and the settings as JSON are read as the same settings.

#![no_main]

use std::{collections::BTreeMap, io, path::Path, thread};

use libfuzzer_sys::fuzz_target;
use hocon_reader::{Colors, SourceDiagnostic, Document, Files, Masking, read, settings, to_json};

/// What the text is, and what it can include. NUL characters are between the files.
const NAMES: [&str; 4] = ["site.conf", "a.conf", "a.json", "b.conf"];

/// Maximum size of JSON that must be readable again, in bytes. Substitutions can make more of a text than the reader
/// accepts.
const READABLE: usize = 16 * 1024;

/// How deep such JSON may nest.
const READABLE_DEPTH: usize = 32;

/// Files that exist in the input only.
struct Memory<'a>(BTreeMap<&'static str, &'a str>);

impl Files for Memory<'_> {
    fn content(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        let text = path.to_str().and_then(|path| self.0.get(path));
        Ok(text.map(|text| text.as_bytes().to_vec()))
    }
}

fuzz_target!(|input: &str| {
    // A thread has the stack that the threads of the service have.
    thread::scope(|scope| scope.spawn(|| check(input)).join()).expect("the check ends");
});

fn check(input: &str) {
    let files = Memory(NAMES.into_iter().zip(input.split('\0')).collect());
    match read_text(files.0[NAMES[0]], &files) {
        Ok(document) => {
            check_diagnostics(&document.warnings, &files);
            let _ = to_json(&document.root, Masking::Mask);
            for setting in settings(&document.root) {
                check_place(&files, &setting.node.place);
            }
            check_json(&document);
        }
        Err(errors) => {
            assert!(!errors.is_empty());
            check_diagnostics(&errors, &files);
        }
    }
}

fn read_text(text: &str, files: &dyn Files) -> Result<Document, Vec<SourceDiagnostic>> {
    let variables = BTreeMap::from([("HOME".to_owned(), "/srv/${a}".to_owned())]);
    read(Path::new(NAMES[0]), text.as_bytes(), &variables, files)
}

fn check_diagnostics(diagnostics: &[SourceDiagnostic], files: &Memory<'_>) {
    for diagnostic in diagnostics {
        assert!(!diagnostic.render(Colors::None).is_empty());
        check_place(files, &diagnostic.place);
    }
}

fn check_place(files: &Memory<'_>, place: &catalog_model::Place) {
    let text = files.0[&*place.file];
    let line = text.split('\n').nth(place.line as usize - 1);
    let columns = line.expect("the line exists").chars().count() + 1;
    assert!((1..=columns).contains(&(place.column as usize)), "{place}");
}

fn check_json(document: &Document) {
    let json = to_json(&document.root, Masking::Reveal);
    let text = json.to_string();
    if text.len() <= READABLE && depth(&json) <= READABLE_DEPTH {
        let again = read_text(&text, &Memory(BTreeMap::new())).expect("JSON is HOCON");
        assert_eq!(to_json(&again.root, Masking::Reveal), json);
    }
}

fn depth(json: &serde_json::Value) -> usize {
    let inner = match json {
        serde_json::Value::Array(items) => items.iter().map(depth).max(),
        serde_json::Value::Object(members) => members.values().map(depth).max(),
        _ => return 0,
    };
    1 + inner.unwrap_or(0)
}
