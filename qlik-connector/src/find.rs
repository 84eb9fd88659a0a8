//! What the site has under a key, a link, an id or a name: for whoever misses a sheet in the catalog.

use catalog_model::{ConnectionCode, Finding, ItemKey, ScanError, counted, filter::ItemFilter};
use qrs_client::{
    AppId, AppObjectId, EngineObjectId, Error, Field, Filter, QrsClient, RecordList, SiteUrl,
};
use serde::de::DeserializeOwned;
use url::Url;

use crate::{
    addresses::Addresses,
    apps::{Apps, WithOwners, stream_name},
    asked_sheet::AskedSheet,
    dates::Dates,
    failure::failure,
    filtering::{Ruling, ruling},
    lower::{Lowered, NO_STREAM, Surroundings, lower},
    owners::Owners,
    records::{App, Sheet, SheetApp},
};

/// Whom to ask, and what its connection makes of the answers.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) client: &'a QrsClient,
    pub(crate) code: &'a ConnectionCode,
    pub(crate) links: &'a SiteUrl,
    pub(crate) filter: Option<&'a ItemFilter>,
}

/// What a person asks about.
#[derive(Debug, PartialEq, Eq)]
enum Subject {
    Sheet(AppId, EngineObjectId),
    /// The id of an app, or either id of a sheet.
    Guid(String),
    /// A name, or a short id of a sheet.
    Text(String),
}

/// So many findings of a kind are enough for a person.
const ENOUGH: usize = 10;

/// Asks the site what it has under `subject`; what the account may not see is not found.
pub(crate) async fn find(asking: Asking<'_>, subject: &str) -> Result<Vec<Finding>, ScanError> {
    let Asking { client, code, .. } = asking;
    let subject = Subject::of(subject, code);
    let failed = |error: Error| failure("asking the site".to_owned(), &error);
    // One small call first: it opens the session that all others continue.
    client.about().await.map_err(failed)?;
    let (objects, apps) = subject.filters();
    let mut findings = Vec::new();
    for object in few::<Sheet>(client.app_objects(Some(&objects)))
        .await
        .map_err(failed)?
    {
        let left_out = if object.is_sheet() {
            asking.filtered(&object).await.map_err(failed)?
        } else {
            None
        };
        findings.push(left_out.unwrap_or_else(|| of_object(&object, code)));
    }
    if let Some(apps) = apps {
        for app in few::<App>(client.apps(Some(&apps))).await.map_err(failed)? {
            findings.push(of_app(client, &app).await.map_err(failed)?);
        }
    }
    Ok(findings)
}

impl Asking<'_> {
    /// What a filter says of a sheet that it does not simply let pass. It may ask what only the list of apps tells.
    async fn filtered(self, sheet: &Sheet) -> Result<Option<Finding>, Error> {
        let (Some(filter), Some(said)) = (self.filter, &sheet.app) else {
            return Ok(None);
        };
        let mut dates = Dates::default();
        let apps = self.app(&said.id, &mut dates).await?;
        let addresses = Addresses::default();
        let surroundings = Surroundings {
            code: self.code,
            apps: &apps,
            owners: &Owners::unreadable(&addresses),
        };
        let Ok(Lowered { item, app }) = lower(sheet, &surroundings, &mut dates) else {
            return Ok(None);
        };
        let asked = AskedSheet::of(sheet, &item, &app);
        let ruling = match filter.decide(&asked) {
            Ok(decision) => ruling(filter, decision, &app),
            Err(gave_up) => Ruling::Open {
                reason: gave_up.to_string(),
            },
        };
        let because = match &ruling {
            Ruling::Goes { rule } => filter.because(&asked, rule.id).unwrap_or_default(),
            _ => Vec::new(),
        };
        let (key, label) = (item.key, item.label);
        Ok(match ruling {
            Ruling::Stays { .. } => None,
            Ruling::Goes { rule } => Some(Finding::Filtered {
                key,
                label,
                rule,
                because,
            }),
            Ruling::Open { reason: why } => Some(Finding::Undecided { key, label, why }),
        })
    }

    /// The app with this id, as far as it can be read.
    async fn app(self, id: &AppId, dates: &mut Dates) -> Result<Apps, Error> {
        let mut apps = Apps::new(self.links.clone(), WithOwners::No);
        let mut records = self.client.apps::<App>(Some(&Field::ID.equals(id)));
        while let Some(record) = records.next().await? {
            match record {
                Ok(app) => apps.add(app, dates),
                Err(record) => apps.add_unreadable(&record),
            }
        }
        Ok(apps)
    }
}

impl Subject {
    fn of(text: &str, code: &ConnectionCode) -> Self {
        let text = text.trim();
        if let Ok(key) = text.parse::<ItemKey>()
            && key.belongs_to(code)
            && let [app, sheet] = &key.parts().skip(1).collect::<Vec<_>>()[..]
            && is_guid(app)
        {
            return Self::Sheet(
                AppId::from(app.as_str()),
                EngineObjectId::from(sheet.as_str()),
            );
        }
        if let Ok(url) = Url::parse(text)
            && let Some(subject) = Self::of_link(&url)
        {
            return subject;
        }
        if is_guid(text) {
            Self::Guid(text.to_owned())
        } else {
            Self::Text(text.to_owned())
        }
    }

    /// `…/sense/app/<app id>/sheet/<sheet id>/…`, as the hub shows it (Qlik help, "App integration").
    fn of_link(url: &Url) -> Option<Self> {
        let segments: Vec<_> = url.path_segments()?.map(decoded).collect();
        let after = |name: &str| {
            let at = segments.iter().position(|segment| segment == name)?;
            segments.get(at + 1).filter(|segment| !segment.is_empty())
        };
        let app = after("app").filter(|app| is_guid(app))?;
        Some(match after("sheet") {
            Some(sheet) => Self::Sheet(
                AppId::from(app.as_str()),
                EngineObjectId::from(sheet.as_str()),
            ),
            None => Self::Guid(app.clone()),
        })
    }

    /// The filters that find its objects and its apps.
    fn filters(&self) -> (Filter, Option<Filter>) {
        match self {
            Self::Sheet(app, sheet) => {
                let of_app = Field::APP_ID.equals(app);
                (of_app.and(Field::ENGINE_OBJECT_ID.equals(sheet)), None)
            }
            Self::Guid(id) => {
                let by_engine = Field::ENGINE_OBJECT_ID.equals(&EngineObjectId::from(id.as_str()));
                let by_id = Field::ID.equals(&AppObjectId::from(id.as_str()));
                (
                    by_id.or(by_engine),
                    Some(Field::ID.equals(&AppId::from(id.as_str()))),
                )
            }
            Self::Text(text) => {
                let by_engine = Field::ENGINE_OBJECT_ID.equals(text);
                let apps = Field::NAME.equals(text);
                (Field::NAME.equals(text).or(by_engine), Some(apps))
            }
        }
    }
}

/// The first few records of a list; those that cannot be read, a scan tells of.
async fn few<T: DeserializeOwned + Send + 'static>(
    mut records: RecordList<T>,
) -> Result<Vec<T>, Error> {
    let mut found = Vec::new();
    while found.len() < ENOUGH
        && let Some(record) = records.next().await?
    {
        found.extend(record.ok());
    }
    Ok(found)
}

fn of_object(object: &Sheet, code: &ConnectionCode) -> Finding {
    let unknown = SheetApp::default();
    let app = object.app.as_ref().unwrap_or(&unknown);
    let what = || Finding::NoItem {
        what: format!(
            "not a sheet, but an object of the type `{}` named `{}`, in the app `{}`",
            object.object_type, object.name, app.name
        ),
    };
    if !object.is_sheet() {
        return what();
    }
    let parts = [
        code.as_str(),
        app.id.as_str(),
        object.engine_object_id.as_str(),
    ];
    let Ok(key) = ItemKey::new(parts) else {
        return what();
    };
    let stream = app.stream.as_ref().and_then(stream_name);
    Finding::Item {
        key,
        label: vec![
            stream.as_deref().unwrap_or(NO_STREAM).to_owned(),
            app.name.clone(),
            object.name.clone(),
        ],
    }
}

async fn of_app(client: &QrsClient, app: &App) -> Result<Finding, Error> {
    let sheets = Field::OBJECT_TYPE
        .equals("sheet")
        .and(Field::APP_ID.equals(&app.id));
    let count = client.app_object_count(Some(&sheets)).await?;
    let sheets = match count {
        0 => "without any sheet that the account may see".to_owned(),
        _ => format!("with {}", counted(count, "sheet")),
    };
    Ok(Finding::NoItem {
        what: format!(
            "not a sheet, but the app `{}` ({}), {sheets}",
            app.name, app.id
        ),
    })
}

fn is_guid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').collect();
    let lengths = groups.iter().map(|group| group.len());
    lengths.eq([8, 4, 4, 4, 12]) && groups.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A segment of a path without percent-encoding.
fn decoded(segment: &str) -> String {
    let pair = format!("x={}", segment.replace('+', "%2B"));
    let mut pairs = url::form_urlencoded::parse(pair.as_bytes());
    pairs
        .next()
        .map_or_else(String::new, |(_, text)| text.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const APP: &str = "ab8864f2-90a4-4c48-a837-8b69817e599a";

    fn check(text: &str, expected: Subject) {
        let code = ConnectionCode::new("prod").unwrap();
        assert_eq!(Subject::of(text, &code), expected, "{text}");
    }

    #[test]
    fn a_subject_is_a_key_or_a_link_or_an_id_or_a_name() {
        let sheet = |id: &str| Subject::Sheet(AppId::from(APP), EngineObjectId::from(id));
        check(&format!("prod/{APP}/JDWuPK"), sheet("JDWuPK"));
        check(
            &format!("https://h/vp/sense/app/{APP}/sheet/a%20b/state/analysis"),
            sheet("a b"),
        );
        check(
            &format!("https://h/sense/app/{APP}"),
            Subject::Guid(APP.to_owned()),
        );
        check(APP, Subject::Guid(APP.to_owned()));
        for text in ["JDWuPK", "Sales: overview", "other/x/y", "https://h/hub/"] {
            check(text, Subject::Text(text.to_owned()));
        }
    }
}
