//! What the store knows, as parts of pages.

use catalog_model::{AccountStatus, ChangeKind, Contact, Instant, ItemKey, ItemState};
use jiff::Timestamp;

use crate::{
    address::Address,
    links::Links,
    parts::{Badge, Banner, Link, Moment, Pages, Person, Tone, Value},
    state::{ContainerRoute, Words},
    store::browse::{ContainerRef, IndexState},
    texts::{Texts, capitalized, counted, number},
};

mod change;
mod hit;
mod scan;

pub(crate) use change::{About, change};
pub(crate) use hit::{Described, hit};
pub(crate) use scan::{duration, outcome_badge};

/// What views are made with.
#[derive(Clone, Copy)]
pub(crate) struct Views<'a> {
    pub(crate) t: &'static Texts,
    pub(crate) links: &'a Links,
    pub(crate) containers: &'a [ContainerRoute],
    pub(crate) words: &'a Words,
}

impl Views<'_> {
    /// The address of the container with this key, `code/kind:id`. Empty if its kind has none.
    pub(crate) fn container(&self, key: &str) -> String {
        self.container_if_known(key).unwrap_or_default()
    }

    fn container_if_known(&self, key: &str) -> Option<String> {
        let key: ItemKey = key.parse().ok()?;
        let mut parts = key.parts();
        let (code, rest) = (parts.next()?, parts.next()?);
        let (kind, id) = rest.split_once(':')?;
        let route = self.containers.iter().find(|route| route.kind == kind)?;
        Some(self.links.container(route.path, &code, id))
    }

    /// The containers that hold something, as links.
    pub(crate) fn place(&self, containers: &[ContainerRef]) -> Vec<Link> {
        let link = |container: &ContainerRef| {
            Link::new(self.named(&container.name), self.container(&container.key))
        };
        containers.iter().map(link).collect()
    }

    /// Whether the page is a file, which leads to no list but those that are files, too.
    pub(crate) fn is_file(&self) -> bool {
        self.links.written().is_some()
    }

    /// What only a server offers, such as filters and downloads.
    pub(crate) fn on_server<T>(&self, parts: Vec<T>) -> Vec<T> {
        match self.is_file() {
            true => Vec::new(),
            false => parts,
        }
    }

    /// A name, or what is shown instead of an empty one.
    pub(crate) fn named(&self, name: &str) -> String {
        match name.trim() {
            "" => self.t.untitled.to_owned(),
            _ => name.to_owned(),
        }
    }

    /// A number of items.
    pub(crate) fn items(&self, count: u64) -> String {
        counted(&self.words.say(self.t.number_of_items), count)
    }

    /// The address of a search with one filter.
    pub(crate) fn search(&self, name: &str, value: &str) -> String {
        Address::bare("/search").with(name, value).href(self.links)
    }

    /// The address of a list as a CSV file.
    pub(crate) fn csv(&self, list: &Address) -> String {
        list.at(&format!("{}.csv", list.path())).href(self.links)
    }

    /// A point in time as date and time. `None` if it is outside of what times can be.
    pub(crate) fn moment(&self, millis: i64) -> Value {
        match Timestamp::from_millisecond(millis) {
            Ok(time) => Value::Moment(Moment::full(self.t, time)),
            Err(_) => Value::Missing(self.t.never),
        }
    }

    /// A point in time of a source.
    pub(crate) fn instant(&self, instant: Instant) -> Value {
        self.moment(instant.as_unix_millis())
    }

    /// A contact with the mail link.
    pub(crate) fn person(&self, contact: &Contact) -> Person {
        let account = contact.account.clone();
        let name = contact.name.clone().or_else(|| account.clone());
        Person {
            name: name.unwrap_or_else(|| self.t.unknown.to_owned()),
            account: account.filter(|_| contact.name.is_some()),
            mail: contact.email.clone(),
            without_mail: Some(self.t.owner_without_address),
            badge: self.account(contact.status),
            items: None,
        }
    }

    /// The status of an account, unless it is in use.
    pub(crate) fn account(&self, status: Option<AccountStatus>) -> Badge {
        match status {
            None | Some(AccountStatus::Active) => Badge::default(),
            Some(status) => Badge::new(Tone::Bad, status.word()),
        }
    }

    /// The status of an account, also if it is in use.
    pub(crate) fn account_or_active(&self, status: Option<AccountStatus>) -> Badge {
        match status {
            Some(AccountStatus::Active) => Badge::new(Tone::Good, AccountStatus::Active.word()),
            status => self.account(status),
        }
    }

    /// Links to the next and to the first page of a list.
    pub(crate) fn pages(&self, list: &Address, next: Option<&str>, cursor: Option<&str>) -> Pages {
        let first = cursor.map(|_| Link::new(self.t.first_page, list.href(self.links)));
        let next = next.map(|next| {
            let address = list.clone().with("cursor", next);
            Link::new(self.t.next_page, address.href(self.links))
        });
        Pages {
            label: self.t.pages,
            links: first.into_iter().chain(next).collect(),
        }
    }

    /// The state of an item, unless it is present.
    pub(crate) fn state(&self, state: ItemState) -> Badge {
        let tone = match state {
            ItemState::Present => return Badge::default(),
            ItemState::Unreadable => Tone::Warning,
            ItemState::Gone => Tone::Bad,
            _ => Tone::Plain,
        };
        Badge::new(tone, self.state_word(state))
    }

    /// The word for a state.
    pub(crate) fn state_word(&self, state: ItemState) -> &'static str {
        match state {
            ItemState::Present => self.t.state_present,
            ItemState::Unreadable => self.t.state_unreadable,
            ItemState::Excluded => self.t.state_excluded,
            ItemState::Gone => self.t.state_gone,
            other => other.word(),
        }
    }

    /// The word for a kind of changes.
    pub(crate) fn kind_word(&self, kind: ChangeKind) -> &'static str {
        match kind {
            ChangeKind::Added => self.t.kind_added,
            ChangeKind::Changed => self.t.kind_changed,
            ChangeKind::Removed => self.t.kind_removed,
            ChangeKind::Returned => self.t.kind_returned,
            ChangeKind::Excluded => self.t.kind_excluded,
            other => other.word(),
        }
    }

    /// What is said about an index that lacks something.
    pub(crate) fn index(&self, index: IndexState) -> Option<Banner> {
        let (title, text) = match index {
            IndexState::Current => return None,
            IndexState::Behind { .. } => (self.t.index_behind, self.t.index_behind_text.to_owned()),
            IndexState::Building { indexed, total } => {
                let text = counted(self.t.index_building_text, total);
                let indexed = number(indexed);
                (self.t.index_building, text.replace("{indexed}", &indexed))
            }
        };
        Some(Banner {
            tone: Tone::Note,
            title: title.to_owned(),
            text,
            is_heading: false,
        })
    }
}

/// A link to another site, if it is `http` or `https`. Text of a source must not become another kind of link.
pub(crate) fn external(text: &str, url: &str) -> Option<Link> {
    let parsed = url::Url::parse(url).ok()?;
    matches!(parsed.scheme(), "http" | "https").then(|| Link::new(text, url))
}

/// The name of a property as people write it: `Sheet Url` is `Sheet URL`, and `source id` is `Source id`.
pub(crate) fn field_label(label: &str) -> String {
    let words = label.split(' ').map(|word| match word {
        "Url" | "url" => "URL",
        word => word,
    });
    capitalized(&words.collect::<Vec<_>>().join(" "))
}

/// A rule of a filter with the short name of its file, as the page of connections shows it:
/// `filter (/srv/home/connections/demo.conf:10:10)` is `filter (connections/demo.conf:10:10)`.
pub(crate) fn short_place(rule: &str) -> String {
    let Some((before, place)) = rule.rsplit_once('(') else {
        return rule.to_owned();
    };
    let mut parts: Vec<_> = place.split(['/', '\\']).collect();
    let Some(file) = parts.pop() else {
        return rule.to_owned();
    };
    match parts.iter().rposition(|part| *part == "connections") {
        Some(at) => {
            parts.drain(..at);
            parts.push(file);
            format!("{before}({}", parts.join("/"))
        }
        None => format!("{before}({file}"),
    }
}

/// A message without what only programmers read: `(os error 111)`.
pub(crate) fn for_readers(message: &str) -> String {
    const START: &str = " (os error ";
    let mut text = String::with_capacity(message.len());
    let mut rest = message;
    while let Some((before, after)) = rest.split_once(START) {
        text.push_str(before);
        match after.split_once(')') {
            Some((code, after)) if code.bytes().all(|byte| byte.is_ascii_digit()) => rest = after,
            _ => {
                text.push_str(START);
                rest = after;
            }
        }
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_filters_have_the_names_that_the_page_of_connections_has() {
        for (rule, expected) in [
            (
                "filter (home/connections/demo.conf:10:10)",
                "filter (connections/demo.conf:10:10)",
            ),
            (
                r"filter (C:\home\connections\a b.conf:1:1)",
                "filter (connections/a b.conf:1:1)",
            ),
            (
                "filter (/srv/home/application.conf:3:1)",
                "filter (application.conf:3:1)",
            ),
            ("filter", "filter"),
        ] {
            assert_eq!(short_place(rule), expected);
        }
    }

    #[test]
    fn messages_have_no_numbers_of_the_system() {
        for (message, expected) in [
            ("Connection refused (os error 111)", "Connection refused"),
            ("a (os error 2); b (os error 13).", "a; b."),
            ("a (os error x) b", "a (os error x) b"),
            ("", ""),
        ] {
            assert_eq!(for_readers(message), expected);
        }
        assert_eq!(field_label("Sheet Url"), "Sheet URL");
        assert_eq!(field_label("source id"), "Source id");
    }
}
