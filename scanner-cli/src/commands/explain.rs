//! `explain`: what is known of something that a person asks about, and what its site says of it now.

use std::{collections::BTreeSet, io::Write as _, path::Path, pin::pin};

mod suggestions;

use catalog_model::{Finding, ScanError, with_causes};

use self::suggestions::Suggestions;
use super::{catalog, selection::select, signals::interrupted};
use crate::{
    arguments::{Explain, WantedType},
    connections::Ready,
    destination::{STANDARD_OUTPUT, unless_broken_pipe},
    exit::Exit,
    export_line::label,
    listing::moment,
    printable::Page,
    problem::Problem,
    program::Program,
    store::{Catalog, CatalogContainer, CatalogItem, Change, ItemScope, ItemState, StoreError},
    store_problem::StoreProblem,
    subject::Subject,
};

/// So many items are told of in full.
const SHOWN: usize = 10;

const ALL: &[ItemState] = &[
    ItemState::Present,
    ItemState::Unreadable,
    ItemState::Excluded,
    ItemState::Gone,
];

/// What the store knows of the subject.
#[derive(Default)]
struct Known {
    text: Page,
    items: usize,
    /// The codes of the connections that the items are of.
    connections: BTreeSet<String>,
    /// What a site is asked instead, if it does not know the key: the id of an app or a stream.
    id: Option<String>,
    /// Whether only a stream was found. A site is not asked about streams.
    is_stream: bool,
}

pub(crate) async fn run(program: &mut Program, arguments: Explain) -> Exit {
    let subject = arguments.subject.trim();
    let known = match known(program, subject, arguments.offline) {
        Ok(known) => known,
        Err(exit) => return exit,
    };
    if let Err(exit) = write(program, &known.text) {
        return exit;
    }
    if arguments.offline || known.is_stream {
        return Exit::Complete;
    }
    let subject = known.id.as_deref().unwrap_or(subject);
    let mut selected = match select(program, &[]) {
        Ok(selected) => selected,
        Err(exit) => return exit,
    };
    let told = program.report_problems(&selected.take_problems());
    let mut exits = Vec::from_iter(told);
    let meant = |ready: &Ready| {
        known.connections.is_empty() || known.connections.contains(ready.code.as_str())
    };
    let meant = selected.ready.iter().filter(|ready| meant(ready));
    let held: Vec<_> = meant
        .map(|ready| (ready.connection.hold_session(), ready))
        .collect();
    let mut interrupted = pin!(interrupted(program));
    for (hold, ready) in held {
        tokio::select! {
            found = program.installation.find_at_source(ready, subject, hold) => exits.push(tell(program, ready, found)),
            () = &mut interrupted => return Exit::Interrupted,
        }
    }
    Exit::of(&exits)
}

fn tell(
    program: &mut Program,
    ready: &Ready,
    found: Result<Option<Vec<Finding>>, ScanError>,
) -> Exit {
    let (code, name) = (&ready.code, &ready.name);
    let findings = match found {
        Ok(Some(findings)) => findings,
        Ok(None) => return Exit::Complete,
        Err(error) => {
            let hint = match &error {
                ScanError::Source { hint, .. } => hint.clone(),
                _ => None,
            };
            let message = format!("{code} ({name}) cannot be read: {}", with_causes(&error));
            program.report_problem(&Problem::general(message, hint));
            return Exit::Failed;
        }
    };
    let mut text = Page::default();
    writeln!(text, "{code} ({name}) now");
    let unasked = |finding: &Finding| matches!(finding, Finding::Unasked { .. });
    if findings.iter().all(unasked) {
        writeln!(
            text,
            "  not visible: it does not exist, or the account may not read it"
        );
    }
    for finding in findings {
        match finding {
            Finding::Item { key, label: way } => {
                writeln!(text, "  present: {} ({key})", label(&way))
            }
            Finding::Excluded {
                key,
                label: way,
                rule,
                because,
            } => {
                writeln!(text, "  excluded by {rule}: {} ({key})", label(&way));
                write_reasons(&mut text, &because);
            }
            Finding::Undecided {
                key,
                label: way,
                why,
            } => {
                writeln!(text, "  undecided: {} ({key})", label(&way));
                write_reasons(&mut text, &[why]);
            }
            Finding::NotAnItem { what } | Finding::Unasked { what } => writeln!(text, "  {what}"),
        }
    }
    write(program, &text).err().unwrap_or(Exit::Complete)
}

fn write_reasons(text: &mut Page, reasons: &[String]) {
    let mut before = "because: ";
    for reason in reasons {
        writeln!(text, "    {before:<9}{reason}");
        before = "";
    }
}

/// Writes to standard output; a reader that has seen enough is no fault.
fn write(program: &mut Program, text: &Page) -> Result<(), Exit> {
    let output = &mut program.environment.output;
    let written = output.write_all(text.as_str().as_bytes());
    let written = written.and_then(|()| output.flush());
    unless_broken_pipe(written, Path::new(STANDARD_OUTPUT)).map_err(|error| {
        program.report_problem(&Problem::general(with_causes(&error), None));
        Exit::Failed
    })
}

/// What the store knows. Without a store that is nothing, unless nobody else is to be asked.
fn known(program: &mut Program, subject: &str, offline: bool) -> Result<Known, Exit> {
    if !offline && !program.installation.home.store().exists() {
        return Ok(Known::default());
    }
    let catalog = catalog::open(program)?;
    look_up(&catalog, subject).map_err(|error| {
        program.report_problem(&error.problem());
        Exit::from(error.operation_kind())
    })
}

fn look_up(catalog: &Catalog, subject: &str) -> Result<Known, StoreError> {
    let mut known = Known::default();
    if let Some(item) = catalog.item(subject)? {
        known.add(catalog, &item)?;
        return Ok(known);
    }
    if let Some(container) = catalog.container(subject)? {
        known.add_container(catalog, &container)?;
        return Ok(known);
    }
    let wanted = Subject::new(subject);
    let scope = ItemScope {
        connection: None,
        states: ALL,
    };
    let mut suggestions = Suggestions::default();
    catalog.each_item(scope, |item| {
        if wanted.is(&item) {
            known.add(catalog, &item)?;
        } else if known.items == 0 {
            suggestions.consider(wanted.text(), wanted.lower(), &item);
        }
        Ok::<_, StoreError>(())
    })?;
    if known.items == 0 {
        known.add_named_containers(catalog, &wanted)?;
    }
    if known.items == 0 {
        suggestions.write_to(&mut known.text, subject);
    } else if known.items > SHOWN {
        let more = known.items - SHOWN;
        writeln!(known.text, "and {more} more");
    }
    Ok(known)
}

impl Known {
    fn add(&mut self, catalog: &Catalog, item: &CatalogItem<'_>) -> Result<(), StoreError> {
        self.items += 1;
        self.connections.insert(item.connection.code.clone());
        if self.items > SHOWN {
            return Ok(());
        }
        let changes = catalog.changes_of(item)?;
        let seen = [Some(item.first_seen), Some(item.last_seen), item.gone_since];
        writeln!(self.text, "{}", item.key);
        self.line("label", &label(&item.item.label));
        self.line("state", item.state.word());
        self.line("source id", &item.source_id);
        self.history(seen, changes);
        Ok(())
    }

    /// Adds the apps and streams that the text names: by id, name or link.
    fn add_named_containers(
        &mut self,
        catalog: &Catalog,
        wanted: &Subject<'_>,
    ) -> Result<(), StoreError> {
        let scope = ItemScope {
            connection: None,
            states: ALL,
        };
        catalog.each_container(scope, |found| match wanted.is_container(&found) {
            true => self.add_container(catalog, &found),
            false => Ok(()),
        })
    }

    /// Adds an app or a stream.
    fn add_container(
        &mut self,
        catalog: &Catalog,
        found: &CatalogContainer<'_>,
    ) -> Result<(), StoreError> {
        self.items += 1;
        self.connections.insert(found.connection.code.clone());
        if self.items > SHOWN {
            return Ok(());
        }
        let is_stream = found.container.kind.id == WantedType::STREAM;
        self.is_stream = is_stream && (self.items == 1 || self.is_stream);
        // A site finds several apps by their common name.
        self.id = (self.items == 1 && !is_stream).then(|| found.container.id.0.clone());
        let changes = catalog.changes_of_container(found)?;
        let seen = [
            Some(found.first_seen),
            Some(found.last_seen),
            found.gone_since,
        ];
        let container = &found.container;
        writeln!(self.text, "{}", container.key);
        self.line("type", container.kind.id);
        self.line("name", &container.name);
        if let Some(parent) = &container.parent {
            self.line("in", parent.as_str());
        }
        self.line("state", found.state.word());
        self.line("source id", &container.id.0);
        self.history(seen, changes);
        if is_stream {
            writeln!(
                self.text,
                "  the site is asked only about sheets and apps, not about streams"
            );
        }
        Ok(())
    }

    fn line(&mut self, name: &str, value: &str) {
        writeln!(self.text, "  {name:<11} {value}");
    }

    /// Writes when something was seen, and its changes.
    fn history(&mut self, seen: [Option<i64>; 3], changes: Vec<Change>) {
        for (name, time) in ["first seen", "last seen", "gone since"].iter().zip(seen) {
            if let Some(time) = time {
                self.line(name, &moment(time));
            }
        }
        for change in changes {
            let fields = change.fields.join(", ");
            let colon = if fields.is_empty() { "" } else { ": " };
            let scan = change.scan;
            let what = format!("{} by scan {scan}{colon}{fields}", moment(change.time));
            self.line(change.kind.word(), &what);
        }
    }
}
