//! Texts of a file that are allowed and hardly meant: quotes that HOCON does not know, variables between quotes.

use crate::hocon::{Found, Object, Shown, Value, settings};

/// The setting that is an expression.
const FILTER: &str = "filter";

/// Maximum number of odd texts that are listed.
const MAX_LISTED: usize = 50;

/// What is odd about the texts of a file.
pub(crate) fn odd_texts(root: &Object) -> Vec<Found> {
    let settings = settings(root).into_iter();
    let odd = settings.filter_map(|setting| match &setting.node.value {
        Value::String(text) => {
            let (message, hint) = match &*setting.path {
                // An expression has quotes of its own.
                [.., name] if name == FILTER => unreached_variable(text),
                _ => oddity(text),
            }?;
            Some(Found {
                place: setting.node.place.clone(),
                message: message.to_owned(),
                hint: Some(hint.to_owned()),
                value: Shown::No,
            })
        }
        _ => None,
    });
    let mut odd: Vec<_> = odd.take(MAX_LISTED + 1).collect();
    if let Some(more) = odd.get_mut(MAX_LISTED) {
        more.message = "more texts of the file are odd, and not listed".to_owned();
        more.hint = None;
    }
    odd
}

fn oddity(text: &str) -> Option<(&'static str, &'static str)> {
    let text = text.trim();
    let (first, last) = (text.chars().next()?, text.chars().next_back()?);
    let quote = |char| matches!(char, '\'' | '“' | '”' | '„' | '‘' | '’' | '«' | '»' | '`');
    if text.chars().count() > 1 && (quote(first) || quote(last)) {
        return Some((
            "these quotes are part of the text: HOCON knows double quotes alone",
            "write `\"…\"`",
        ));
    }
    if let Some(variable) = unreached_variable(text) {
        return Some(variable);
    }
    if text.find("ENC[").is_some_and(|at| at > 0) {
        return Some((
            "`ENC[…]` is decrypted only where it is the whole value",
            "encrypt the whole value with `scanner-cli encrypt`",
        ));
    }
    let name = text.strip_prefix('%')?.strip_suffix('%')?;
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || char == '_');
    is_name.then_some((
        "`%…%` is text, not a variable of the environment",
        "write `${NAME}`, outside of quotes",
    ))
}

fn unreached_variable(text: &str) -> Option<(&'static str, &'static str)> {
    text.contains("${").then_some((
        "between quotes `${…}` is text, not the variable",
        "write it outside of the quotes: `key = ${NAME}`, or `key = \"before\"${NAME}\"after\"`",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_variables_that_hocon_does_not_know_are_odd() {
        for text in [
            "'scanner'",
            "“demo”",
            "‘a’",
            "X-User“",
            "${HOST}",
            "http://${HOST}:1",
            "%QLIK_ACCOUNT%",
            "https://ENC[AQ]",
        ] {
            assert!(oddity(text).is_some(), "{text}");
        }
        for text in ["", "'", "scanner", "it's", "100%", "%", "%%", "a%b%", "$1"] {
            assert!(oddity(text).is_none(), "{text}");
        }
    }
}
