//! The bounds of characters in a text. The standard library has these since Rust 1.91, which is more than this crate needs
//! otherwise.

/// The last bound of a character at or before this place.
pub(crate) fn floor(text: &str, place: usize) -> usize {
    let places = (0..=place.min(text.len())).rev();
    first_bound(text, places)
}

/// The first bound of a character at or after this place.
pub(crate) fn ceil(text: &str, place: usize) -> usize {
    first_bound(text, place..text.len())
}

fn first_bound(text: &str, mut places: impl Iterator<Item = usize>) -> usize {
    let bound = places.find(|place| text.is_char_boundary(*place));
    bound.unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_within_a_character_moves_to_its_begin_or_end() {
        let text = "aé🔑b";
        let floors: Vec<_> = (0..=9).map(|place| floor(text, place)).collect();
        assert_eq!(floors, [0, 1, 1, 3, 3, 3, 3, 7, 8, 8]);
        let ceils: Vec<_> = (0..=9).map(|place| ceil(text, place)).collect();
        assert_eq!(ceils, [0, 1, 3, 3, 7, 7, 7, 7, 8, 8]);
        assert_eq!((floor("", 5), ceil("", 5)), (0, 0));
    }
}
