//! Properties and dates of an item or container.

use catalog_model::{Container, PropertyValue};

use crate::{
    parts::{Fact, Link, Value},
    store::browse::{DetailProperty, EntryDetail, Subject},
    texts::Texts,
    views::{self, Views},
};

/// Where people open it in the source: the link of a container, or the first address of an item.
pub(super) fn open(views: &Views<'_>, detail: &EntryDetail) -> Option<Link> {
    let text = &views.words.say(views.t.open);
    match &detail.entry.subject {
        Subject::Container(container) => {
            let link = container.link.as_ref()?;
            views::external(text, link.as_str())
        }
        Subject::Item(_) => detail
            .properties
            .iter()
            .find_map(|property| match &property.value {
                PropertyValue::Url(url) => views::external(text, url.as_str()),
                _ => None,
            }),
    }
}

/// The properties in the order of their definitions, without dates.
pub(super) fn properties(views: &Views<'_>, detail: &EntryDetail) -> Vec<Fact> {
    match &detail.entry.subject {
        Subject::Item(_) => detail
            .properties
            .iter()
            .filter(|property| !is_date(property))
            .map(|property| Fact::new(views::field_label(&property.label), value(views, property)))
            .collect(),
        Subject::Container(container) => of_container(views, container),
    }
}

fn of_container(views: &Views<'_>, container: &Container) -> Vec<Fact> {
    let t = views.t;
    let mut facts = vec![Fact::new(
        t.container_id,
        Value::Text(container.id.0.clone()),
    )];
    if !container.tags.is_empty() {
        facts.push(Fact::new(t.tags, tags(views, &container.tags)));
    }
    let custom = container.custom_properties.iter();
    facts.extend(
        custom.map(|property| Fact::new(&property.name, Value::Text(property.value.clone()))),
    );
    if let Some(link) = container
        .link
        .as_ref()
        .and_then(|link| views::external(link.as_str(), link.as_str()))
    {
        facts.push(Fact::new(t.link, Value::External(link)));
    }
    facts
}

fn is_date(property: &DetailProperty) -> bool {
    matches!(property.value, PropertyValue::Instant(_))
}

fn value(views: &Views<'_>, property: &DetailProperty) -> Value {
    match &property.value {
        PropertyValue::Text(text) => Value::Text(text.clone()),
        PropertyValue::LongText(text) => Value::LongText(text.clone()),
        PropertyValue::Number(number) => Value::Number(number.to_string()),
        PropertyValue::Url(url) => match views::external(url.as_str(), url.as_str()) {
            Some(link) => Value::External(link),
            None => Value::Text(url.to_string()),
        },
        PropertyValue::Instant(instant) => views.instant(*instant),
        PropertyValue::Tags(texts) => tags(views, texts),
    }
}

fn tags(views: &Views<'_>, texts: &[String]) -> Value {
    let link = |text: &String| {
        // A tag in quotes is a phrase of a search, so this also finds values that are no tags.
        let phrase = format!("\"{}\"", text.replace('"', " "));
        Link::new(text, views.search("q", &phrase))
    };
    Value::Tags(texts.iter().map(link).collect())
}

/// The dates of the source, and those of scans.
pub(super) fn dates(views: &Views<'_>, detail: &EntryDetail) -> Vec<Fact> {
    let t: &Texts = views.t;
    let entry = &detail.entry;
    let mut dates: Vec<Fact> = match &entry.subject {
        Subject::Item(_) => detail
            .properties
            .iter()
            .filter(|property| is_date(property))
            .map(|property| Fact::new(&property.label, value(views, property)))
            .collect(),
        Subject::Container(container) => [
            (t.created, container.created),
            (t.modified, container.modified),
            (t.published, container.published),
            (t.refreshed, container.refreshed),
        ]
        .into_iter()
        .filter_map(|(label, date)| Some(Fact::new(label, views.instant(date?))))
        .collect(),
    };
    dates.push(Fact::new(t.first_seen, views.moment(entry.first_seen)));
    dates.push(Fact::new(t.last_seen, views.moment(entry.last_seen)));
    if let Some(gone) = entry.gone_since {
        dates.push(Fact::new(t.gone_since, views.moment(gone)));
    }
    dates
}
