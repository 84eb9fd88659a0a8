//! Declarations of settings: names, types, defaults and meanings.
//!
//! They are the source of the tables in the documentation and of the JSON Schemas for editors. A reader that reads a name
//! that is not declared fails in builds with debug assertions, so that suggestions for misspelt names have the same source.

use super::Settings;

/// A setting as people know it. Texts are Markdown, as in the documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Declaration {
    /// The dotted name.
    pub name: &'static str,
    /// What it may be.
    pub kind: SettingKind,
    /// Whether it must be set.
    pub need: Need,
    /// Its default for people; empty if there is none.
    pub default: &'static str,
    /// What it means.
    pub about: &'static str,
}

/// Whether a setting must be set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// It must be set, and must not be blank.
    Mandatory,
    /// It may be missing or blank.
    Optional,
}

/// What a setting may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingKind {
    /// A text. Numbers and booleans are read as texts.
    Text,
    /// A text that no message contains.
    Secret,
    /// The path of a file or folder.
    Path,
    /// A URL with `http` or `https`.
    Url,
    /// `true` or `false`.
    Boolean,
    /// A whole number in a range: the least and the greatest.
    Integer(u32, u32),
    /// A duration with a unit, or a number of milliseconds.
    Duration,
    /// One of these words, in any case.
    Choice(&'static [&'static str]),
    /// A list of texts, or one text.
    Texts,
    /// A block of texts and lists of texts under names that are free to choose.
    Block,
    /// Something else, with its name in tables.
    Other(&'static str),
}

/// Declarations that belong together.
#[derive(Clone, Copy, Debug)]
pub struct DeclarationGroup {
    /// The heading in a table. Empty for a group that is always read.
    pub title: &'static str,
    /// What applies to all settings of the group; empty if there is nothing to say.
    pub about: &'static str,
    /// The block of which exactly one group is used, if there are several.
    pub alternative_for: Option<&'static str>,
    /// The settings, in the order of tables.
    pub settings: &'static [Declaration],
}

impl Declaration {
    /// An optional setting without a default.
    #[must_use]
    pub const fn new(name: &'static str, kind: SettingKind, about: &'static str) -> Self {
        Self {
            name,
            kind,
            need: Need::Optional,
            default: "",
            about,
        }
    }

    /// The same setting, which must be set.
    #[must_use]
    pub const fn mandatory(self) -> Self {
        Self {
            need: Need::Mandatory,
            ..self
        }
    }

    /// The same setting with a default.
    #[must_use]
    pub const fn default(self, default: &'static str) -> Self {
        Self { default, ..self }
    }
}

impl DeclarationGroup {
    /// Settings that are always read.
    #[must_use]
    pub const fn always(settings: &'static [Declaration]) -> Self {
        Self {
            title: "",
            about: "",
            alternative_for: None,
            settings,
        }
    }

    /// Settings of which a block has exactly one group.
    #[must_use]
    pub const fn alternative(
        block: &'static str,
        title: &'static str,
        settings: &'static [Declaration],
    ) -> Self {
        Self {
            title,
            about: "",
            alternative_for: Some(block),
            settings,
        }
    }

    /// The same group with a remark.
    #[must_use]
    pub const fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }
}

impl SettingKind {
    /// The type in a table.
    #[must_use]
    pub fn type_name(self) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Secret => "secret".to_owned(),
            Self::Path => "path".to_owned(),
            Self::Url => "URL".to_owned(),
            Self::Boolean => "boolean".to_owned(),
            Self::Integer(least, greatest) => format!("{least}–{greatest}"),
            Self::Duration => "duration".to_owned(),
            Self::Choice(words) => super::alternatives(words),
            Self::Texts => "text or list of texts".to_owned(),
            Self::Block => "block of texts or lists of texts".to_owned(),
            Self::Other(name) => name.to_owned(),
        }
    }
}

impl Settings {
    /// Declares the settings that may be read. If nothing is declared, every name may be read.
    pub fn declare(&mut self, groups: &[DeclarationGroup]) {
        let all = groups.iter().flat_map(|group| group.settings);
        self.declared.extend(all.copied());
    }

    /// Notes that all declared settings are known, without reading them.
    pub fn know_declared(&mut self) {
        let names = self.declared.iter().map(|one| one.name.to_owned());
        self.known_keys.extend(names);
    }

    /// Fails if a setting is read that is not declared: it would be missing in the documentation and in the schema.
    pub(super) fn check_declared(&self, key: &str) {
        let is_block_of = |name: &str, key: &str| {
            let rest = name.strip_prefix(key);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        };
        let is_declared = |one: &Declaration| {
            is_block_of(one.name, key)
                || (one.kind == SettingKind::Block && is_block_of(key, one.name))
        };
        debug_assert!(
            self.declared.is_empty() || self.declared.iter().any(is_declared),
            "the setting `{key}` is read but not declared"
        );
    }
}
