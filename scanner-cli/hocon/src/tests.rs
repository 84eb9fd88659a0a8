//! Tests of the reader as a whole.

mod cases;
mod format;
mod includes;
mod limits;
mod messages;
mod properties;
mod secrets;

use std::{collections::BTreeMap, io, path::Path};

use super::{Document, Files, SourceDiagnostic, read};

/// Files that exist only in a test.
#[derive(Default)]
struct MemoryFiles(BTreeMap<&'static str, &'static str>);

impl Files for MemoryFiles {
    fn content(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        // Windows joins with a backslash.
        let name = path.to_str().map(|path| path.replace('\\', "/"));
        let found = name.and_then(|name| self.0.get(name.as_str()));
        Ok(found.map(|text| text.as_bytes().to_vec()))
    }
}

/// Reads a text as the file `site.conf`, without variables and other files.
fn read_text(text: &str) -> Result<Document, Vec<SourceDiagnostic>> {
    read(
        Path::new("site.conf"),
        text.as_bytes(),
        &BTreeMap::new(),
        &MemoryFiles::default(),
    )
}
