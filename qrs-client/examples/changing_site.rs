//! Starts the fake site for tests of what a catalog shows: it changes between two scans.
//!
//! It prints the same three lines as `fake_site`, and then `changed` after each line of standard input, which is one of these:
//!
//! - `change` changes apps and sheets;
//! - `set NAME TEXT` describes a sheet in an app of its own, and adds the sheet if it does not exist;
//! - `remove NAME` removes such a sheet.
//!
//! It ends when standard input is closed.

use std::error::Error;
use std::io::{self, BufRead, Write};

use qrs_client::fake_site::{Content, FakeSite};
use serde_json::json;

/// Names that pages must show as text, and in their place.
const HOSTILE: [&str; 5] = [
    "<script>document.title = 'broken'</script>",
    "\"><img src=x onerror=\"document.title='broken'\">",
    "\u{202e}desrever si siht",
    "مبيعات الشركة في الربع الأول",
    "👩‍👩‍👧‍👦 Ünïcödé ∑ 日本語の売上",
];

/// The app of the sheets that lines set.
const EDITED: &str = "Edited";

fn main() -> Result<(), Box<dyn Error>> {
    let site = FakeSite::builder().start_in_thread();
    site.edit(prepare);
    let mut out = io::stdout().lock();
    writeln!(out, "url={}", site.url())?;
    writeln!(out, "header={}", site.header_name())?;
    writeln!(out, "value={}", site.header_value())?;
    out.flush()?;
    for line in io::stdin().lock().lines() {
        let line = line?;
        let words: Vec<_> = line.splitn(3, ' ').collect();
        match words[..] {
            ["change"] => site.edit(change),
            ["set", name, text] => site.edit(|content| set(content, name, text)),
            ["remove", name] => site.edit(|content| {
                let sheet = content.sheet_named(name).map(str::to_owned);
                content.remove(&sheet.unwrap_or_default());
            }),
            _ => return Err(format!("unknown line `{line}`").into()),
        }
        writeln!(out, "changed")?;
        out.flush()?;
    }
    Ok(())
}

/// Describes a sheet, which is added if it does not exist.
fn set(content: &mut Content, name: &str, text: &str) {
    let sheet = match content.sheet_named(name) {
        Some(sheet) => sheet.to_owned(),
        None => {
            let app = content.app_named(EDITED).map(str::to_owned);
            let app = app.unwrap_or_else(|| content.add_app(EDITED));
            content.add_sheet(&app, name)
        }
    };
    content.set(&sheet, "description", json!(text));
}

/// Adds an app with names that are hard to show.
fn prepare(content: &mut Content) {
    let app = content.add_app("Names that are hard to show");
    if let Some(stream) = content.streams.first().map(|stream| stream["id"].clone()) {
        content.publish(&app, stream.as_str().unwrap_or_default());
    }
    for name in HOSTILE {
        let sheet = content.add_sheet(&app, name);
        content.set(&sheet, "description", json!(format!("Described: {name}")));
    }
    let long = "Averyverylongwordwithoutanyspace".repeat(12);
    content.add_sheet(&app, &long);
    let sheet = content.add_sheet(&app, "Link");
    content.set(&sheet, "description", json!("javascript:alert(1)"));
}

/// Changes descriptions and names, removes a sheet, and adds another one.
fn change(content: &mut Content) {
    let sheet = |content: &Content, name: &str| content.sheet_named(name).map(str::to_owned);
    if let Some(regions) = sheet(content, "Regions") {
        let text = "Turnover by region and quarter, without internal orders.";
        content.set(&regions, "description", json!(text));
    }
    if let Some(absences) = sheet(content, "Absences") {
        content.rename(&absences, "Absences and holidays");
        content.set(&absences, "description", json!("Who is away, and when."));
    }
    if let Some(funnel) = sheet(content, "Funnel") {
        content.remove(&funnel);
    }
    if let Some(app) = content.app_named("HR Headcount").map(str::to_owned) {
        let sheet = content.add_sheet(&app, "Apprentices");
        content.set(
            &sheet,
            "description",
            json!("Apprentices by year and trade."),
        );
    }
}
