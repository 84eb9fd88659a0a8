use super::*;

const LIST: &str = "# A comment.

is none => `not set` or `missing`
blacken* => redact
is|are told of => is reported | allowed in docs/old.md tests/
SHOWN => `MAX_LISTED_ITEMS`
";

fn find(path: &str, text: &str) -> Vec<String> {
    let phrases = parse(LIST).unwrap();
    Index::new(&phrases).find(path, text)
}

#[test]
fn a_phrase_is_found_with_its_line_and_suggestion() {
    assert_eq!(
        find("a.md", "One.\nThe value Is  none here."),
        ["a.md:2: `is none`: write `not set` or `missing`"]
    );
}

#[test]
fn a_phrase_is_found_across_lines_of_text_comments_and_strings() {
    for text in [
        "the value is\nnone",
        "/// the value is\n/// none",
        "    // the value is\n    // none",
        "let text = \"the value is \\\n    none\";",
        "-- the value is\n-- none",
    ] {
        assert_eq!(find("a.rs", text).len(), 1, "{text}");
    }
}

#[test]
fn a_phrase_is_found_in_the_name_of_a_function() {
    assert_eq!(find("a.rs", "fn what_is_none_stays() {}").len(), 1);
}

#[test]
fn code_names_and_other_sentences_are_not_found() {
    for text in [
        "if value.is_none() {",
        "the value is `None`",
        "what it is. None of them",
        "what it is\n\nnone",
        "this nonesuch is nonesuch",
    ] {
        assert_eq!(find("a.rs", text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn words_may_have_other_endings_and_alternatives() {
    for text in ["blackens it", "blackened", "is told of", "are told of"] {
        assert_eq!(find("a.rs", text).len(), 1, "{text}");
    }
    assert_eq!(find("a.rs", "was told of"), Vec::<String>::new());
}

#[test]
fn a_phrase_with_a_capital_letter_is_a_name_and_case_sensitive() {
    assert_eq!(find("a.rs", "const SHOWN: usize = 5;").len(), 1);
    assert_eq!(find("a.rs", "what is shown"), Vec::<String>::new());
}

#[test]
fn a_phrase_is_allowed_where_its_line_says_so() {
    assert_eq!(find("docs/old.md", "is told of"), Vec::<String>::new());
    assert_eq!(find("tests/it/a.rs", "is told of"), Vec::<String>::new());
    assert_eq!(find("docs/new.md", "is told of").len(), 1);
}

#[test]
fn a_line_without_a_suggestion_is_an_error() {
    let error = parse("one => two\nthree").unwrap_err();
    assert_eq!(
        error,
        "xtask/phrases.txt:2: expected `phrase => suggestion`"
    );
}

#[test]
fn each_phrase_of_the_project_is_found_once_and_not_in_its_own_suggestion() {
    let text = fs::read_to_string(crate::root().join(PHRASES)).unwrap();
    let phrases = parse(&text).unwrap();
    let index = Index::new(&phrases);
    for phrase in &phrases {
        assert!(!phrase.suggestion.is_empty(), "{phrase:?}");
        let found = index.find("a.md", &phrase.suggestion);
        assert_eq!(found, Vec::<String>::new(), "{phrase:?}");
        let words = phrase.words.iter().map(|word| word[0].replace('*', ""));
        let text = match phrase.is_name {
            true => phrase.written.clone(),
            false => Vec::from_iter(words).join(" "),
        };
        let found = index.find("a.md", &text);
        let mine = |line: &&String| line.contains(&format!("`{}`", phrase.written));
        assert_eq!(found.iter().filter(mine).count(), 1, "{phrase:?}");
    }
}
