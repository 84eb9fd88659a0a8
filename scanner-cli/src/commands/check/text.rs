//! Checks as text.

use catalog_model::Verdict;

use crate::{check::CheckReport, printable::Page};

pub(super) fn text<'a>(checked: impl IntoIterator<Item = &'a CheckReport>) -> String {
    let checked: Vec<_> = checked.into_iter().collect();
    let names = checked
        .iter()
        .flat_map(|checked| &checked.stages)
        .map(|stage| stage.name.len());
    let width = names.max().unwrap_or(0);
    let mut text = Page::default();
    for CheckReport {
        code,
        name,
        file,
        stages,
        summary,
    } in checked
    {
        match (code, name) {
            (Some(code), Some(name)) => writeln!(text, "{code} ({name})"),
            (Some(code), None) => writeln!(text, "{code} ({file})"),
            (None, Some(follower)) => writeln!(text, "follower {follower}"),
            (None, None) => writeln!(text, "{file}"),
        }
        for stage in stages {
            let took = match stage.took.as_micros() {
                0 => String::new(),
                micros => format!("  [{}.{} ms]", micros / 1000, micros % 1000 / 100),
            };
            let is_summarized = matches!(stage.verdict, Verdict::Failed | Verdict::Warning);
            let summary = summary.as_ref().filter(|_| is_summarized);
            let seen = summary.unwrap_or(&stage.seen);
            let line = format!("  {:12} {:width$}  {seen}{took}", stage.verdict, stage.name);
            writeln!(text, "{}", line.trim_end());
            if let Some(hint) = stage.hint.as_ref().filter(|_| summary.is_none()) {
                text.write_advice(&format!("  {:12} {:width$}  try: ", "", ""), hint);
            }
        }
    }
    text.into()
}

/// Where the catalog is in a browser, and who may see it.
pub(super) fn catalog(catalog: Option<String>) -> String {
    catalog.map_or_else(String::new, |catalog| {
        let mut text = Page::default();
        writeln!(text, "catalog  {catalog}");
        text.into()
    })
}

/// The names of the followers that failed, if there are several followers.
pub(super) fn failed_followers(followers: &[CheckReport]) -> String {
    let failed = followers.iter().filter(|one| one.fails_at_the_site());
    let failed: Vec<_> = failed.filter_map(|one| one.name.as_deref()).collect();
    let mut text = Page::default();
    if followers.len() > 1 && !failed.is_empty() {
        let (count, all) = (failed.len(), followers.len());
        let names = failed.join(", ");
        writeln!(text, "{count} of {all} followers failed: {names}");
    }
    text.into()
}
