//! The word that a misspelt one is near to.

/// Maximum number of letters by which near words differ: missing, doubled, wrong or exchanged ones.
const NEAR: usize = 2;

/// Maximum number of characters of words that are compared, because comparing long words takes long.
const LONGEST: usize = 64;

/// The one of `words` that `word` is a misspelling of, in whatever case, if it is one.
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
    // Words differ at least by as much as their lengths; to compare them takes much longer than to count.
    let may_be_near = |known: &&str| known.chars().count().abs_diff(length) <= NEAR;
    let distances = words.into_iter().filter(|known| !is_long(known));
    let distances = distances.filter(may_be_near);
    distances
        .map(|known| {
            let distance = strsim::damerau_levenshtein(&lower, &known.to_lowercase());
            (distance, known)
        })
        .filter(|(distance, known)| *distance <= NEAR && *distance * 2 < known.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, known)| known)
}

fn is_long(word: &str) -> bool {
    word.chars().nth(LONGEST).is_some()
}
