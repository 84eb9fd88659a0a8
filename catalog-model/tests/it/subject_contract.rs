//! The suites for items as filters see them, and for files, find each way to break their contracts.

use std::{borrow::Cow, cell::Cell, io, ops::ControlFlow};

use catalog_model::{
    Diagnostic, Place,
    contract::{FilesUnderTest, check_files, check_subject},
    filter::{Criterion, CriterionId, CriterionKind, Subject, TestItem},
    settings::{Entries, FileSource, Node, Value},
};

const CRITERIA: &[Criterion] = &[
    criterion("stream", CriterionKind::Text),
    criterion("tag", CriterionKind::List),
    criterion("property", CriterionKind::NamedLists),
];

const fn criterion(name: &'static str, kind: CriterionKind) -> Criterion {
    Criterion {
        name,
        kind,
        meaning: "",
    }
}

#[test]
fn an_item_that_keeps_the_contract_passes() {
    let item = TestItem::new(CRITERIA)
        .with("stream", "Sales")
        .list("tag", &["a", "b"])
        .list("property.Department", &["x", "y"]);
    assert_eq!(check_subject(&item, CRITERIA, &[]), Ok(()));
    let item = item.with_unknown(["tag", "property"]);
    assert_eq!(check_subject(&item, CRITERIA, &["tag", "property"]), Ok(()));
}

/// A way to break the contract of an item.
#[derive(Clone, Copy, Debug, PartialEq)]
enum ItemFault {
    KnowsTooMuch,
    KnowsTooLittle,
    Forgets,
    Changes,
    DoesNotStop,
}

struct FaultyItem {
    fault: ItemFault,
    requests: Cell<usize>,
}

impl FaultyItem {
    fn request(&self) -> usize {
        self.requests.replace(self.requests.get() + 1)
    }
}

impl Subject for FaultyItem {
    fn knows(&self, criterion: CriterionId) -> bool {
        match self.fault {
            ItemFault::KnowsTooLittle => criterion.0 > 0,
            ItemFault::Forgets => self.request() == 0,
            _ => true,
        }
    }

    fn text(&self, _: CriterionId) -> Option<Cow<'_, str>> {
        match self.fault {
            ItemFault::Changes => Some(self.request().to_string().into()),
            _ => None,
        }
    }

    fn each(
        &self,
        _: CriterionId,
        _: Option<&str>,
        visit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) {
        for value in ["a", "b"] {
            let is_ended = visit(value).is_break();
            if is_ended && self.fault != ItemFault::DoesNotStop {
                return;
            }
        }
    }
}

#[test]
fn each_way_to_break_the_contract_of_an_item_is_reported() {
    for (fault, unknown, sentence) in [
        (
            ItemFault::KnowsTooMuch,
            &["tag"][..],
            "does not know a `tag`",
        ),
        (ItemFault::KnowsTooLittle, &[], "knows its `stream`"),
        (ItemFault::Forgets, &[], "always or never knows"),
        (
            ItemFault::Changes,
            &[],
            "the same when it is requested again",
        ),
        (ItemFault::DoesNotStop, &[], "ends when the visitor breaks"),
    ] {
        let requests = Cell::default();
        let violation = check_subject(&FaultyItem { fault, requests }, CRITERIA, unknown);
        let violation = violation.unwrap_err().to_string();
        assert!(violation.contains(sentence), "{fault:?}: {violation}");
    }
}

/// A way to break the contract of files.
#[derive(Clone, Copy, Debug, PartialEq)]
enum FileFault {
    None,
    Unreadable,
    ReadsAnything,
    QuotesNothing,
    QuotesAnything,
    NoEntries,
    OneOfTwoNames,
    NoPlace,
    TakesAnything,
    Nameless,
    Leaks,
}

impl FileSource for FileFault {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        let is_found = match self {
            Self::Unreadable => path == "key",
            Self::ReadsAnything => true,
            _ => path != "none",
        };
        match is_found {
            true => Ok(Vec::new()),
            false => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn may_quote(&self, path: &str) -> bool {
        match self {
            Self::QuotesNothing => false,
            Self::QuotesAnything => true,
            _ => path == "people.csv",
        }
    }

    fn entries(&self, path: &str, _: &[&str]) -> Result<Entries, Diagnostic> {
        let is_valid = match self {
            Self::NoEntries => false,
            Self::TakesAnything => true,
            _ => path == "people.csv",
        };
        if !is_valid {
            let message = match self {
                Self::Nameless => "cannot be read".to_owned(),
                Self::Leaks => format!("`{path}` contains s3cr3t"),
                _ => format!("`{path}` cannot be read"),
            };
            return Err(Diagnostic::error(message, None));
        }
        let names = match self {
            Self::OneOfTwoNames => &["ann", "bob"][..],
            _ => &["ann", "bob", "ann"],
        };
        let file = if *self == Self::NoPlace { "" } else { path };
        let entry = |name: &&str| {
            let value = Value::String("x".to_owned());
            ((*name).to_owned(), Node::new(value, Place::new(file, 1, 1)))
        };
        Ok(names.iter().map(entry).collect())
    }
}

const FILES: FilesUnderTest<'_> = FilesUnderTest {
    entries: ("people.csv", &["ann", "bob", "ann"]),
    columns: &["user"],
    secret: "key",
    secret_text: "s3cr3t",
    missing: "none",
};

#[test]
fn each_way_to_break_the_contract_of_files_is_reported() {
    assert_eq!(check_files(&FileFault::None, &FILES), Ok(()));
    for (fault, sentence) in [
        (FileFault::Unreadable, "which exists, can be read"),
        (FileFault::ReadsAnything, "a missing file cannot be read"),
        (FileFault::QuotesNothing, "messages may quote `people.csv`"),
        (FileFault::QuotesAnything, "messages must not quote `key`"),
        (FileFault::NoEntries, "is read as entries"),
        (FileFault::OneOfTwoNames, "has the entries"),
        (FileFault::NoPlace, "each entry has a place"),
        (FileFault::TakesAnything, "is not a file of entries"),
        (FileFault::Nameless, "names it"),
        (FileFault::Leaks, "no message quotes `key`"),
    ] {
        let violation = check_files(&fault, &FILES).unwrap_err().to_string();
        assert!(violation.contains(sentence), "{fault:?}: {violation}");
    }
}
