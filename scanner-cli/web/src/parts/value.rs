//! Values of properties, and tables of them.

#![expect(
    unused_qualifications,
    reason = "in the code of enums that are templates"
)]

use askama::{Template, filters::HtmlSafe};

use super::{Badge, Link, Marked, Moment};

/// A value as HTML.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/value.html")]
pub(crate) enum Value {
    Text(String),
    /// A text that may have line breaks.
    LongText(String),
    /// What is said where there is no value.
    Missing(&'static str),
    Number(String),
    /// A text with hits of a search.
    Marked(Marked),
    Moment(Moment),
    Badge(Badge),
    Link(Link),
    /// An address outside of the catalog, which begins with `http` or `https`.
    External(Link),
    Person(Person),
    /// Short texts, each with the address of those that have it, too.
    Tags(Vec<Link>),
    /// Messages, each on its own line.
    Lines(Vec<String>),
}

impl HtmlSafe for Value {}

/// A person, with a mail link if the address is known.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/person.html")]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) account: Option<String>,
    pub(crate) mail: Option<String>,
    /// What is said if no address is known.
    pub(crate) without_mail: Option<&'static str>,
    pub(crate) badge: Badge,
    /// Where their items are.
    pub(crate) items: Option<Link>,
}

impl HtmlSafe for Person {}

impl Person {
    /// The address as a link. Characters with a meaning in it are encoded.
    fn mail_link(&self) -> Option<String> {
        let mail = self.mail.as_ref()?;
        let encoded = percent_encoding::utf8_percent_encode(mail, MAIL);
        Some(format!("mailto:{encoded}"))
    }
}

/// Characters of an address that would end it or begin something else.
const MAIL: &percent_encoding::AsciiSet = &percent_encoding::NON_ALPHANUMERIC
    .remove(b'@')
    .remove(b'.')
    .remove(b'-')
    .remove(b'_')
    .remove(b'+');

/// A name and a value.
#[derive(Clone, Debug)]
pub(crate) struct Fact {
    pub(crate) label: String,
    pub(crate) value: Value,
}

impl Fact {
    pub(crate) fn new(label: impl Into<String>, value: Value) -> Self {
        Self {
            label: label.into(),
            value,
        }
    }
}

/// A table whose first column names the row. On small screens each row becomes a block.
#[derive(Clone, Debug, Default, Template)]
#[template(path = "parts/table.html")]
pub(crate) struct Table {
    /// What it holds, for screen readers.
    pub(crate) label: String,
    pub(crate) columns: Vec<TableColumn>,
    pub(crate) rows: Vec<Vec<Value>>,
    /// What is said without rows.
    pub(crate) empty: &'static str,
}

impl HtmlSafe for Table {}

/// A column of a table.
#[derive(Clone, Debug)]
pub(crate) struct TableColumn {
    pub(crate) label: String,
    /// Whether it holds numbers, which stand on the right.
    pub(crate) is_number: bool,
}

impl TableColumn {
    pub(crate) fn new(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            is_number: false,
        }
    }

    pub(crate) fn number(label: impl Into<String>) -> Self {
        Self {
            label: label.into(),
            is_number: true,
        }
    }
}
