//! Suggestions for misspelt words.

/// Maximum number of letters in which similar words differ: missing, additional, wrong or swapped letters.
const MAX_DIFFERENCE: usize = 2;

/// Maximum number of characters of words that are compared, because comparing long words is slow.
const MAX_WORD_CHARS: usize = 64;

/// Finds the word of `words` of which `word` is a misspelling. Ignores case.
///
/// ```
/// # use catalog_model::nearest;
/// assert_eq!(nearest("Straem", ["app", "stream"]), Some("stream"));
/// assert_eq!(nearest("pp", ["app"]), Some("app"));
/// assert_eq!(nearest("x", ["app"]), None);
/// ```
pub fn nearest<'a>(word: &str, words: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if is_long(word) {
        return None;
    }
    let lower = word.to_lowercase();
    let length = lower.chars().count();
    // Words differ at least by the difference of their lengths, which is much faster to compute.
    let may_be_near = |known: &&str| known.chars().count().abs_diff(length) <= MAX_DIFFERENCE;
    let distances = words.into_iter().filter(|known| !is_long(known));
    let distances = distances.filter(may_be_near);
    distances
        .map(|known| {
            let distance = strsim::damerau_levenshtein(&lower, &known.to_lowercase());
            (distance, known)
        })
        .filter(|(distance, known)| {
            *distance <= MAX_DIFFERENCE && *distance * 2 < known.chars().count()
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

fn is_long(word: &str) -> bool {
    word.chars().nth(MAX_WORD_CHARS).is_some()
}
