//! Observations of a scan, in the form in which the store compares and writes them. Created in the thread of the scan.

use catalog_model::{
    Container, ContainerKind, FieldRevision, Inclusion, ItemKey, Origin, Precedence, UnchangedRest,
    Visualization,
};

use super::{
    changed_values,
    hashes::{fingerprint, hash},
    stored_item::{CONTACTS, StoredItem, unknown, unknown_container_fields},
    texts::{self, LongText},
};
use crate::spool::Record;

/// One observation of a scan.
#[derive(Clone, Debug)]
pub enum Sighting {
    /// An item.
    Item(SeenEntity),
    /// What the scan did not read.
    Unchanged(UnchangedRest),
    /// What the connection remembers of the scan.
    State(Vec<u8>),
    /// The source's id of a record that could not be read.
    Unreadable(String),
    /// A record that a filter excludes or cannot decide about.
    Withheld(WithheldRecord),
    /// A container, and what filters say about it.
    Container(Box<SeenEntity>, Inclusion),
    /// There may be more containers of the kind with this id than the scan saw.
    HiddenContainers(&'static str),
}

impl Sighting {
    /// Size of its texts in bytes.
    pub(crate) fn bytes(&self) -> usize {
        match self {
            Self::Item(seen) => seen.bytes(),
            Self::Container(seen, _) => seen.bytes(),
            Self::HiddenContainers(kind) => kind.len(),
            Self::Unreadable(text) => text.len(),
            Self::Unchanged(rest) => rest.read.iter().map(|key| key.as_str().len()).sum(),
            Self::State(state) => state.len(),
            Self::Withheld(withheld) => {
                let rule = withheld.rule.as_ref().map_or(0, String::len);
                withheld.key.len() + withheld.record.source_id.len() + rule
            }
        }
    }
}

/// A record with its rank among the records with the same key.
#[derive(Clone, Debug)]
pub struct RankedRecord {
    /// Its precedence.
    pub precedence: Precedence,
    /// The source's own id; empty if it has none.
    pub source_id: String,
    /// Whether a filter excludes it.
    pub excluded: bool,
}

impl RankedRecord {
    /// The rank.
    #[must_use]
    pub fn rank(&self) -> (Precedence, &str) {
        (self.precedence, &self.source_id)
    }
}

/// A record that a filter excludes, or about which the filter could not decide.
#[derive(Clone, Debug)]
pub struct WithheldRecord {
    /// The key of its item.
    pub key: String,
    /// The record.
    pub record: RankedRecord,
    /// The rule of a filter that excludes it. Not set: undecided.
    pub rule: Option<String>,
}

impl WithheldRecord {
    pub(crate) fn new(key: &ItemKey, (precedence, id): Record<'_>, rule: Option<String>) -> Self {
        Self {
            key: key.as_str().to_owned(),
            record: RankedRecord {
                precedence,
                source_id: id.map_or_else(String::new, |id| id.0.clone()),
                excluded: rule.is_some(),
            },
            rule,
        }
    }
}

/// An item or a container that a scan saw.
#[derive(Clone, Debug)]
pub struct SeenEntity {
    /// The kind of a container; `None` for an item.
    pub container_kind: Option<ContainerKind>,
    /// The key.
    pub key: String,
    /// 64 bits of SHA-256 of the key.
    pub key_hash: i64,
    /// Empty if the source has none.
    pub source_id: String,
    /// The precedence of its record.
    pub precedence: Precedence,
    /// The digest of the record of an item.
    pub digest: Option<[u8; 16]>,
    /// 128 bits of SHA-256 of key, id, content and the hashes of long texts.
    pub fingerprint: [u8; 16],
    /// The unknown fields. The store keeps its values of them.
    pub unknown: Vec<&'static str>,
    /// The contacts as JSON; `None` if they are unknown.
    pub contacts: Option<SeenContacts>,
    /// The item as JSON, without the long texts.
    pub content: String,
    /// The long texts.
    pub texts: Vec<LongText>,
}

/// The known contacts of an item.
#[derive(Clone, Debug)]
pub struct SeenContacts {
    /// 64 bits of SHA-256 of them.
    pub fingerprint: i64,
    /// The contacts as JSON.
    pub json: String,
}

impl SeenContacts {
    /// Creates the contacts of an item, if they are known.
    fn from_item(item: &StoredItem<'_>) -> serde_json::Result<Option<Self>> {
        let contacts = item.contacts.as_ref().map(serde_json::to_string);
        Ok(contacts.transpose()?.map(|json| Self {
            fingerprint: hash(&json),
            json,
        }))
    }
}

impl SeenEntity {
    /// Creates an item whose fields have these revisions.
    pub(crate) fn new(
        item: &Visualization,
        origin: &Origin,
        revisions: &[FieldRevision],
    ) -> serde_json::Result<Self> {
        let stored = StoredItem::new(item, revisions);
        let seen = Self {
            container_kind: None,
            key: item.key.as_str().to_owned(),
            key_hash: hash(item.key.as_str()),
            source_id: origin
                .id
                .as_ref()
                .map_or_else(String::new, |id| id.0.clone()),
            precedence: item.precedence,
            digest: origin.digest.map(|digest| digest.0.to_be_bytes()),
            fingerprint: [0; 16],
            unknown: unknown(item),
            contacts: SeenContacts::from_item(&stored)?,
            content: String::new(),
            texts: Vec::new(),
        };
        seen.with_content(stored)
    }

    /// Creates a container whose fields have these revisions.
    pub(crate) fn from_container(
        container: &Container,
        revisions: &[FieldRevision],
    ) -> serde_json::Result<Self> {
        let stored = StoredItem::from_container(container, revisions);
        let seen = Self {
            container_kind: Some(container.kind),
            key: container.key.as_str().to_owned(),
            key_hash: hash(container.key.as_str()),
            source_id: container.id.0.clone(),
            precedence: Precedence::default(),
            digest: None,
            fingerprint: [0; 16],
            unknown: unknown_container_fields(container),
            contacts: SeenContacts::from_item(&stored)?,
            content: String::new(),
            texts: Vec::new(),
        };
        seen.with_content(stored)
    }

    /// Replaces the content.
    fn with_content(mut self, mut stored: StoredItem<'_>) -> serde_json::Result<Self> {
        self.texts = texts::extract(&mut stored);
        self.content = serde_json::to_string(&stored)?;
        let (key, id, content) = (&*self.key, &*self.source_id, &*self.content);
        self.fingerprint = match texts::references(&self.texts) {
            Some(references) => fingerprint(&[key, id, content, &references]),
            None => fingerprint(&[key, id, content]),
        };
        Ok(self)
    }

    /// Fills the unknown fields with the stored values.
    #[must_use]
    pub fn completed(mut self, former: &StoredItem<'_>) -> Self {
        let Ok(mut stored) = self.stored() else {
            return self;
        };
        for field in &self.unknown {
            match self.container_kind {
                Some(_) => stored.keep_in_container(field, former),
                None => stored.keep(field, former),
            }
        }
        if stored.keep_statuses(former)
            && let Ok(Some(contacts)) = SeenContacts::from_item(&stored)
        {
            self.contacts = Some(contacts);
        }
        self.clone().with_content(stored).unwrap_or(self)
    }

    /// The item in the form of the store, with its long texts.
    fn stored(&self) -> serde_json::Result<StoredItem<'static>> {
        let contacts = self.contacts.as_ref().map(|contacts| &*contacts.json);
        let mut stored = StoredItem::read(&self.content, contacts)?;
        texts::put_all(&mut stored, &self.texts);
        Ok(stored)
    }

    fn bytes(&self) -> usize {
        let contacts = self
            .contacts
            .as_ref()
            .map_or(0, |contacts| contacts.json.len());
        let texts: usize = self.texts.iter().map(LongText::bytes).sum();
        self.key.len() + self.source_id.len() + self.content.len() + contacts + texts
    }

    /// Compares the item with the stored one.
    #[must_use]
    pub fn difference(&self, former: Option<&StoredItem<'_>>) -> Difference {
        let (Some(former), Ok(new)) = (former, self.stored()) else {
            // This program did not write this content, so anything may have changed.
            return Difference::Fields(vec!["content".to_owned()], None);
        };
        let mut fields = new.differences(former);
        if new.has_other_contacts(former) {
            fields.push(CONTACTS.to_owned());
        }
        match fields.is_empty() && new.is_revised(former) {
            true => Difference::Revisions,
            false => {
                let values = changed_values::to_json(&fields, former, &new);
                Difference::Fields(fields, values)
            }
        }
    }
}

/// How an item differs from the stored one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// In these fields, with their values as JSON. Empty if no field that readers see differs.
    Fields(Vec<String>, Option<String>),
    /// Only because another version of the program wrote the same record.
    Revisions,
}
