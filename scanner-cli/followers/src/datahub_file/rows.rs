//! The rows of a file: one *metadata change proposal* for each aspect of an entity.

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use catalog_model::ConnectionCode;
use serde::Serialize;

use crate::{
    datahub::mapping::{
        Aspect, EntityType, Mapped, Run, Shared, patch, properties_of, status, urn,
    },
    json_text::ascii_json,
};

/// A file that is being written: a JSON array with a row on each line.
pub(super) struct Rows<'a> {
    output: &'a mut (dyn Write + Send),
    run: Run,
    /// The urns of the tags that were written.
    tags: BTreeSet<String>,
    /// What people should know of them.
    notices: Vec<String>,
    is_empty: bool,
}

impl<'a> Rows<'a> {
    pub(super) fn begin(output: &'a mut (dyn Write + Send), run: Run) -> io::Result<Self> {
        output.write_all(b"[")?;
        Ok(Self {
            output,
            run,
            tags: BTreeSet::new(),
            notices: Vec::new(),
            is_empty: true,
        })
    }

    /// Ends the file. Returns what people should know of it.
    pub(super) fn end(self) -> io::Result<Vec<String>> {
        self.output.write_all(b"\n]\n")?;
        Ok(self.notices)
    }

    /// Writes the name of the instance of a connection.
    pub(super) fn instance(&mut self, code: &ConnectionCode) -> io::Result<()> {
        let urn = urn::instance(code);
        self.name((EntityType::Instance, &urn), code.as_str())
    }

    /// Writes an entity that exists, after the tags that it refers to.
    pub(super) fn entity(&mut self, mapped: &Mapped) -> io::Result<()> {
        for tag in mapped.tags.iter().flatten() {
            if self.tags.insert(tag.urn.clone()) {
                self.notices.extend(tag.notice());
                self.name((EntityType::Tag, &tag.urn), &tag.name)?;
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

    /// Writes the name of an entity that may have more, which people gave it.
    fn name(&mut self, entity: (EntityType, &str), name: &str) -> io::Result<()> {
        self.patch(entity, properties_of(entity.0), &patch::name(name))
    }

    fn replace(&mut self, entity: (EntityType, &str), name: &str, json: &Aspect) -> io::Result<()> {
        self.row(entity, ("UPSERT", name), &Whole { json })
    }

    /// Writes a patch. Its short form would get another content type, which DataHub refuses, so it is JSON as text.
    fn patch(&mut self, entity: (EntityType, &str), name: &str, patch: &Aspect) -> io::Result<()> {
        let patch = Patch {
            content_type: "application/json-patch+json",
            value: ascii_json(patch),
        };
        self.row(entity, ("PATCH", name), &patch)
    }

    fn row(
        &mut self,
        (of, entity_urn): (EntityType, &str),
        (change_type, aspect_name): (&str, &str),
        aspect: &impl Serialize,
    ) -> io::Result<()> {
        let row = Row {
            aspect,
            aspect_name,
            change_type,
            entity_type: of.name(),
            entity_urn,
            system_metadata: self.run.metadata(),
        };
        let separator: &[u8] = if self.is_empty { b"\n" } else { b",\n" };
        self.is_empty = false;
        self.output.write_all(separator)?;
        self.output.write_all(ascii_json(&row).as_bytes())
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Row<'a, A> {
    aspect: &'a A,
    aspect_name: &'a str,
    change_type: &'a str,
    entity_type: &'a str,
    entity_urn: &'a str,
    system_metadata: &'a Aspect,
}

/// An aspect that is replaced.
#[derive(Serialize)]
struct Whole<'a> {
    json: &'a Aspect,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Patch<'a> {
    content_type: &'a str,
    value: String,
}
