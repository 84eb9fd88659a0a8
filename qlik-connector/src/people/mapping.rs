//! A file that maps accounts to addresses, for sites whose users have no address.

use std::collections::HashMap;

use crate::records::Owner;
use catalog_model::{
    Place, Settings, printable,
    settings::{Located, Node, PlaceKind, SettingProblem, Value},
};

use crate::people::account::{account, is_address};

const MAPPING: &str = "connection.contacts.mapping";

/// The account, the e-mail address, and the name of the person.
const COLUMNS: [&str; 3] = ["user", EMAIL, NAME];
const EMAIL: &str = "email";
const NAME: &str = "name";

/// Maximum number of unusable entries that are reported individually.
const MAX_LISTED_ENTRIES: usize = 3;

/// People by account, in lower case, because Windows ignores case in accounts. Uses about 200 bytes for each.
#[derive(Clone, Debug, Default)]
pub(crate) struct Mapping(HashMap<Box<str>, Person>);

/// A person in a mapping.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) email: Box<str>,
    pub(crate) name: Option<Box<str>>,
    /// The place of the entry.
    place: Place,
}

/// An entry that cannot be used.
#[derive(Debug)]
struct EntryError {
    place: Place,
    message: String,
    hint: Option<String>,
}

impl Mapping {
    /// Reads the mapping, if there is one. An unusable entry is ignored with a warning. If no entry can be used, this
    /// is a problem of the settings.
    pub(crate) fn read(settings: &mut Settings) -> Self {
        let mut mapping = Self::default();
        let Some((path, entries)) = settings.entries_of(MAPPING, &COLUMNS) else {
            return mapping;
        };
        let quoted = match settings.may_quote_file(path.value.trim()) {
            true => quoted,
            // The file may be a different, confidential file.
            false => hidden,
        };
        let odd: Vec<_> = (entries.into_iter())
            .filter_map(|(user, entry)| mapping.add(&user, &entry, quoted).err())
            .collect();
        if mapping.is_empty() {
            settings.record(unusable(&path, odd.into_iter().next()));
        } else {
            warn(settings, &path, odd);
        }
        mapping
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// A text that differs if its content differs.
    pub(crate) fn signature(&self) -> String {
        let people = self.0.iter();
        let mut people: Vec<_> = people
            .map(|(account, person)| (account, &person.email, &person.name))
            .collect();
        people.sort_unstable();
        format!("{people:?}")
    }

    /// The entry of an owner.
    pub(crate) fn get(&self, owner: &Owner<'_>) -> Option<&Person> {
        if self.is_empty() {
            return None;
        }
        self.0.get(account(owner)?.to_lowercase().as_str())
    }

    /// Adds an entry. `quoted` formats its texts for messages.
    fn add(
        &mut self,
        user: &str,
        entry: &Node,
        quoted: fn(&str) -> String,
    ) -> Result<(), EntryError> {
        // In HOCON, null removes an entry of an earlier line.
        if matches!(entry.value, Value::Null) {
            return Ok(());
        }
        let user = user.trim();
        let odd = |message: String| EntryError {
            place: entry.place.clone(),
            message,
            hint: None,
        };
        if !is_account(user) {
            let hint = format!(
                "in double quotes in HOCON, write every backslash twice\nif this line is the header of a table, name its columns `user`, `{EMAIL}` and, if there are names, `{NAME}`"
            );
            return Err(EntryError {
                hint: Some(hint),
                ..odd(format!(
                    "{} is not a valid account (expected `DIRECTORY\\user`)",
                    quoted(user)
                ))
            });
        }
        let Some(email) = text(entry, EMAIL) else {
            return Err(odd(format!("{} has no `{EMAIL}`", quoted(user))));
        };
        if !is_address(&email) {
            let (email, user) = (quoted(&email), quoted(user));
            return Err(odd(format!(
                "{email} of {user} is not a valid e-mail address"
            )));
        }
        let person = Person {
            email: email.into(),
            name: text(entry, NAME).map(Into::into),
            place: entry.place.clone(),
        };
        match self.0.get(user.to_lowercase().as_str()) {
            Some(known) if known.email.eq_ignore_ascii_case(&person.email) => Ok(()),
            Some(known) => Err(odd(format!(
                "{} has another address at {}, which is used",
                quoted(user),
                known.place
            ))),
            None => {
                self.0.insert(user.to_lowercase().into(), person);
                Ok(())
            }
        }
    }
}

/// Whether a text is an account with a directory.
fn is_account(user: &str) -> bool {
    let parts = user.split_once('\\');
    parts.is_some_and(|(directory, user)| {
        !directory.is_empty() && !user.is_empty() && !user.contains('\\')
    }) && !user.contains(char::is_control)
}

/// Reads a text of an entry. The entry may consist of the address only.
fn text(entry: &Node, name: &str) -> Option<String> {
    let value = match &entry.value {
        Value::Object(fields) => fields.setting(name)?.value.as_text()?,
        value if name == EMAIL => value.as_text()?,
        _ => return None,
    };
    Some(value.trim().to_owned()).filter(|text| !text.is_empty())
}

/// Formats a text of a file for a message, on one line.
fn quoted(text: &str) -> String {
    let text: String = text.chars().take(100).collect();
    format!("`{}`", printable(&text))
}

/// Replaces a text of a file that messages must not quote.
fn hidden(_text: &str) -> String {
    "a text that is not shown".to_owned()
}

fn unusable(path: &Located<String>, first: Option<EntryError>) -> SettingProblem {
    let file = &path.value;
    match first {
        None => problem(EntryError {
            place: path.place.clone(),
            message: format!("the file `{file}` has no entry"),
            hint: Some("add a line such as `DIRECTORY\\user,ann@example.com,Ann`".to_owned()),
        }),
        Some(odd) => problem(EntryError {
            message: format!("no entry of `{file}` can be used; first: {}", odd.message),
            ..odd
        }),
    }
}

fn warn(settings: &mut Settings, path: &Located<String>, odd: Vec<EntryError>) {
    let more = odd.len().saturating_sub(MAX_LISTED_ENTRIES);
    for odd in odd.into_iter().take(MAX_LISTED_ENTRIES) {
        settings.warn(problem(EntryError {
            message: format!("this entry is ignored: {}", odd.message),
            ..odd
        }));
    }
    if more > 0 {
        let (entries, are) = if more == 1 {
            ("entry", "is")
        } else {
            ("entries", "are")
        };
        settings.warn(problem(EntryError {
            place: path.place.clone(),
            message: format!("{more} more {entries} of `{}` {are} ignored", path.value),
            hint: None,
        }));
    }
}

fn problem(odd: EntryError) -> SettingProblem {
    SettingProblem {
        key: MAPPING.to_owned(),
        place: odd.place,
        message: format!("`{MAPPING}`: {}", odd.message),
        hint: odd.hint,
        place_kind: PlaceKind::Setting,
        within: None,
    }
}
