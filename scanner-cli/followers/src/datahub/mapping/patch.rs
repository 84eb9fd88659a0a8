//! Patches of the aspects that people edit, too: tags and owners. A patch adds and removes single entries, so that what
//! people have added stays.

use serde::Serialize;
use serde_json::{Value, json};

use super::{ACTOR, Aspect};

/// The kind of all owners that are delivered, by the name of older servers and by the urn of newer ones. The user
/// interface gives both, and an owner with one of them only would be listed twice.
const OWNER_TYPE: (&str, &str) = (
    "TECHNICAL_OWNER",
    "urn:li:ownershipType:__system__technical_owner",
);

/// The entries of the aspect `globalTags` and of the aspect `ownership`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shared {
    /// `globalTags`.
    Tags,
    /// `ownership`.
    Owners,
}

/// The aspect `globalTags`.
#[derive(Serialize)]
struct Tags<'a> {
    tags: Vec<TagEntry<'a>>,
}

#[derive(Serialize)]
struct TagEntry<'a> {
    tag: &'a str,
}

/// The aspect `ownership`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ownership<'a> {
    last_modified: Stamp,
    owners: Vec<Owner<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Owner<'a> {
    owner: &'a str,
    source: Source,
    r#type: &'static str,
    type_urn: &'static str,
}

#[derive(Serialize)]
struct Source {
    r#type: &'static str,
}

/// When something was changed, and by whom, which is not known.
#[derive(Serialize)]
pub(super) struct Stamp {
    actor: &'static str,
    time: i64,
}

impl Stamp {
    /// In milliseconds since 1970; 0 if that is not known either.
    pub(super) fn at(time: i64) -> Self {
        Self { actor: ACTOR, time }
    }
}

impl<'a> Owner<'a> {
    fn new(owner: &'a str) -> Self {
        Self {
            owner,
            source: Source { r#type: "SERVICE" },
            r#type: OWNER_TYPE.0,
            type_urn: OWNER_TYPE.1,
        }
    }
}

impl Shared {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Owners, Self::Tags];

    /// The name of the aspect.
    pub fn aspect(self) -> &'static str {
        match self {
            Self::Tags => "globalTags",
            Self::Owners => "ownership",
        }
    }

    /// The whole aspect with these urns, for an entity that does not have it yet.
    pub fn value(self, urns: &[String]) -> Aspect {
        let urns = urns.iter();
        match self {
            Self::Tags => Aspect::new(&Tags {
                tags: urns.map(|tag| TagEntry { tag }).collect(),
            }),
            Self::Owners => Aspect::new(&Ownership {
                last_modified: Stamp::at(0),
                owners: urns.map(|urn| Owner::new(urn)).collect(),
            }),
        }
    }

    /// The patch that adds and removes these urns.
    pub fn patch(self, added: &[String], removed: &[String]) -> Aspect {
        let add = added
            .iter()
            .map(|urn| json!({ "op": "add", "path": self.path(urn), "value": self.entry(urn) }));
        let remove = (removed.iter()).map(|urn| json!({ "op": "remove", "path": self.path(urn) }));
        let operations: Vec<_> = add.chain(remove).collect();
        let keys = match self {
            Self::Tags => json!({ "tags": ["tag"] }),
            Self::Owners => json!({ "owners": ["owner", "type"] }),
        };
        Aspect::new(&json!({ "patch": operations, "arrayPrimaryKeys": keys }))
    }

    fn entry(self, urn: &str) -> Value {
        match self {
            Self::Tags => json!(TagEntry { tag: urn }),
            Self::Owners => json!(Owner::new(urn)),
        }
    }

    fn path(self, urn: &str) -> String {
        let urn = pointer(urn);
        match self {
            Self::Tags => format!("/tags/{urn}"),
            Self::Owners => format!("/owners/{urn}/{}", OWNER_TYPE.0),
        }
    }
}

/// The patch that gives a tag or an instance its name, and leaves its description and color as they are. It need not exist.
pub fn name(name: &str) -> Aspect {
    Aspect::new(&json!({
        "patch": [{ "op": "add", "path": "/name", "value": name }],
        "arrayPrimaryKeys": {},
        // Servers have no template for these properties.
        "forceGenericPatch": true,
    }))
}

/// A part of a JSON pointer.
fn pointer(part: &str) -> String {
    part.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_names_its_entries_by_urn() {
        let added = ["urn:li:tag:a/b~c".to_owned()];
        let removed = ["urn:li:tag:Old".to_owned()];
        assert_eq!(
            Shared::Tags.patch(&added, &removed).value(),
            json!({
                "patch": [
                    { "op": "add", "path": "/tags/urn:li:tag:a~1b~0c", "value": { "tag": "urn:li:tag:a/b~c" } },
                    { "op": "remove", "path": "/tags/urn:li:tag:Old" },
                ],
                "arrayPrimaryKeys": { "tags": ["tag"] },
            })
        );
        let ann = ["urn:li:corpuser:ann@corp.example".to_owned()];
        assert_eq!(
            Shared::Owners.patch(&ann, &[]).value(),
            json!({
                "patch": [{
                    "op": "add",
                    "path": "/owners/urn:li:corpuser:ann@corp.example/TECHNICAL_OWNER",
                    "value": {
                        "owner": "urn:li:corpuser:ann@corp.example",
                        "type": "TECHNICAL_OWNER",
                        "typeUrn": "urn:li:ownershipType:__system__technical_owner",
                        "source": { "type": "SERVICE" },
                    },
                }],
                "arrayPrimaryKeys": { "owners": ["owner", "type"] },
            })
        );
    }
}
