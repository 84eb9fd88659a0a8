//! The criteria of filters. Their values come from `sheet_subject.rs` and `stored_sheet.rs`.

use catalog_model::filter::{Criterion, CriterionId, CriterionKind};

/// A criterion of filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    Stream,
    StreamId,
    App,
    AppId,
    Sheet,
    SheetId,
    Owner,
    OwnerDirectory,
    Published,
    Approved,
    SheetStatus,
    Created,
    Modified,
    Reloaded,
    Tag,
    AppTag,
    CustomProperty,
}

/// The name of the criterion for custom properties of applications, before the name of the property.
pub(crate) const CUSTOM_PROPERTY: &str = "custom_property";

const TEXT: CriterionKind = CriterionKind::Text;
const LIST: CriterionKind = CriterionKind::List;
const LISTS: CriterionKind = CriterionKind::NamedLists;

/// The facts with their names, kinds and descriptions.
const FACTS: [(Fact, &str, CriterionKind, &str); 17] = [
    (Fact::Stream, "stream", TEXT, "the name of the stream"),
    (Fact::StreamId, "stream_id", TEXT, "the id of the stream"),
    (Fact::App, "app", TEXT, "the name of the application"),
    (Fact::AppId, "app_id", TEXT, "the id of the application"),
    (Fact::Sheet, "sheet", TEXT, "the name of the sheet"),
    (
        Fact::SheetId,
        "sheet_id",
        TEXT,
        "the id of the sheet, as in its key",
    ),
    (Fact::Owner, "owner", TEXT, "the owner, `DIRECTORY\\user`"),
    (
        Fact::OwnerDirectory,
        "owner_directory",
        TEXT,
        "the directory of the owner",
    ),
    (
        Fact::Published,
        "published",
        TEXT,
        "whether the sheet is published",
    ),
    (
        Fact::Approved,
        "approved",
        TEXT,
        "whether the sheet is approved",
    ),
    (
        Fact::SheetStatus,
        "sheet_status",
        TEXT,
        "the status of the sheet",
    ),
    (Fact::Created, "created", TEXT, "when the sheet was created"),
    (
        Fact::Modified,
        "modified",
        TEXT,
        "when the sheet was changed last",
    ),
    (
        Fact::Reloaded,
        "reloaded",
        TEXT,
        "when the application was reloaded last",
    ),
    (Fact::Tag, "tag", LIST, "the tags of the sheet"),
    (Fact::AppTag, "app_tag", LIST, "the tags of the application"),
    (
        Fact::CustomProperty,
        CUSTOM_PROPERTY,
        LISTS,
        "the values of a custom property of the application",
    ),
];

/// All criteria. A [`CriterionId`] is an index into this list.
pub(crate) const CRITERIA: &[Criterion] = &criteria();

const fn criteria() -> [Criterion; FACTS.len()] {
    let none = Criterion {
        name: "",
        kind: TEXT,
        meaning: "",
    };
    let mut all = [none; FACTS.len()];
    let mut id = 0;
    while id < FACTS.len() {
        let (_, name, kind, meaning) = FACTS[id];
        all[id] = Criterion {
            name,
            kind,
            meaning,
        };
        id += 1;
    }
    all
}

impl Fact {
    pub(crate) fn from_id(criterion: CriterionId) -> Option<Self> {
        FACTS.get(criterion.0).map(|(fact, ..)| *fact)
    }
}

/// `'true'` or `'false'`.
pub(crate) fn truth(truth: bool) -> &'static str {
    if truth { "true" } else { "false" }
}
