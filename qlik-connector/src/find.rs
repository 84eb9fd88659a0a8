//! Looks up a key, a link, an id or a name on the site, for people who do not find a sheet in the catalog.

use async_trait::async_trait;
use catalog_model::{
    ConnectionCode, Finding, ItemKey, Lookup, ScanError, counted,
    filter::{Decision, ItemFilter},
};
use qrs_client::{
    AppId, AppObjectId, EngineObjectId, Error, Field, Filter, Lend, QrsClient, RecordList, SiteUrl,
};
use url::Url;

use crate::{
    filters::{filtering::reason, sheet_subject::SheetSubject},
    items::{
        apps::{Apps, WithOwners, stream_name},
        dates::Dates,
        lower::{NO_STREAM, Surroundings, app_of, lower},
    },
    people::{addresses::Addresses, owners::Owners},
    records::{
        App, Sheet, SheetApp,
        texts::{Bounded, LongTexts},
    },
    site::failure::failure,
};

/// Looks up items on a site.
#[derive(Clone, Copy)]
pub(crate) struct Asking<'a> {
    pub(crate) client: &'a QrsClient,
    pub(crate) code: &'a ConnectionCode,
    pub(crate) links: &'a SiteUrl,
    pub(crate) filter: Option<&'a ItemFilter>,
    /// Maximum number of requests at once.
    pub(crate) parallel: usize,
}

/// What to look up.
#[derive(Debug, PartialEq, Eq)]
enum Query {
    Sheet(AppId, EngineObjectId),
    /// The id of an app, or either id of a sheet.
    Guid(String),
    /// A name, or a short id of a sheet.
    Text(String),
}

/// Maximum number of findings of a kind.
const MAX_FINDINGS: usize = 10;

#[async_trait]
impl Lookup for Asking<'_> {
    async fn find(&self, subject: &str) -> Result<Vec<Finding>, ScanError> {
        find(*self, subject).await
    }
}

/// Looks up `subject` on the site. Records that are not visible to the account are not found.
async fn find(asking: Asking<'_>, subject: &str) -> Result<Vec<Finding>, ScanError> {
    let Asking { client, code, .. } = asking;
    let subject = Query::from_text(subject, code);
    let failed = |error: Error| failure("asking the site".to_owned(), &error, asking.client);
    // A small request first, which opens the session for all others.
    client.about().await.map_err(failed)?;
    let (objects, apps) = subject.filters();
    let mut findings = Vec::new();
    let list = client.app_objects(Some(&objects));
    let mut apps = apps.map(|filter| client.apps(Some(&filter)));
    // The other requests need room besides a list that waits.
    if let (Some(apps), 2..) = (&mut apps, asking.parallel) {
        apps.start();
    }
    let found = few::<Sheet<'_>, _>(list, |mut object| {
        object.shorten(&mut LongTexts::default());
        subject.is_object(&object).then(|| object.into_owned())
    })
    .await;
    let FewRecords { records, unasked } = found.map_err(failed)?;
    let mut others = unasked;
    for object in records {
        let left_out = if object.is_sheet() {
            asking.exclusion(&object).await.map_err(failed)?
        } else {
            None
        };
        findings.push(left_out.unwrap_or_else(|| of_object(&object, code)));
    }
    if let Some(apps) = apps {
        let found = few::<App<'_>, _>(apps, |mut app| {
            app.shorten(&mut LongTexts::default());
            let found = subject.is_app(&app);
            found.then(|| (app.id.to_id(), app.name.into_owned()))
        })
        .await;
        let FewRecords { records, unasked } = found.map_err(failed)?;
        others += unasked;
        for (id, name) in records {
            findings.push(of_app(client, (&id, &name), others).await.map_err(failed)?);
        }
    }
    findings.extend(self::unasked(others));
    Ok(findings)
}

impl Asking<'_> {
    /// Returns the finding for a sheet that the filter does not keep. The filter may need values that only the list of
    /// apps contains.
    async fn exclusion(self, sheet: &Sheet<'_>) -> Result<Option<Finding>, Error> {
        let (Some(filter), Some(said)) = (self.filter, &sheet.app) else {
            return Ok(None);
        };
        let mut dates = Dates::default();
        let apps = self.app(&said.id.to_id(), &mut dates).await?;
        let addresses = Addresses::default();
        let surroundings = Surroundings {
            code: self.code,
            apps: &apps,
            owners: &Owners::unreadable(&addresses),
        };
        let Some(app) = app_of(sheet, &surroundings) else {
            return Ok(None);
        };
        let Ok(item) = lower(sheet, &app, &surroundings, &mut dates) else {
            return Ok(None);
        };
        let sheet_subject = SheetSubject::new(self.code, sheet, &app);
        let decision = filter.decide(&sheet_subject).decision;
        let (key, label) = (item.key, item.label);
        Ok(match decision {
            Decision::Keep { .. } => None,
            Decision::Exclude { rule } => Some(Finding::Excluded {
                key,
                label,
                because: filter.because(&sheet_subject, rule.id),
                rule,
            }),
            Decision::Undecided { rule, cause } => Some(Finding::Undecided {
                key,
                label,
                why: reason(filter, rule, &cause, &sheet_subject),
            }),
        })
    }

    /// Reads the app with this id, if possible.
    async fn app(self, id: &AppId, dates: &mut Dates) -> Result<Apps, Error> {
        let mut apps = Apps::new(self.code.clone(), self.links.clone(), WithOwners::No);
        let records = self.client.apps::<App<'_>>(Some(&Field::ID.equals(id)));
        let is_asked = |other: &str| same(other, id.as_str());
        let read = records.for_each(|record| {
            match record {
                // A gateway may drop the filter.
                Ok(mut app) if is_asked(app.id.as_str()) && apps.is_empty() => {
                    app.shorten(&mut LongTexts::default());
                    apps.add(app, dates);
                }
                Err(record) if record.id.as_deref().is_none_or(is_asked) => {
                    apps.add_unreadable(record.id.as_deref());
                }
                _ => {}
            }
            Ok::<_, Error>(())
        });
        read.await?;
        Ok(apps)
    }
}

impl Query {
    fn from_text(text: &str, code: &ConnectionCode) -> Self {
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
            && let Some(subject) = Self::from_link(&url)
        {
            return subject;
        }
        if is_guid(text) {
            Self::Guid(text.to_owned())
        } else {
            Self::Text(text.to_owned())
        }
    }

    /// Parses `…/sense/app/<app id>/sheet/<sheet id>/…`, the form of links in the hub (Qlik help, "App integration").
    fn from_link(url: &Url) -> Option<Self> {
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

    /// Whether an object matches the query.
    fn is_object(&self, object: &Sheet<'_>) -> bool {
        let (id, engine_id) = (object.id.as_str(), object.engine_object_id.as_str());
        match self {
            Self::Sheet(app, sheet) => {
                let of_app = object.app.as_ref();
                of_app.is_some_and(|of| same(of.id.as_str(), app.as_str()))
                    && same(engine_id, sheet.as_str())
            }
            Self::Guid(guid) => same(id, guid) || same(engine_id, guid),
            Self::Text(text) => same(&object.name, text) || same(engine_id, text),
        }
    }

    /// Whether an app matches the query.
    fn is_app(&self, app: &App<'_>) -> bool {
        match self {
            Self::Sheet(..) => false,
            Self::Guid(guid) => same(app.id.as_str(), guid),
            Self::Text(text) => same(&app.name, text),
        }
    }

    /// Returns the filters for its objects and its apps.
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

/// The requested records of a list.
struct FewRecords<T> {
    /// The first few.
    records: Vec<T>,
    /// Number of other records that the site sent.
    unasked: u64,
}

/// Reads the first few requested records of a list. Ignores records that cannot be read, because a scan reports them.
/// If the site sends other records, a gateway drops the filter, and reading continues.
async fn few<T: Lend, R>(
    mut list: RecordList<T>,
    mut requested: impl FnMut(T::Record<'_>) -> Option<R>,
) -> Result<FewRecords<R>, Error> {
    let mut found = FewRecords {
        records: Vec::new(),
        unasked: 0,
    };
    while found.records.len() < MAX_FINDINGS {
        let lent = list.lend_arrived(MAX_FINDINGS, |record| {
            match record.ok().map(&mut requested) {
                Some(Some(record)) if found.records.len() < MAX_FINDINGS => {
                    found.records.push(record);
                }
                Some(None) => found.unasked += 1,
                _ => {}
            }
            Ok::<_, Error>(())
        });
        if lent? == 0 && !list.await_more().await? {
            break;
        }
    }
    Ok(found)
}

fn unasked(others: u64) -> Option<Finding> {
    (others > 0).then(|| Finding::NotRequested {
        what: format!(
            "the site also sent {} that {} not requested and not shown: check whether a gateway between the scanner and the site removes the filter",
            counted(others, "record"),
            if others == 1 { "was" } else { "were" }
        ),
    })
}

/// Whether two texts are equal for QRS, which ignores case.
fn same(one: &str, other: &str) -> bool {
    one.to_lowercase() == other.to_lowercase()
}

fn of_object(object: &Sheet<'_>, code: &ConnectionCode) -> Finding {
    let unknown = SheetApp::default();
    let app = object.app.as_ref().unwrap_or(&unknown);
    let what = || Finding::NotAnItem {
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
            app.name.to_string(),
            object.name.to_string(),
        ],
    }
}

/// Returns an app with the number of its sheets. The number is unknown if the site sent `others`, because the count
/// then includes them.
async fn of_app(
    client: &QrsClient,
    (id, name): (&AppId, &str),
    others: u64,
) -> Result<Finding, Error> {
    let sheets = Field::OBJECT_TYPE
        .equals("sheet")
        .and(Field::APP_ID.equals(id));
    let count = match others {
        0 => Some(client.app_object_count(Some(&sheets)).await?),
        _ => None,
    };
    let sheets = match count {
        None => "with an unknown number of sheets".to_owned(),
        Some(0) => "without sheets that are visible to the account".to_owned(),
        Some(count) => format!("with {}", counted(count, "sheet")),
    };
    Ok(Finding::NotAnItem {
        what: format!("present: app `{name}` ({id}), {sheets}"),
    })
}

fn is_guid(text: &str) -> bool {
    let groups: Vec<_> = text.split('-').collect();
    let lengths = groups.iter().map(|group| group.len());
    lengths.eq([8, 4, 4, 4, 12]) && groups.concat().bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Decodes a percent-encoded segment of a path.
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

    fn check(text: &str, expected: Query) {
        let code = ConnectionCode::new("prod").unwrap();
        assert_eq!(Query::from_text(text, &code), expected, "{text}");
    }

    #[test]
    fn a_subject_is_a_key_or_a_link_or_an_id_or_a_name() {
        let sheet = |id: &str| Query::Sheet(AppId::from(APP), EngineObjectId::from(id));
        check(&format!("prod/{APP}/JDWuPK"), sheet("JDWuPK"));
        check(
            &format!("https://h/vp/sense/app/{APP}/sheet/a%20b/state/analysis"),
            sheet("a b"),
        );
        check(
            &format!("https://h/sense/app/{APP}"),
            Query::Guid(APP.to_owned()),
        );
        check(APP, Query::Guid(APP.to_owned()));
        for text in ["JDWuPK", "Sales: overview", "other/x/y", "https://h/hub/"] {
            check(text, Query::Text(text.to_owned()));
        }
    }
}
