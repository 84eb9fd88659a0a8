//! Sections of Markdown pages, by the anchors of their headings.

/// The section with an anchor.
pub(super) enum Section {
    /// Its text, from its heading to the next one of the same or a higher level.
    Found(String),
    /// There is none. The page has these.
    Unknown { anchors: Vec<String> },
}

/// Finds the section with this anchor, such as `5-sessions` of the heading `## 5. Sessions`.
pub(super) fn section(page: &str, wanted: &str) -> Section {
    let mut text = String::new();
    let mut level = None;
    let mut anchors = Vec::new();
    let mut is_code = false;
    for line in page.lines() {
        is_code ^= line.trim_start().starts_with("```");
        if let Some(heading) = heading(line).filter(|_| !is_code) {
            match level {
                Some(level) if heading.level <= level => break,
                None if heading.anchor() == wanted => level = Some(heading.level),
                _ => {}
            }
            anchors.push(heading.anchor());
        }
        if level.is_some() {
            text.push_str(line);
            text.push('\n');
        }
    }
    match level {
        Some(_) => Section::Found(text.trim_end().to_owned() + "\n"),
        None => Section::Unknown { anchors },
    }
}

struct Heading<'a> {
    level: usize,
    title: &'a str,
}

fn heading(line: &str) -> Option<Heading<'_>> {
    let level = line.bytes().take_while(|byte| *byte == b'#').count();
    let title = line[level..].strip_prefix(' ')?;
    (level > 0).then_some(Heading { level, title })
}

impl Heading<'_> {
    /// The anchor as forges make it: lower case, without punctuation, with hyphens instead of spaces.
    fn anchor(&self) -> String {
        let kept = self.title.chars().filter_map(|char| match char {
            ' ' => Some('-'),
            '-' | '_' => Some(char),
            char if char.is_alphanumeric() => Some(char),
            _ => None,
        });
        kept.collect::<String>().to_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str =
        "# Page\nintro\n## 1. A part\na\n### Deep: `x`\n```\n# no heading\n```\n## Next\nb\n";

    fn found(anchor: &str) -> String {
        match section(PAGE, anchor) {
            Section::Found(text) => text,
            Section::Unknown { anchors } => panic!("{anchors:?}"),
        }
    }

    #[test]
    fn a_section_ends_at_the_next_one_of_its_level() {
        assert_eq!(found("deep-x"), "### Deep: `x`\n```\n# no heading\n```\n");
        assert!(found("1-a-part").ends_with("```\n"));
        assert_eq!(found("next"), "## Next\nb\n");
        assert_eq!(found("page"), PAGE);
    }

    #[test]
    fn the_sections_of_a_page_are_known() {
        let Section::Unknown { anchors } = section(PAGE, "none") else {
            panic!("found");
        };
        assert_eq!(anchors, ["page", "1-a-part", "deep-x", "next"]);
    }
}
