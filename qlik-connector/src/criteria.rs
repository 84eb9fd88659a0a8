//! What a filter may ask of a sheet, and what the sheet answers. Pure.

use std::{borrow::Cow, cell::OnceCell, ops::ControlFlow};

use catalog_model::{
    Instant, PropertyValue, Visualization,
    filter::{Criterion, CriterionId, CriterionKind, Subject},
};

use crate::{
    apps::{AppFacts, Told},
    properties::{CREATION_DATE, MODIFICATION_DATE, OWNER, SHEET_STATUS},
    records::Sheet,
};

/// What a sheet answers to a criterion that is a text.
type Answer = for<'s> fn(&'s AskedSheet<'_>) -> Option<Cow<'s, str>>;

/// The criteria that are texts: the name, what it is, and the answer.
const TEXTS: [(&str, &str, Answer); 14] = [
    ("stream", "the name of the stream", |asked| {
        asked.app.stream.as_deref().map(Cow::from)
    }),
    ("stream_id", "the id of the stream", |asked| {
        asked.app.stream_id.as_deref().map(Cow::from)
    }),
    ("app", "the name of the application", |asked| {
        Some(Cow::from(&*asked.app.name))
    }),
    ("app_id", "the id of the application", |asked| {
        let app = asked.sheet.app.as_ref()?;
        Some(app.id.as_str().into())
    }),
    ("sheet", "the name of the sheet", |asked| {
        Some(asked.sheet.name.as_str().into())
    }),
    ("sheet_id", "the id of the sheet, as in its key", |asked| {
        Some(asked.sheet.engine_object_id.as_str().into())
    }),
    ("owner", "the owner, `DIRECTORY\\user`", |asked| {
        asked.property(OWNER)
    }),
    ("owner_directory", "the directory of the owner", |asked| {
        let owner = asked.sheet.owner.as_ref()?;
        let directory = owner.user_directory.as_str();
        (!directory.is_empty()).then_some(directory.into())
    }),
    ("published", "whether the sheet is published", |asked| {
        Some(truth(asked.sheet.published).into())
    }),
    ("approved", "whether the sheet is approved", |asked| {
        Some(truth(asked.sheet.approved).into())
    }),
    ("sheet_status", "the status of the sheet", |asked| {
        asked.property(SHEET_STATUS)
    }),
    ("created", "when the sheet was created", |asked| {
        asked.dates.text(0, asked.date(CREATION_DATE))
    }),
    ("modified", "when the sheet was changed last", |asked| {
        asked.dates.text(1, asked.date(MODIFICATION_DATE))
    }),
    (
        "reloaded",
        "when the application was reloaded last",
        |asked| asked.dates.text(2, asked.app.reloaded),
    ),
];

/// The last of the texts.
const RELOADED: usize = TEXTS.len() - 1;
const TAG: usize = TEXTS.len();
const APP_TAG: usize = TAG + 1;
const CUSTOM_PROPERTY: usize = TAG + 2;

/// All that can be asked; a [`CriterionId`] is a place in this list.
pub(crate) const CRITERIA: &[Criterion] = &criteria();

const fn criteria() -> [Criterion; CUSTOM_PROPERTY + 1] {
    let family = Criterion {
        name: "custom_property",
        kind: CriterionKind::NamedLists,
        meaning: "the values of a custom property of the application",
    };
    let mut all = [family; CUSTOM_PROPERTY + 1];
    let mut id = 0;
    while id < TEXTS.len() {
        let (name, meaning, _) = TEXTS[id];
        all[id] = Criterion {
            name,
            kind: CriterionKind::Text,
            meaning,
        };
        id += 1;
    }
    all[TAG] = list("tag", "the tags of the sheet");
    all[APP_TAG] = list("app_tag", "the tags of the application");
    all
}

const fn list(name: &'static str, meaning: &'static str) -> Criterion {
    let kind = CriterionKind::List;
    Criterion {
        name,
        kind,
        meaning,
    }
}

/// A sheet as filters see it: its record, the item that became of it, and its app.
pub(crate) struct AskedSheet<'a> {
    sheet: &'a Sheet,
    item: &'a Visualization,
    app: &'a AppFacts,
    dates: WrittenDates,
}

/// Dates as texts, each written once, however many comparisons ask for it.
#[derive(Default)]
struct WrittenDates([OnceCell<Option<String>>; 3]);

impl WrittenDates {
    fn text(&self, which: usize, date: Option<Instant>) -> Option<Cow<'_, str>> {
        let text = self.0[which].get_or_init(|| date.map(|date| date.to_string()));
        text.as_deref().map(Cow::from)
    }
}

impl<'a> AskedSheet<'a> {
    pub(crate) fn of(sheet: &'a Sheet, item: &'a Visualization, app: &'a AppFacts) -> Self {
        Self {
            sheet,
            item,
            app,
            dates: WrittenDates::default(),
        }
    }

    pub(crate) fn app(&self) -> &AppFacts {
        self.app
    }

    /// A property of the item that is a text.
    fn property(&self, name: &str) -> Option<Cow<'_, str>> {
        match self.item.properties.get(name)? {
            PropertyValue::Text(text) => Some(text.as_str().into()),
            _ => None,
        }
    }

    /// A property of the item that is a date.
    fn date(&self, name: &str) -> Option<Instant> {
        match self.item.properties.get(name)? {
            PropertyValue::Instant(instant) => Some(*instant),
            _ => None,
        }
    }
}

impl Subject for AskedSheet<'_> {
    /// The list of apps alone tells when an app was reloaded, its tags and its custom properties.
    fn knows(&self, criterion: CriterionId) -> bool {
        self.app.told == Told::ByList
            || !matches!(criterion.0, RELOADED | APP_TAG | CUSTOM_PROPERTY)
    }

    fn text(&self, criterion: CriterionId) -> Option<Cow<'_, str>> {
        let (_, _, answer) = TEXTS.get(criterion.0)?;
        answer(self)
    }

    fn each(
        &self,
        criterion: CriterionId,
        name: Option<&str>,
        visit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) {
        // Nothing is left to do when a visitor has seen enough.
        let _ = match (criterion.0, name) {
            (TAG, _) => (self.sheet.tags.iter()).try_for_each(|tag| visit(&tag.name)),
            (APP_TAG, _) => self.app.tags.iter().try_for_each(|tag| visit(tag)),
            (CUSTOM_PROPERTY, Some(name)) => (self.app.custom_properties.iter())
                .filter_map(|written| written.strip_prefix(name)?.strip_prefix('='))
                .try_for_each(visit),
            _ => ControlFlow::Continue(()),
        };
    }
}

fn truth(truth: bool) -> &'static str {
    if truth { "true" } else { "false" }
}
