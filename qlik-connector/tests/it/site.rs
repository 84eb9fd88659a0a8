//! A fake site with a connection to it.

use std::{io, sync::Arc};

use catalog_model::{
    Completeness, Connection, ConnectionCode, Connector, Diagnostic, Place, ScanError, ScanRequest,
    Settings,
    contract::Recorder,
    settings::{Entries, Entry, FileSource, Node, Object, Value},
};
use qlik_connector::QlikSense;
use qrs_client::fake_site::FakeSite;

/// A file source in which the path of a file is its content: PEM, or entries as `ACME\ann=ann@example.com=Ann;ACME\bob=…`.
struct EntriesInPaths;

impl FileSource for EntriesInPaths {
    fn read(&self, path: &str) -> io::Result<Vec<u8>> {
        match path.starts_with("-----BEGIN") {
            true => Ok(path.as_bytes().to_vec()),
            false => Err(io::ErrorKind::NotFound.into()),
        }
    }

    fn entries(&self, path: &str, columns: &[&str]) -> Result<Entries, Diagnostic> {
        let lines = path.split(';').filter(|line| !line.is_empty());
        let entry = |(index, line): (usize, &str)| {
            let place = Place::new("conf/contacts.csv", index as u32 + 1, 1);
            let fields: Vec<_> = line.split('=').collect();
            let block = columns.iter().zip(&fields).skip(1).map(|(column, field)| {
                let value = Value::String((*field).to_owned());
                let place = place.clone();
                ((*column).to_owned(), Node::new(value, place))
            });
            let value = Value::Object(block.collect());
            (fields[0].to_owned(), Node::new(value, place))
        };
        Ok(lines.enumerate().map(entry).collect())
    }
}

pub(crate) fn code() -> ConnectionCode {
    ConnectionCode::new("qlik/test").unwrap()
}

/// Creates settings as from a file, one per line: `connection.url`, `https://…`.
pub(crate) fn settings(lines: &[(&str, &str)]) -> Settings {
    settings_with(lines, Arc::new(EntriesInPaths))
}

/// The same with another source of files.
pub(crate) fn settings_with(lines: &[(&str, &str)], files: Arc<dyn FileSource>) -> Settings {
    let mut root = Object::default();
    for (index, (key, value)) in lines.iter().enumerate() {
        let place = Place::new("connections/test.conf", index as u32 + 1, 1);
        let names: Vec<_> = key.split('.').collect();
        insert(&mut root, &names, value, &place);
    }
    Settings::new("connections/test.conf", root, files)
}

fn insert(block: &mut Object, names: &[&str], text: &str, place: &Place) {
    let [name, rest @ ..] = names else { return };
    let value = if rest.is_empty() {
        match text {
            "[]" => Value::List(Vec::new()),
            rules if *name == "filters" => rules_of(rules, place),
            text => Value::String(text.to_owned()),
        }
    } else {
        let mut inner = Object::default();
        insert(&mut inner, rest, text, place);
        Value::Object(inner)
    };
    block.put(entry(name, value, place), merge);
}

fn entry(key: &str, value: Value, place: &Place) -> Entry<Node> {
    Entry {
        key: key.to_owned(),
        key_place: place.clone(),
        value: Node::new(value, place.clone()),
    }
}

fn merge(new: Node, old: Node) -> Node {
    match (new.value, old.value) {
        (Value::Object(new), Value::Object(mut block)) => {
            for entry in new {
                block.put(entry, merge);
            }
            Node::new(Value::Object(block), old.place)
        }
        (value, _) => Node::new(value, new.place),
    }
}

/// Rules as `ID ACTION CRITERION=PATTERN;…`.
fn rules_of(rules: &str, place: &Place) -> Value {
    let text = |key: &str, text: &str| entry(key, Value::String(text.to_owned()), place);
    let rule = |rule: &str| {
        let mut words = rule.splitn(3, ' ');
        let mut next = || words.next().unwrap_or_default();
        let mut block = vec![text("id", next()), text("action", next())];
        if let Some((criterion, pattern)) = next().split_once('=') {
            let terms = Value::Object([text(criterion, pattern)].into_iter().collect());
            block.push(entry("rules", terms, place));
        }
        Node::new(Value::Object(block.into_iter().collect()), place.clone())
    };
    Value::List(rules.split(';').map(rule).collect())
}

/// A connection to `site`, with further settings.
pub(crate) fn connect(site: &FakeSite, more: &[(&str, &str)]) -> Box<dyn Connection> {
    let (url, value) = (site.url(), site.header_value());
    let mut lines = vec![
        ("connection.url", url.as_str()),
        ("connection.auth.key", site.header_name()),
        ("connection.auth.value", value.as_str()),
    ];
    lines.extend(more);
    // Short retries for tests of failing sites.
    lines.push(("connection.time_limits.retry", "100 ms"));
    let mut settings = settings(&lines);
    let opened = QlikSense::default().open(code(), &mut settings);
    opened.unwrap_or_else(|_| panic!("{:?}", settings.problems()))
}

pub(crate) struct Scan {
    pub(crate) closing: Result<Completeness, ScanError>,
    pub(crate) seen: Recorder,
}

pub(crate) async fn scan(connection: &dyn Connection) -> Scan {
    let mut seen = Recorder::default();
    let closing = connection.scan(ScanRequest::Full, &mut seen).await;
    Scan { closing, seen }
}

impl Scan {
    pub(crate) fn warnings(&self) -> Vec<&str> {
        self.seen
            .warnings
            .iter()
            .map(|warning| warning.message.as_str())
            .collect()
    }
}
