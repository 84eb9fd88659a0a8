//! What DataHub knows items and containers as: urns and aspects, as plain values. Nothing here touches a network or a
//! disk.
//!
//! An item is a *dashboard*, a container a *container*, a connection a *platform instance*. Aspects that only the
//! scanner writes are replaced as a whole. Tags and owners are also edited by people, so they are kept apart as lists
//! of urns: an entity that is new in the catalog gets them as a whole, and others as a patch.

use catalog_model::{Container, ItemKey, Visualization};
use serde::Serialize;
use sha2::{Digest, Sha256};

mod aspect;
mod container;
mod dashboard;
mod hierarchy;
pub mod patch;
mod people;
mod run;
mod texts;
pub mod urn;

pub use aspect::{Aspect, Aspects};
pub use hierarchy::Hierarchy;
pub use patch::Shared;
pub use people::OwnerId;
pub use run::Run;
pub use urn::{Tag, UrnTooLong};

/// The version of the mapping. A higher number makes every entity be delivered again.
pub const VERSION: u32 = 1;

/// Who is said to have changed an entity: not known.
const ACTOR: &str = "urn:li:corpuser:unknown";

/// How items and containers are described.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Mapping {
    /// Which id of a contact is the owner's.
    pub owner_id: OwnerId,
    /// What the names of all tags begin with.
    pub tag_prefix: String,
}

/// The types of entities that are delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntityType {
    /// A tag.
    Tag,
    /// An instance of a platform, which is a connection.
    Instance,
    /// A container.
    Container,
    /// A dashboard.
    Dashboard,
}

/// An entity that exists, as it should be in the catalog.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapped {
    /// Its type.
    pub of: EntityType,
    /// Its urn.
    pub urn: String,
    /// The aspects that are replaced as a whole, by name. With `status`, so that an entity that was removed returns.
    pub aspects: Aspects,
    /// Its tags. `None` if they are not known: those in the catalog stay.
    pub tags: Option<Vec<Tag>>,
    /// The urns of its owners. `None` if they are not known: those in the catalog stay.
    pub owners: Option<Vec<String>>,
}

impl EntityType {
    /// Its name in paths and rows.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Instance => "dataPlatformInstance",
            Self::Container => "container",
            Self::Dashboard => "dashboard",
        }
    }
}

impl Mapping {
    /// A number that changes with the mapping and its settings.
    #[must_use]
    pub fn revision(&self) -> u32 {
        let Self {
            owner_id,
            tag_prefix,
        } = self;
        let text = format!("{VERSION} {owner_id:?} {tag_prefix}");
        let digest = Sha256::digest(text);
        u32::from_be_bytes([digest[0], digest[1], digest[2], digest[3]])
    }

    /// An item of a connection whose containers these are.
    ///
    /// # Errors
    /// If its urn would be longer than DataHub accepts.
    pub fn dashboard(
        &self,
        item: &Visualization,
        hierarchy: &Hierarchy,
    ) -> Result<Mapped, UrnTooLong> {
        let urn = urn::dashboard(&item.key)?;
        let mut aspects = hierarchy.aspects(item.container.as_ref());
        let info = dashboard::info(item, hierarchy);
        aspects.insert(properties_of(EntityType::Dashboard), info);
        aspects.insert("subTypes", sub_type(hierarchy.item_type()));
        let tags = dashboard::tags(item);
        Ok(Mapped {
            of: EntityType::Dashboard,
            urn,
            aspects,
            tags: tags.map(|tags| self.tags(tags)),
            owners: self.owner_id.owners(&item.contacts),
        })
    }

    /// A container of a connection whose containers these are.
    #[must_use]
    pub fn container(&self, container: &Container, hierarchy: &Hierarchy) -> Mapped {
        let mut aspects = hierarchy.aspects(container.parent.as_ref());
        let properties = container::properties(container, hierarchy.code());
        let of_type = crate::product::type_name(container.kind.label);
        aspects.insert(properties_of(EntityType::Container), properties);
        aspects.insert("subTypes", sub_type(&of_type));
        let tags_are_known = !container
            .unknown
            .contains(&catalog_model::ContainerField::Tags)
            || !container.tags.is_empty();
        Mapped {
            of: EntityType::Container,
            urn: urn::container(&container.key),
            aspects,
            tags: tags_are_known.then(|| self.tags(&container.tags)),
            owners: self.owner_id.owners(&container.contacts),
        }
    }

    fn tags(&self, names: &[String]) -> Vec<Tag> {
        let mut tags: Vec<Tag> = Vec::with_capacity(names.len());
        for name in names.iter().filter(|name| !name.is_empty()) {
            let tag = urn::tag(&format!("{}{name}", self.tag_prefix));
            if tags.iter().all(|known| known.urn != tag.urn) {
                tags.push(tag);
            }
        }
        tags
    }
}

impl Mapped {
    /// The urns of its tags or owners, if they are known.
    #[must_use]
    pub fn shared(&self, which: Shared) -> Option<Vec<String>> {
        match which {
            Shared::Owners => self.owners.clone(),
            Shared::Tags => {
                let tags = self.tags.as_ref()?.iter();
                Some(tags.map(|tag| tag.urn.clone()).collect())
            }
        }
    }
}

/// The urn of an item or container with this key.
///
/// # Errors
/// If it would be longer than DataHub accepts.
pub fn urn_of(of: EntityType, key: &ItemKey) -> Result<String, UrnTooLong> {
    match of {
        EntityType::Container => Ok(urn::container(key)),
        _ => urn::dashboard(key),
    }
}

/// The name of the aspect with the name of an entity.
#[must_use]
pub fn properties_of(of: EntityType) -> &'static str {
    match of {
        EntityType::Tag => "tagProperties",
        EntityType::Instance => "dataPlatformInstanceProperties",
        EntityType::Container => "containerProperties",
        EntityType::Dashboard => "dashboardInfo",
    }
}

/// The aspect `status`.
#[must_use]
pub fn status(removed: bool) -> Aspect {
    #[derive(Serialize)]
    struct Status {
        removed: bool,
    }
    Aspect::new(&Status { removed })
}

fn sub_type(name: &str) -> Aspect {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct SubTypes<'a> {
        type_names: [&'a str; 1],
    }
    Aspect::new(&SubTypes { type_names: [name] })
}
