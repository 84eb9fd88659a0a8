//! A sheet of the site as filters see it. Nothing here sends requests.

use std::{borrow::Cow, cell::OnceCell, ops::ControlFlow};

use catalog_model::{
    ConnectionCode, Instant, ItemKey,
    filter::{CriterionId, Subject},
};

use crate::{
    filters::{
        app_subject::AppSubject,
        criteria::{CUSTOM_PROPERTY, Fact, truth},
    },
    items::{
        apps::AppFacts,
        dates::{instant, is_unreadable},
        status::Status,
    },
    people::account::account,
    records::{Sheet, is_named, texts::is_cut},
};

/// A sheet as filters see it: its record and its app.
pub(crate) struct SheetSubject<'a> {
    sheet: &'a Sheet<'a>,
    app: &'a AppFacts,
    code: &'a ConnectionCode,
    owner: OnceCell<Option<String>>,
    created: WrittenDate,
    modified: WrittenDate,
    reloaded: WrittenDate,
}

/// A date as a text, formatted once for all comparisons.
#[derive(Default)]
struct WrittenDate(OnceCell<Option<String>>);

impl WrittenDate {
    fn text(&self, date: impl FnOnce() -> Option<Instant>) -> Option<Cow<'_, str>> {
        let text = self.0.get_or_init(|| date().map(|date| date.to_string()));
        text.as_deref().map(Cow::from)
    }
}

impl<'a> SheetSubject<'a> {
    pub(crate) fn new(code: &'a ConnectionCode, sheet: &'a Sheet<'a>, app: &'a AppFacts) -> Self {
        Self {
            sheet,
            app,
            code,
            owner: OnceCell::new(),
            created: WrittenDate::default(),
            modified: WrittenDate::default(),
            reloaded: WrittenDate::default(),
        }
    }

    /// The key of its item, for messages.
    pub(crate) fn key(&self) -> String {
        let app = self.sheet.app.as_ref();
        let app = app.map_or("", |app| app.id.as_str());
        let parts = [
            self.code.as_str(),
            app,
            self.sheet.engine_object_id.as_str(),
        ];
        ItemKey::new(parts).map_or_else(|_| String::new(), |key| key.to_string())
    }

    pub(crate) fn app(&self) -> &AppFacts {
        self.app
    }

    /// Its app as filters see it.
    fn app_subject(&self) -> Option<AppSubject<'a>> {
        let id = self.sheet.app.as_ref()?.id.as_str();
        Some(AppSubject { id, app: self.app })
    }

    /// Whether the field behind this criterion had an unexpected type.
    pub(crate) fn is_ignored(&self, criterion: &str) -> bool {
        let Self { sheet, app, .. } = self;
        match criterion {
            "sheet" => sheet.odd.has("name"),
            "tag" => sheet.odd.has("tags"),
            "created" => sheet.odd.has("createdDate"),
            "modified" => sheet.odd.has("modifiedDate"),
            "reloaded" => app.is_ignored("lastReloadTime"),
            "app" => app.is_ignored("name"),
            "stream" | "stream_id" => app.is_ignored("stream"),
            "app_tag" => app.is_ignored("tags"),
            "owner" | "owner_directory" | "published" | "approved" | "sheet_status" => true,
            property => property.starts_with(CUSTOM_PROPERTY) && app.is_ignored("customProperties"),
        }
    }

    /// The account of its owner.
    fn owner(&self) -> Option<Cow<'_, str>> {
        let owner = self.owner.get_or_init(|| {
            let owner = self.sheet.owner.as_ref()?;
            let is_known = !self.sheet.odd.has("owner");
            is_known.then(|| account(owner))?
        });
        owner.as_deref().map(Cow::from)
    }
}

impl Subject for SheetSubject<'_> {
    /// A value is known if its date can be read, its field has the expected type, and its text was not truncated.
    fn knows(&self, criterion: CriterionId) -> bool {
        let Self { sheet, app, .. } = self;
        let odd = |field| sheet.odd.has(field);
        match Fact::from_id(criterion) {
            Some(Fact::Created) => !is_unreadable(&sheet.created_date) && !odd("createdDate"),
            Some(Fact::Modified) => !is_unreadable(&sheet.modified_date) && !odd("modifiedDate"),
            Some(Fact::Tag) => !odd("tags") && !sheet.tags.iter().any(|tag| is_cut(&tag.name)),
            Some(Fact::Sheet) => !odd("name") && !is_cut(&sheet.name),
            Some(Fact::Owner | Fact::OwnerDirectory) => !odd("owner"),
            Some(Fact::Published) => !odd("published"),
            Some(Fact::Approved) => !odd("approved"),
            Some(Fact::SheetStatus) => Status::is_known(sheet, app),
            Some(Fact::SheetId) | None => true,
            Some(_) => self.app_subject().is_none_or(|app| app.knows(criterion)),
        }
    }

    fn text(&self, criterion: CriterionId) -> Option<Cow<'_, str>> {
        let Self { sheet, app, .. } = self;
        match Fact::from_id(criterion)? {
            Fact::Sheet => Some(Cow::from(&*sheet.name)),
            Fact::SheetId => Some(sheet.engine_object_id.as_str().into()),
            Fact::Owner => self.owner(),
            Fact::OwnerDirectory => {
                let directory = &*sheet.owner.as_ref()?.user_directory;
                (!directory.is_empty()).then_some(directory.into())
            }
            Fact::Published => Some(truth(sheet.published).into()),
            Fact::Approved => Some(truth(sheet.approved).into()),
            Fact::SheetStatus => Some(Status::new(sheet, app).word().into()),
            Fact::Created => self.created.text(|| instant(&sheet.created_date)),
            Fact::Modified => self.modified.text(|| instant(&sheet.modified_date)),
            Fact::Reloaded => self.reloaded.text(|| app.dates.reloaded.instant()),
            Fact::Tag => None,
            _ => self.app_subject()?.fact(criterion),
        }
    }

    fn each(
        &self,
        criterion: CriterionId,
        name: Option<&str>,
        visit: &mut dyn FnMut(&str) -> ControlFlow<()>,
    ) {
        if Fact::from_id(criterion) == Some(Fact::Tag) {
            // The visitor may stop early.
            let _ = (self.sheet.tags.iter())
                .filter(|tag| is_named(tag))
                .try_for_each(|tag| visit(&tag.name));
        } else if let Some(app) = self.app_subject() {
            app.each(criterion, name, visit);
        }
    }
}
