//! Reads CSV as written by spreadsheets and exports: with or without a heading, with `,` or `;`, with or without a BOM.

use std::{path::Path, sync::Arc};

use catalog_model::{
    Diagnostic, Place,
    encoding::{self, NotText},
    settings::{Entries, Node, Value},
};
use csv::{ReaderBuilder, StringRecord, Trim};

use crate::home::shown;

/// Maximum number of rows of a file.
const MAX_ROWS: usize = 500_000;

/// Maximum number of bytes of a row.
const MAX_ROW_BYTES: usize = 100_000;

/// Reads the rows as entries. The first of `columns` is the name of the entry; the others are its block.
pub(super) fn read(path: &Path, content: &[u8], columns: &[&str]) -> Result<Entries, Diagnostic> {
    let content = encoding::without_bom(content);
    encoding::check_nul(content).map_err(|error| not_text(path, error))?;
    let mut lines = LinePlaces::new(path, content);
    let text = str::from_utf8(content)
        .map_err(|error| not_utf8(path, lines.place(error.valid_up_to())))?;
    if let Some(start) = long_line(text) {
        let message = format!("this line has more than {MAX_ROW_BYTES} bytes");
        return Err(error_at(lines.place(start), message, None));
    }
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator(text))
        .trim(Trim::All)
        .from_reader(content);
    let mut entries = Vec::new();
    let mut layout: Option<Layout> = None;
    let mut row = StringRecord::new();
    loop {
        let start = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        let read = reader.read_record(&mut row);
        let place = lines.place(start);
        match read {
            Ok(true) => {}
            Ok(false) => return Ok(entries),
            Err(error) => {
                let message = format!("the file `{}` cannot be read: {error}", shown(path));
                return Err(error_at(place, message, None));
            }
        }
        let end = usize::try_from(reader.position().byte()).unwrap_or(usize::MAX);
        let raw = content.get(start..end).unwrap_or_default();
        let lines_in_field = row.iter().any(|field| field.contains(['\n', '\r']));
        if lines_in_field || is_left_open(raw, separator(text)) {
            return Err(never_closed(place));
        }
        if row.iter().all(str::is_empty) {
            continue;
        }
        if layout.is_none() {
            let heading = Layout::from_heading(&row, columns);
            let is_heading = heading.is_some();
            layout = Some(heading.unwrap_or_else(|| Layout::in_order(columns)));
            if is_heading {
                continue;
            }
        }
        if entries.len() >= MAX_ROWS {
            let message = format!("the file `{}` has more than {MAX_ROWS} rows", shown(path));
            return Err(error_at(place, message, None));
        }
        entries.extend(
            layout
                .as_ref()
                .map(|layout| layout.entry(&row, columns, place)),
        );
    }
}

/// The offset of the first line that is too long.
fn long_line(text: &str) -> Option<usize> {
    let mut start = 0;
    text.split_inclusive(['\n', '\r']).find_map(|line| {
        let begins = start;
        start += line.len();
        (line.len() > MAX_ROW_BYTES).then_some(begins)
    })
}

/// The position of each column in a row.
struct Layout(Vec<Option<usize>>);

impl Layout {
    fn in_order(columns: &[&str]) -> Self {
        Self((0..columns.len()).map(Some).collect())
    }

    /// The layout in a heading. A row is a heading if it contains the names of the first two columns. A single match
    /// may be the name of a person.
    fn from_heading(row: &StringRecord, columns: &[&str]) -> Option<Self> {
        let column = |name: &&str| row.iter().position(|field| is_called(field, name));
        let places: Vec<_> = columns.iter().map(column).collect();
        let is_heading = places.iter().take(2).all(Option::is_some);
        is_heading.then_some(Self(places))
    }

    fn entry(&self, row: &StringRecord, columns: &[&str], place: Place) -> (String, Node) {
        let field = |at: &Option<usize>| at.and_then(|at| row.get(at));
        let mut fields = self.0.iter().map(field);
        let name = fields.next().flatten().unwrap_or_default().to_owned();
        let others = columns.iter().skip(1).zip(fields);
        let block = others.filter_map(|(column, field)| {
            let value = Value::String(field?.to_owned());
            let place = place.clone();
            Some(((*column).to_owned(), Node::new(value, place)))
        });
        let value = Value::Object(block.collect());
        (name, Node::new(value, place))
    }
}

/// Whether a heading names the column. Case does not matter, nor does the dash in `E-Mail`.
fn is_called(field: &str, name: &str) -> bool {
    field.replace('-', "").eq_ignore_ascii_case(name)
}

/// Whether a row ends inside quotes. This happens only at the end of the file.
fn is_left_open(row: &[u8], separator: u8) -> bool {
    let (mut open, mut begins) = (false, true);
    let mut bytes = row.iter().peekable();
    while let Some(&byte) = bytes.next() {
        if open {
            // Two quotes stand for one.
            open = byte != b'"' || bytes.next_if_eq(&&b'"').is_some();
        } else {
            open = begins && byte == b'"';
            begins = byte == separator || matches!(byte, b'\n' | b'\r');
        }
    }
    open
}

/// The separator of the fields: the one that is more frequent in the first line.
fn separator(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty());
    let marks = |mark: char| first.map_or(0, |line| line.matches(mark).count());
    if marks(';') > marks(',') { b';' } else { b',' }
}

/// Computes line numbers of offsets. The offsets must not decrease.
struct LinePlaces<'a> {
    file: Arc<str>,
    content: &'a [u8],
    offset: usize,
    line: u32,
}

impl<'a> LinePlaces<'a> {
    fn new(path: &Path, content: &'a [u8]) -> Self {
        Self {
            file: path.display().to_string().into(),
            content,
            offset: 0,
            line: 1,
        }
    }

    /// The place of the first row at or after `offset`. The reader's position is before the empty lines between two
    /// rows.
    fn place(&mut self, offset: usize) -> Place {
        let rest = self.content.get(offset..).unwrap_or_default();
        let ends = |byte: &&u8| matches!(byte, b'\n' | b'\r');
        let start = offset.saturating_add(rest.iter().take_while(ends).count());
        let passed = self.content.get(self.offset..start).unwrap_or_default();
        let passed = passed.iter().filter(|byte| **byte == b'\n').count();
        let passed = u32::try_from(passed).unwrap_or(u32::MAX);
        self.line = self.line.saturating_add(passed);
        self.offset = start;
        Place::new(self.file.clone(), self.line, 1)
    }
}

fn error_at(place: Place, message: String, hint: Option<&str>) -> Diagnostic {
    Diagnostic::error(message, hint.map(str::to_owned)).at(place)
}

fn not_text(path: &Path, error: NotText) -> Diagnostic {
    let (what, hint) = error.explain();
    let message = format!("the file `{}` {what}", shown(path));
    Diagnostic::error(message, hint.to_owned())
}

fn not_utf8(path: &Path, place: Place) -> Diagnostic {
    let message = format!("the file `{}` is not UTF-8 text", shown(path));
    error_at(place, message, Some("save it as CSV UTF-8"))
}

/// The error for a quote that is not closed. It would merge the following rows into one field, where they would be lost
/// unnoticed.
fn never_closed(place: Place) -> Diagnostic {
    let message = "the quote `\"` at the start of a text is not closed on this line".to_owned();
    error_at(place, message, Some("close it with `\"`, or remove it"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [&str; 3] = ["user", "email", "name"];

    fn rows(content: &[u8]) -> Result<Vec<String>, Diagnostic> {
        let entries = read(Path::new("a.csv"), content, &COLUMNS)?;
        let row = |(name, setting): &(String, Node)| {
            let Value::Object(block) = &setting.value else {
                panic!("{setting:?}");
            };
            let fields = block.all_settings().map(|(column, field)| {
                format!(" {column}={}", field.value.as_text().unwrap_or_default())
            });
            let fields: String = fields.collect();
            format!("{} {name}{fields}", setting.place.line)
        };
        Ok(entries.iter().map(row).collect())
    }

    fn check(content: &str, expected: &[&str]) {
        assert_eq!(rows(content.as_bytes()).unwrap(), expected, "{content:?}");
    }

    #[test]
    fn rows_of_all_csv_variants_become_entries() {
        let ann = r"1 A\ann email=ann@x name=Ann";
        let bob = r"2 A\bob email=bob@x name=Bob";
        check("A\\ann,ann@x,Ann\nA\\bob,bob@x,Bob\n", &[ann, bob]);
        check("A\\ann;ann@x;Ann\r\nA\\bob;bob@x;Bob", &[ann, bob]);
        check("\u{feff}\"A\\ann\", ann@x ,\"Ann\"", &[ann]);
        check(
            "A\\ann;ann@x;\"Ann, \"\"Dr\"\"\"",
            &[r#"1 A\ann email=ann@x name=Ann, "Dr""#],
        );
        check("A\\ann,ann@x", &[r"1 A\ann email=ann@x"]);
        check("A\\ann,ann@x,Ann,more", &[ann]);
        check("", &[]);
    }

    #[test]
    fn a_heading_determines_the_columns() {
        check(
            "Id;E-Mail;NAME;User\n7;ann@x;Ann;A\\ann\n",
            &[r"2 A\ann email=ann@x name=Ann"],
        );
        // This may be the name of a person.
        check(
            "A\\user,user@x,User\nA\\ann,ann@x,Ann\n",
            &[
                r"1 A\user email=user@x name=User",
                r"2 A\ann email=ann@x name=Ann",
            ],
        );
        check("user,phone\n", &["1 user email=phone"]);
    }

    #[test]
    fn blank_rows_are_skipped_and_counted_as_lines() {
        check(
            "\r\n\r\nA\\ann,ann@x\r\n\r\n,,\r\n \r\nA\\bob,bob@x\r\n",
            &[r"3 A\ann email=ann@x", r"7 A\bob email=bob@x"],
        );
    }

    #[test]
    fn too_long_rows_and_too_many_rows_are_rejected() {
        let long = format!("A\\ann,ann@x\n{}\n", ",".repeat(200_000));
        let error = rows(long.as_bytes()).unwrap_err();
        assert_eq!(error.place.unwrap().to_string(), "a.csv:2:1");
        assert_eq!(error.message, "this line has more than 100000 bytes");
        let error = rows("a,b\n".repeat(MAX_ROWS + 1).as_bytes()).unwrap_err();
        assert_eq!(error.message, "the file `a.csv` has more than 500000 rows");
    }

    #[test]
    fn a_file_whose_rows_would_be_lost_is_rejected() {
        let error = rows(b"A\\ann,ann@x\n\"A\\bob,bob@x\nA\\eve,eve@x\n").unwrap_err();
        assert_eq!(error.place.unwrap().to_string(), "a.csv:2:1");
        for open in [
            "A\\ann,ann@x\n\"A\\bob\"\"",
            "x\n\"\n",
            "x\n\"",
            "x\nA\\bob,b@x,\"Bob\n",
        ] {
            let error = rows(open.as_bytes()).expect_err(open);
            assert_eq!(error.place.unwrap().line, 2, "{open}");
            assert!(error.message.contains("is not closed"), "{}", error.message);
        }
        let error = rows(b"A\\ann,ann@x\nA\\bob,bob@x,B\xF6b\n").unwrap_err();
        assert_eq!(error.place.unwrap().to_string(), "a.csv:2:1");
        assert!(error.message.contains("UTF-8"), "{}", error.message);
    }
}
