//! Parts of pages: small values that know their own HTML. Text in them is always escaped.

use askama::{Template, filters::HtmlSafe};
use jiff::{Timestamp, tz::TimeZone};

use crate::texts::Texts;

mod chart;
mod value;

pub(crate) use chart::{Bar, BarChart, Chart, ChartTexts, LineChart};
pub(crate) use value::{Fact, Person, Table, TableColumn, Value};

/// A link within the catalog, or one to a source, which was checked.
#[derive(Clone, Debug, Default)]
pub(crate) struct Link {
    pub(crate) text: String,
    pub(crate) href: String,
    /// Whether it leads to what is shown now.
    pub(crate) current: bool,
    /// Whether it is a file to download.
    pub(crate) download: bool,
    /// Number of what it leads to, as shown.
    pub(crate) count: Option<String>,
}

impl Link {
    pub(crate) fn new(text: impl Into<String>, href: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            href: href.into(),
            ..Self::default()
        }
    }

    pub(crate) fn current(self, current: bool) -> Self {
        Self { current, ..self }
    }

    pub(crate) fn counted(self, count: String) -> Self {
        Self {
            count: Some(count),
            ..self
        }
    }

    pub(crate) fn download(self) -> Self {
        Self {
            download: true,
            ..self
        }
    }
}

/// A row of links, of which one is what is shown now.
pub(crate) struct Choice {
    pub(crate) label: &'static str,
    pub(crate) entries: Vec<Link>,
}

/// A point in time. The script shows it in the time zone of the reader.
#[derive(Clone, Debug, Template)]
#[template(
    ext = "html",
    source = r#"<time datetime="{{ exact }}" title="{{ exact }}" data-format="{{ format }}">{{ shown }}</time>"#
)]
pub(crate) struct Moment {
    exact: String,
    shown: String,
    format: &'static str,
}

impl HtmlSafe for Moment {}

impl Moment {
    /// Date and time.
    pub(crate) fn full(t: &Texts, time: Timestamp) -> Self {
        Self::new(time, t.full_format, "full")
    }

    /// The time of day.
    pub(crate) fn time(t: &Texts, time: Timestamp) -> Self {
        Self::new(time, t.time_format, "time")
    }

    /// A day in UTC, which no script changes.
    pub(crate) fn day(t: &Texts, time: Timestamp) -> Self {
        Self::new(time, t.day_format, "day")
    }

    fn new(time: Timestamp, shown: &str, format: &'static str) -> Self {
        Self {
            exact: time.to_string(),
            shown: time.to_zoned(TimeZone::UTC).strftime(shown).to_string(),
            format,
        }
    }
}

/// How good or bad something is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    Note,
    Good,
    Warning,
    Bad,
}

impl Tone {
    /// The name of its class in the style.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Note => "note",
            Self::Good => "ok",
            Self::Warning => "warn",
            Self::Bad => "bad",
        }
    }
}

/// A short word on a colored background.
#[derive(Clone, Debug, Default, Template)]
#[template(
    ext = "html",
    source = r#"{% if !text.is_empty() %}<span class="badge {{ tone.class() }}">{{ text }}</span>{% endif %}"#
)]
pub(crate) struct Badge {
    pub(crate) text: String,
    pub(crate) tone: Tone,
}

impl HtmlSafe for Badge {}

impl Badge {
    pub(crate) fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }
}

/// What is most important on a page, in a colored box.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/banner.html")]
pub(crate) struct Banner {
    pub(crate) tone: Tone,
    pub(crate) title: String,
    pub(crate) text: String,
    /// Whether its title is the heading of the page.
    pub(crate) is_heading: bool,
}

impl HtmlSafe for Banner {}

/// A text whose matching parts are marked.
#[derive(Clone, Debug, Default, Template)]
#[template(
    ext = "html",
    source = r#"{% for (text, is_match) in pieces %}{% if *is_match %}<mark>{{ text }}</mark>{% else %}{{ text }}{% endif %}{% endfor %}"#
)]
pub(crate) struct Marked {
    pub(crate) pieces: Vec<(String, bool)>,
}

impl HtmlSafe for Marked {}

impl Marked {
    pub(crate) fn plain(text: impl Into<String>) -> Self {
        Self {
            pieces: vec![(text.into(), false)],
        }
    }

    /// A text in which each occurrence of these hits is marked.
    pub(crate) fn new(text: &str, hits: &[&str]) -> Self {
        let mut pieces = Vec::new();
        let mut rest = text;
        let next = |rest: &str| {
            let found = hits.iter().filter(|hit| !hit.is_empty());
            let found = found.filter_map(|hit| Some((rest.find(hit)?, hit.len())));
            found.min_by_key(|(at, length)| (*at, usize::MAX - length))
        };
        while let Some((at, length)) = next(rest) {
            pieces.push((rest[..at].to_owned(), false));
            pieces.push((rest[at..at + length].to_owned(), true));
            rest = &rest[at + length..];
        }
        pieces.push((rest.to_owned(), false));
        Self { pieces }
    }
}

/// An item in a list.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/hit.html")]
pub(crate) struct Hit {
    pub(crate) title: Marked,
    pub(crate) href: String,
    pub(crate) badges: Vec<Badge>,
    /// Where it is, from the outside.
    pub(crate) place: Vec<(Marked, String)>,
    pub(crate) text: Option<Marked>,
    pub(crate) meta: Vec<Fact>,
}

impl HtmlSafe for Hit {}

/// A value of a facet, with its number of items.
#[derive(Clone, Debug, Template)]
#[template(
    ext = "html",
    source = r#"<li><a href="{{ link.href }}"{% if link.current %} aria-current="true"{% endif %}><span class="name"><bdi>{{ link.text }}</bdi></span>{% if let Some(count) = link.count %} <span class="count">{{ count }}</span>{% endif %}</a></li>
"#
)]
pub(crate) struct FacetEntry {
    pub(crate) link: Link,
}

impl HtmlSafe for FacetEntry {}

/// A change in a timeline.
#[derive(Clone, Debug, Template)]
#[template(path = "parts/change.html")]
pub(crate) struct ChangeRow {
    pub(crate) badge: Badge,
    /// What changed. Not set where the page is about it.
    pub(crate) subject: Option<Link>,
    /// What it is, such as the label of a kind of containers.
    pub(crate) type_of: Option<String>,
    pub(crate) place: Option<String>,
    pub(crate) time: Moment,
    pub(crate) note: Option<String>,
    pub(crate) values: Vec<ChangedValue>,
}

impl HtmlSafe for ChangeRow {}

/// A field that changed.
#[derive(Clone, Debug)]
pub(crate) struct ChangedValue {
    pub(crate) label: String,
    pub(crate) old: Option<String>,
    pub(crate) new: Option<String>,
}

/// Links to other pages of a list.
#[derive(Clone, Debug, Default, Template)]
#[template(
    ext = "html",
    source = r#"{% if !links.is_empty() %}<nav class="pages" aria-label="{{ label }}">{% for link in links %}<a class="button" href="{{ link.href }}">{{ link.text }}</a>{% endfor %}</nav>{% endif %}"#
)]
pub(crate) struct Pages {
    pub(crate) label: &'static str,
    pub(crate) links: Vec<Link>,
}

impl HtmlSafe for Pages {}

/// What a page says instead of an empty list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Empty {
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) links: Vec<Link>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hits_are_marked_and_all_text_is_escaped() {
        let marked = Marked::new("<b> Sales & sales", &["Sales", "s", ""]);
        let expected = "&#60;b&#62; <mark>Sales</mark> &#38; <mark>s</mark>ale<mark>s</mark>";
        assert_eq!(marked.to_string(), expected);
        assert_eq!(Marked::new("plain", &[]).to_string(), "plain");
    }
}
