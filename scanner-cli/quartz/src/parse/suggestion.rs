//! What to write instead of a text that Quartz refuses or partly ignores.

use super::{element, is_clear, is_valid};
use crate::{field::Field, part::Part};

/// The form of an expression.
pub(super) const FORM: &str = "use the order of Quartz, which begins with seconds: second, minute, hour, day of month, month, day of \
     week, and a year if needed; `0 0 2 * * ?` is every day at 2 o'clock";

/// Maximum number of expressions in a hint.
const MAX_SUGGESTIONS: usize = 3;

/// Hint for a text with characters that no field can contain.
pub(super) fn with_usual_characters(text: &str) -> String {
    let usual = |letter: char| match letter {
        letter if letter.is_ascii_graphic() => Some(letter),
        letter if letter.is_whitespace() => Some(' '),
        '\u{2010}'..='\u{2015}' | '\u{2212}' => Some('-'),
        // The wide forms of ASCII characters, in the same order.
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0),
        _ => None,
    };
    let usual: String = text.chars().filter_map(usual).collect();
    if is_clear(&usual) {
        format!("write `{usual}`")
    } else {
        "use ASCII characters, and separate the fields by spaces".to_owned()
    }
}

/// Hint for a text with fewer than six words.
pub(super) fn for_few(words: &[&str]) -> String {
    let form = || FORM.to_owned();
    let [minute, hour, day, month, weekday] = *words else {
        return form();
    };
    let expression = |day: &str, weekday: &str| {
        let expression = format!("0 {minute} {hour} {day} {month} {weekday}");
        is_clear(&expression).then_some(expression)
    };
    if [day, weekday].contains(&"?") {
        // Only Quartz has `?`, so the weekdays are already those of Quartz.
        return expression(day, weekday).map_or_else(form, |expression| {
            format!("Quartz has seconds first: write `{expression}` if they are missing")
        });
    }
    let by_weekday = || expression("?", &counted_from_one(weekday)?);
    let (one, other) = match (day, weekday) {
        (day, "*") => (expression(day, "?"), None),
        ("*", _) => (by_weekday(), None),
        (day, _) => (expression(day, "?"), by_weekday()),
    };
    match (one, other) {
        (Some(one), None) if day == "*" || weekday == "*" => {
            format!("Quartz has seconds first: write `{one}` for what these fields mean in Unix")
        }
        (Some(one), Some(other)) => format!(
            "Quartz has seconds first, and one of its two day fields must be `?`: write `{one}` or `{other}`"
        ),
        _ => form(),
    }
}

/// Converts weekdays of Unix, which are numbered from 0 (Sunday); 7 is also Sunday.
fn counted_from_one(weekdays: &str) -> Option<String> {
    let mut counted = String::new();
    for element in weekdays.split_inclusive([',', '-']) {
        let end = element.find([',', '-', '/', '#', 'L', 'l']);
        let (value, rest) = element.split_at(end.unwrap_or(element.len()));
        match value.parse::<u32>() {
            Ok(value) => counted.push_str(&format!("{}{rest}", value % 7 + 1)),
            Err(_) if value.bytes().any(|byte| byte.is_ascii_digit()) => return None,
            Err(_) => counted.push_str(element),
        }
    }
    Some(counted)
}

/// Hint for a text that is refused, if a similar text is a valid expression.
pub(super) fn instead(parts: &[Part<'_>]) -> Option<String> {
    let fields: Vec<_> = parts.iter().map(|part| corrected_list(*part)).collect();
    let [_, _, _, day, _, weekday, ..] = parts else {
        return None;
    };
    let pairs = day_pairs(&variants(*day), &variants(*weekday));
    let written = pairs.into_iter().map(|(day, weekday)| {
        let mut fields = fields.clone();
        fields[3] = day;
        fields[5] = weekday;
        fields.join(" ")
    });
    let mut valid: Vec<_> = written.filter(|text| is_valid(text)).collect();
    if valid.iter().any(|text| is_clear(text)) {
        valid.retain(|text| is_clear(text));
    }
    valid.dedup();
    let shown: Vec<_> = valid
        .iter()
        .take(MAX_SUGGESTIONS)
        .map(|text| format!("`{text}`"))
        .collect();
    (!shown.is_empty()).then(|| format!("write {}", shown.join(" or ")))
}

/// Returns pairs of day fields in which one is `?`.
fn day_pairs(days: &[String], weekdays: &[String]) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    for (day, weekday) in days
        .iter()
        .flat_map(|day| weekdays.iter().map(move |weekday| (day, weekday)))
    {
        let written: &[(&str, &str)] = match (day.as_str(), weekday.as_str()) {
            ("*" | "?", "*" | "?") => &[("*", "?")],
            ("*", weekday) => &[("?", weekday)],
            (day, "*") => &[(day, "?")],
            (day, weekday) if day != "?" && weekday != "?" => &[(day, "?"), ("?", weekday)],
            (day, weekday) => &[(day, weekday)],
        };
        let written = written.iter();
        pairs.extend(written.map(|(day, weekday)| ((*day).to_owned(), (*weekday).to_owned())));
    }
    pairs
}

/// Returns a day field unchanged, or for a list with an element that must be the only one: that element, and the
/// others.
fn variants(part: Part<'_>) -> Vec<String> {
    let must_stand_alone = |element: &String| element.contains(['L', 'l', '#', '?']);
    let elements: Vec<_> = part.elements().map(corrected).collect();
    let (alone, others): (Vec<_>, Vec<_>) = elements.iter().cloned().partition(must_stand_alone);
    if elements.len() < 2 || alone.is_empty() {
        return vec![elements.join(",")];
    }
    let others = Some(others.join(",")).filter(|others| !others.is_empty());
    alone.into_iter().chain(others).collect()
}

fn corrected_list(part: Part<'_>) -> String {
    let elements: Vec<_> = part.elements().map(corrected).collect();
    elements.join(",")
}

/// Corrects an element: removes a step that is too large, and replaces names by numbers if it also has a number.
fn corrected(element: Part<'_>) -> String {
    // Other parsers write the last weekday of a month like the nth.
    if let Some(weekday) = element.text.to_ascii_uppercase().strip_suffix("#L") {
        return format!("{weekday}L");
    }
    // In other parsers, this sign means that day of month and day of week must both match.
    let text = element.text.trim_start_matches('+');
    let text = match text.split_once('/') {
        Some((values, step)) if leaves(element.field, step) => match values {
            "" | "*" => element.field.limits().0.to_string(),
            values => values.to_owned(),
        },
        _ => text.to_owned(),
    };
    let corrected = Part {
        text: &text,
        ..element
    };
    match element::read(corrected) {
        Ok(_) => text,
        Err(_) => in_numbers(corrected),
    }
}

fn leaves(field: Field, step: &str) -> bool {
    let is_number = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
    is_number && step.parse().is_ok_and(|step: u32| step > field.max_step())
}

/// Replaces names by numbers.
fn in_numbers(element: Part<'_>) -> String {
    with_names(element, |value, _| value.to_string())
}

/// Replaces each name by the result of `write` for its value and its first three letters.
fn with_names(element: Part<'_>, write: impl Fn(u32, &str) -> String) -> String {
    let capitals = element.text.to_ascii_uppercase();
    let mut rest = capitals.as_str();
    let mut written = String::new();
    while let Some(letter) = rest.chars().next() {
        let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        let name = rest.get(..3).and_then(|first| element.field.named(first));
        match name.filter(|(_, name)| name.starts_with(&rest[..letters])) {
            Some((value, name)) => {
                written.push_str(&write(value, &name[..3]));
                rest = &rest[letters..];
            }
            None => {
                written.push(letter);
                rest = &rest[letter.len_utf8()..];
            }
        }
    }
    written
}

/// Returns an expression with the effect that an element with an ignored part seems to have.
pub(super) fn for_ignored(element: Part<'_>) -> Option<String> {
    let short = with_names(element, |_, name| name.to_owned());
    let numbers = in_numbers(element);
    let is_whole = |text: &&String| {
        let part = Part { text, ..element };
        *text != element.text && element::read(part).is_ok_and(|read| read.is_whole)
    };
    [&short, &numbers].into_iter().find(is_whole).cloned()
}
