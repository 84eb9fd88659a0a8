//! Containers, which hold items and other containers, such as the apps and streams of a source.

use url::Url;

use crate::{ConnectionCode, Contacts, Instant, InvalidKey, ItemKey, SourceId};

/// A kind of containers, as a connector declares it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ContainerKind {
    /// The id in keys, files and exports, in `snake_case`: `folder`. It contains no `:`.
    pub id: &'static str,
    /// The display name: `Folder`.
    pub label: &'static str,
}

/// Something that holds items or other containers. Catalogs show containers as folders.
///
/// A field that is absent is `None` or empty. A field that could not be read is listed in [`unknown`](Self::unknown): a
/// catalog keeps the value that it has.
#[derive(Clone, Debug, PartialEq)]
pub struct Container {
    /// The key: the connection's code, then kind and id, see [`key_of`](Self::key_of).
    pub key: ItemKey,
    /// What kind of container it is.
    pub kind: ContainerKind,
    /// The source's own id, which is also part of the key.
    pub id: SourceId,
    /// The source's name of it. May be empty.
    pub name: String,
    /// The key of the container that holds it.
    pub parent: Option<ItemKey>,
    /// The people who are responsible for it.
    pub contacts: Contacts,
    /// The source's own description, unless it is empty.
    pub description: Option<String>,
    /// Where people open it: an absolute URL, percent-encoded.
    pub link: Option<Url>,
    /// When it was created.
    pub created: Option<Instant>,
    /// When it was last modified.
    pub modified: Option<Instant>,
    /// When it was published.
    pub published: Option<Instant>,
    /// When its data was last reloaded.
    pub refreshed: Option<Instant>,
    /// Tags, in the source's order.
    pub tags: Vec<String>,
    /// Values of properties that the source's administrators defined, in the source's order.
    pub custom_properties: Vec<CustomProperty>,
    /// The fields that could not be read, each once. Unknown contacts are [`Contacts::Unknown`] instead.
    pub unknown: Vec<ContainerField>,
    /// Whether a catalog should have it, according to the filter.
    pub inclusion: Inclusion,
}

/// One value of a property that the source's administrators defined. A property with several values occurs several
/// times.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomProperty {
    /// The name of the property.
    pub name: String,
    /// One of its values.
    pub value: String,
}

/// A field of a [`Container`] that may be unknown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum ContainerField {
    /// [`Container::name`].
    Name,
    /// [`Container::parent`].
    Parent,
    /// [`Container::description`].
    Description,
    /// [`Container::created`].
    Created,
    /// [`Container::modified`].
    Modified,
    /// [`Container::published`].
    Published,
    /// [`Container::refreshed`].
    Refreshed,
    /// [`Container::tags`].
    Tags,
    /// [`Container::custom_properties`].
    CustomProperties,
}

/// Whether a catalog should have a container. This follows from the filter of the items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Inclusion {
    /// The catalog should have it: it holds an item that the filter keeps, or nothing that the filter excludes.
    #[default]
    Included,
    /// The filter excludes everything in it, so that the catalog would show an empty folder.
    Excluded,
    /// Not known, since the filter could not decide about items in it. A catalog that has the container keeps it, and
    /// other catalogs do not add it.
    Undecided,
}

impl Container {
    /// The key of the container with this kind and id: `code/kind:id`.
    ///
    /// A kind contains no `:`, so two containers of one connection never have the same key. A container's key has two
    /// parts. It never equals an item's key, because the items of a connection with containers have keys of at least
    /// three parts (the contract suite checks this).
    ///
    /// ```
    /// use catalog_model::{ConnectionCode, Container, ContainerKind};
    ///
    /// const FOLDER: ContainerKind = ContainerKind { id: "folder", label: "Folder" };
    /// let key = Container::key_of(&ConnectionCode::new("sales").unwrap(), FOLDER, "a/b")?;
    /// assert_eq!(key.to_string(), "sales/folder:a%2Fb");
    /// # Ok::<(), catalog_model::InvalidKey>(())
    /// ```
    ///
    /// # Errors
    /// If the id is empty.
    pub fn key_of(
        code: &ConnectionCode,
        kind: ContainerKind,
        id: &str,
    ) -> Result<ItemKey, InvalidKey> {
        if id.is_empty() {
            return Err(InvalidKey::EmptyPart(2));
        }
        ItemKey::new([code.as_str(), &format!("{}:{id}", kind.id)])
    }

    /// Creates a container with only a name and a key. No other field is set, and only the contacts are unknown.
    ///
    /// # Errors
    /// If the id is empty.
    pub fn new(
        code: &ConnectionCode,
        kind: ContainerKind,
        id: &str,
        name: impl Into<String>,
    ) -> Result<Self, InvalidKey> {
        Ok(Self {
            key: Self::key_of(code, kind, id)?,
            kind,
            id: SourceId(id.to_owned()),
            name: name.into(),
            parent: None,
            contacts: Contacts::Unknown,
            description: None,
            link: None,
            created: None,
            modified: None,
            published: None,
            refreshed: None,
            tags: Vec::new(),
            custom_properties: Vec::new(),
            unknown: Vec::new(),
            inclusion: Inclusion::default(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLDER: ContainerKind = ContainerKind {
        id: "folder",
        label: "Folder",
    };

    fn key(id: &str) -> Result<String, InvalidKey> {
        let code = ConnectionCode::new("sales/east").unwrap();
        Container::key_of(&code, FOLDER, id).map(|key| key.to_string())
    }

    #[test]
    fn a_container_key_has_two_parts_and_names_the_kind() {
        for (id, expected) in [
            ("7a1c", "sales%2Feast/folder:7a1c"),
            ("a/b", "sales%2Feast/folder:a%2Fb"),
            ("folder:x", "sales%2Feast/folder:folder:x"),
        ] {
            assert_eq!(key(id), Ok(expected.to_owned()));
        }
    }

    #[test]
    fn a_container_without_an_id_has_no_key() {
        assert_eq!(key(""), Err(InvalidKey::EmptyPart(2)));
    }
}
