//! The rows of a file: one *metadata change proposal* for each aspect of an entity.

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use serde_json::{Value, json};

use crate::{
    datahub::mapping::{EntityType, Mapped, Shared, patch, status},
    json_text::ascii_json,
};

/// A file that is being written: a JSON array with a row on each line.
pub(super) struct Rows<'a> {
    output: &'a mut (dyn Write + Send),
    /// The urns of the tags that were written.
    tags: BTreeSet<String>,
    is_empty: bool,
}

impl<'a> Rows<'a> {
    pub(super) fn begin(output: &'a mut (dyn Write + Send)) -> io::Result<Self> {
        output.write_all(b"[")?;
        Ok(Self {
            output,
            tags: BTreeSet::new(),
            is_empty: true,
        })
    }

    pub(super) fn end(self) -> io::Result<()> {
        self.output.write_all(b"\n]\n")
    }

    /// Writes an entity that exists, after the tags that it refers to.
    pub(super) fn entity(&mut self, mapped: &Mapped) -> io::Result<()> {
        for tag in mapped.tags.iter().flatten() {
            if self.tags.insert(tag.urn.clone()) {
                let name = patch::tag_name(&tag.name);
                self.patch((EntityType::Tag, &tag.urn), "tagProperties", &name)?;
            }
        }
        let entity = (mapped.of, mapped.urn.as_str());
        for (name, value) in &mapped.aspects {
            self.replace(entity, name, value)?;
        }
        for shared in Shared::ALL {
            let urns = mapped.shared(shared).unwrap_or_default();
            if !urns.is_empty() {
                self.patch(entity, shared.aspect(), &shared.patch(&urns, &[]))?;
            }
        }
        Ok(())
    }

    /// Writes that the catalog should not show an entity.
    pub(super) fn removed(&mut self, of: EntityType, urn: &str) -> io::Result<()> {
        self.replace((of, urn), "status", &status(true))
    }

    fn replace(&mut self, entity: (EntityType, &str), name: &str, value: &Value) -> io::Result<()> {
        self.row(entity, "UPSERT", name, &json!({ "json": value }))
    }

    /// Writes a patch. Its short form would get another content type, which DataHub refuses, so it is JSON as text.
    fn patch(&mut self, entity: (EntityType, &str), name: &str, patch: &Value) -> io::Result<()> {
        let aspect = json!({
            "contentType": "application/json-patch+json",
            "value": ascii_json(patch),
        });
        self.row(entity, "PATCH", name, &aspect)
    }

    fn row(
        &mut self,
        (of, urn): (EntityType, &str),
        change: &str,
        name: &str,
        aspect: &Value,
    ) -> io::Result<()> {
        let row = json!({
            "entityType": of.name(),
            "entityUrn": urn,
            "changeType": change,
            "aspectName": name,
            "aspect": aspect,
        });
        let separator: &[u8] = if self.is_empty { b"\n" } else { b",\n" };
        self.is_empty = false;
        self.output.write_all(separator)?;
        self.output.write_all(ascii_json(&row).as_bytes())
    }
}
