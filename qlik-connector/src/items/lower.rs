//! Lowering: a sheet of QRS becomes a visualization of the catalog. Nothing here sends requests.

use std::borrow::Cow;

use catalog_model::{
    ConnectionCode, Contacts, InvalidKey, ItemKey, Precedence, Properties, PropertyValue,
    Visualization,
};

use crate::{
    items::{
        apps::{AppFacts, Apps, FactsSource, NamedValue},
        dates::{Dates, instant},
        link::sheet_link,
        status::Status,
    },
    people::{
        account::account,
        owners::{OwnerStatus, Owners},
    },
    records::{Owner, Sheet, names},
    schema::properties::{
        APPLICATION_CUSTOM_PROPERTIES, APPLICATION_DESCRIPTION, APPLICATION_ID, APPLICATION_NAME,
        APPLICATION_RELOAD_DATE, APPLICATION_TAGS, CREATION_DATE, MODIFICATION_DATE, OWNER,
        OWNER_STATUS, PUBLISH_DATE, SHEET_STATUS, SHEET_URL, STREAM, TAGS,
    },
};

/// The hub's name for the place of sheets whose app is in no stream.
pub(crate) const NO_STREAM: &str = "My work";

/// The data besides the sheet that lowering a sheet needs.
pub(crate) struct Surroundings<'a> {
    pub(crate) code: &'a ConnectionCode,
    pub(crate) apps: &'a Apps,
    pub(crate) owners: &'a Owners<'a>,
}

/// Returns the app of a sheet. `None` if the sheet has no app id or no id of its own, and therefore no key.
pub(crate) fn app_of<'a>(
    sheet: &Sheet<'_>,
    surroundings: &Surroundings<'a>,
) -> Option<Cow<'a, AppFacts>> {
    let said = sheet.app.as_ref()?;
    let has_key = !said.id.is_empty() && !sheet.engine_object_id.is_empty();
    has_key.then(|| surroundings.apps.facts(said, &sheet.odd))
}

/// Lowers a sheet of an app; `dates` counts the dates that cannot be read.
///
/// # Errors
/// If the sheet has no app id or no id of its own.
pub(crate) fn lower(
    sheet: &Sheet<'_>,
    app: &AppFacts,
    surroundings: &Surroundings<'_>,
    dates: &mut Dates,
) -> Result<Visualization, InvalidKey> {
    let Surroundings { code, apps, owners } = surroundings;
    let said = sheet.app.as_ref().ok_or(InvalidKey::EmptyPart(2))?;
    let app_id = said.id.as_str();
    let key = ItemKey::new([code.as_str(), app_id, sheet.engine_object_id.as_str()])?;
    let mut properties = Properties::with_capacity(15);
    put_text(&mut properties, APPLICATION_NAME, &app.name);
    let link = sheet_link(&app.sheets, sheet.engine_object_id.as_str());
    properties.put(SHEET_URL, PropertyValue::Url(link));
    put_dates(&mut properties, sheet, dates);
    put_text(
        &mut properties,
        STREAM,
        app.stream.as_deref().unwrap_or_default(),
    );
    let owner_is_known = !sheet.odd.has("owner");
    if owner_is_known {
        put_owner(&mut properties, sheet.owner.as_ref(), owners);
    } else {
        properties.put_unknown(OWNER);
        properties.put_unknown(OWNER_STATUS);
    }
    if Status::is_known(sheet, app) {
        let status = Status::new(sheet, app).word().to_owned();
        properties.put(SHEET_STATUS, PropertyValue::Text(status));
    } else {
        properties.put_unknown(SHEET_STATUS);
    }
    put_tags(&mut properties, TAGS, names(&sheet.tags));
    put_text(&mut properties, APPLICATION_ID, app_id);
    put_app(&mut properties, app);
    put_unknown(&mut properties, sheet, app);
    Ok(Visualization {
        key,
        container: app.key.clone(),
        label: vec![
            app.stream.as_deref().unwrap_or(NO_STREAM).to_owned(),
            app.name.to_string(),
            sheet.name.to_string(),
        ],
        name: sheet.name.to_string(),
        description: (!sheet.description.is_empty()).then(|| sheet.description.to_string()),
        contacts: match owner_is_known {
            true => owners.contacts(sheet.owner.as_ref(), apps.owner(app)),
            false => Contacts::Unknown,
        },
        catalog: None,
        precedence: precedence(sheet),
        properties,
    })
}

fn put_dates(properties: &mut Properties, sheet: &Sheet<'_>, dates: &mut Dates) {
    for (name, what, timestamp) in [
        (CREATION_DATE, "creation date", &sheet.created_date),
        (MODIFICATION_DATE, "modification date", &sheet.modified_date),
        (PUBLISH_DATE, "publish date", &sheet.publish_time),
    ] {
        if let Some(instant) = dates.lower(timestamp, what, sheet.id.as_str()) {
            properties.put(name, PropertyValue::Instant(instant));
        }
    }
}

/// Returns the rank of a record among the records of one sheet: approved, then published, then private. Newer records
/// of the same kind rank higher.
fn precedence(sheet: &Sheet<'_>) -> Precedence {
    let standing = match (sheet.published, sheet.approved) {
        (_, true) => 2,
        (true, false) => 1,
        (false, false) => 0,
    };
    Precedence {
        standing,
        modified: instant(&sheet.modified_date),
    }
}

/// Sets the owner of a sheet, and the status of the account.
fn put_owner(properties: &mut Properties, owner: Option<&Owner<'_>>, owners: &Owners<'_>) {
    if let Some(account) = owner.and_then(account) {
        properties.put(OWNER, PropertyValue::Text(account));
    }
    match owners.status(owner) {
        OwnerStatus::Known(status) => {
            let word = status.word().to_owned();
            properties.put(OWNER_STATUS, PropertyValue::Text(word));
        }
        OwnerStatus::Absent => {}
        OwnerStatus::Unknown => properties.put_unknown(OWNER_STATUS),
    }
}

/// Sets the properties that only the list of apps contains.
fn put_app(properties: &mut Properties, app: &AppFacts) {
    if !app.description.is_empty() {
        let description = PropertyValue::LongText(app.description.to_string());
        properties.put(APPLICATION_DESCRIPTION, description);
    }
    put_tags(properties, APPLICATION_TAGS, app.tags.to_vec());
    if let Some(instant) = app.dates.reloaded.instant() {
        properties.put(APPLICATION_RELOAD_DATE, PropertyValue::Instant(instant));
    }
    let written = app.custom_properties.iter().map(NamedValue::written);
    put_tags(
        properties,
        APPLICATION_CUSTOM_PROPERTIES,
        written.map(str::to_owned).collect(),
    );
}

/// Marks properties as unknown: those whose fields could not be read, and those of an app that was not read.
fn put_unknown(properties: &mut Properties, sheet: &Sheet<'_>, app: &AppFacts) {
    for (name, field) in [
        (CREATION_DATE, "createdDate"),
        (MODIFICATION_DATE, "modifiedDate"),
        (PUBLISH_DATE, "publishTime"),
        (TAGS, "tags"),
    ] {
        if sheet.odd.has(field) {
            properties.put_unknown(name);
        }
    }
    for (name, field) in [
        (APPLICATION_DESCRIPTION, "description"),
        (APPLICATION_TAGS, "tags"),
        (APPLICATION_RELOAD_DATE, "lastReloadTime"),
        (APPLICATION_CUSTOM_PROPERTIES, "customProperties"),
    ] {
        if app.source != FactsSource::AppList || app.is_ignored(field) {
            properties.put_unknown(name);
        }
    }
}

fn put_text(properties: &mut Properties, name: &'static str, text: &str) {
    if !text.is_empty() {
        properties.put(name, PropertyValue::Text(text.to_owned()));
    }
}

fn put_tags(properties: &mut Properties, name: &'static str, tags: Vec<String>) {
    if !tags.is_empty() {
        properties.put(name, PropertyValue::Tags(tags));
    }
}
