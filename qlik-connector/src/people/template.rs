//! Templates that create addresses from account names.

use crate::records::Owner;
use catalog_model::{
    Settings, nearest,
    settings::{Located, PlaceKind, SettingProblem},
};

use crate::people::account::{is_address, is_internal};

const TEMPLATE: &str = "connection.contacts.email_template";
const USER: &str = "userId";
const DIRECTORY: &str = "userDirectory";
/// The template of a site whose user ids are addresses.
const USER_ALONE: &str = "{userId}";

/// A text with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Template(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    UserId,
    UserDirectory,
}

/// Why a text is not a valid template.
#[derive(Debug)]
struct TemplateError {
    message: String,
    /// The byte offset of the error.
    within: Option<usize>,
    hint: Option<String>,
}

impl Template {
    /// Reads the template, if there is one. Records errors as problems of the settings.
    pub(crate) fn read(settings: &mut Settings) -> Option<Self> {
        let Located { value, place } = settings.text(TEMPLATE)?;
        match Self::parse(&value) {
            Ok(template) => Some(template),
            Err(fault) => {
                let example = || format!("write it like `{TEMPLATE} = \"{{{USER}}}@example.com\"`");
                settings.record(SettingProblem {
                    key: TEMPLATE.to_owned(),
                    place,
                    message: format!("`{TEMPLATE}` {}", fault.message),
                    hint: Some(fault.hint.unwrap_or_else(example)),
                    place_kind: PlaceKind::Setting,
                    within: fault.within,
                });
                None
            }
        }
    }

    fn parse(text: &str) -> Result<Self, TemplateError> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some(open) = rest.find(['{', '}']) {
            let start = text.len() - rest.len() + open;
            let (before, placeholder) = rest.split_at(open);
            let end = placeholder.find('}').filter(|end| *end > 0);
            let Some(end) = end else {
                return Err(TemplateError::at(start, "has an incomplete placeholder"));
            };
            if before.ends_with('$') {
                return Err(TemplateError::at(
                    start - 1,
                    "has a `$` before a placeholder",
                ));
            }
            pieces.push(Piece::Text(before.to_owned()));
            pieces.push(Piece::from_name(&placeholder[1..end]).map_err(|fault| fault.from(start))?);
            rest = &placeholder[end + 1..];
        }
        pieces.push(Piece::Text(rest.to_owned()));
        let template = Self(pieces);
        if text.trim() == USER_ALONE {
            return Ok(template);
        }
        if !template.0.contains(&Piece::UserId) {
            let message = format!(
                "must contain `{{{USER}}}`: without it, all users would have the same address"
            );
            return Err(TemplateError::new(message));
        }
        match template.filled("directory", "user") {
            filled if !filled.contains('@') => Err(TemplateError::new(
                "is not an address: it has no `@`".to_owned(),
            )),
            filled if !is_address(&filled) => Err(TemplateError::new(format!(
                "does not make a valid address: that of `directory\\user` would be `{filled}`"
            ))),
            _ => Ok(template),
        }
    }

    /// Returns the address of an account, if the result is a valid address.
    pub(crate) fn fill(&self, owner: &Owner<'_>) -> Option<String> {
        let (directory, user) = (owner.user_directory.trim(), owner.user_id.trim());
        if is_internal(owner) || user.is_empty() {
            return None;
        }
        Some(self.filled(directory, user)).filter(|made| is_address(made))
    }

    fn filled(&self, directory: &str, user: &str) -> String {
        let pieces = self.0.iter().map(|piece| match piece {
            Piece::Text(text) => text.as_str(),
            Piece::UserId => user,
            Piece::UserDirectory => directory,
        });
        pieces.collect::<String>().trim().to_owned()
    }
}

impl Piece {
    fn from_name(name: &str) -> Result<Self, TemplateError> {
        match name {
            USER => Ok(Self::UserId),
            DIRECTORY => Ok(Self::UserDirectory),
            unknown => Err(TemplateError {
                message: format!(
                    "contains `{{{unknown}}}`, which is unknown: only `{{{USER}}}` and `{{{DIRECTORY}}}` are replaced"
                ),
                within: Some(0),
                hint: placeholder_near(unknown).map(|near| format!("did you mean `{{{near}}}`?")),
            }),
        }
    }
}

impl TemplateError {
    fn new(message: String) -> Self {
        Self {
            message,
            within: None,
            hint: None,
        }
    }

    fn at(within: usize, message: &str) -> Self {
        Self {
            within: Some(within),
            ..Self::new(message.to_owned())
        }
    }

    fn from(self, start: usize) -> Self {
        Self {
            within: self.within.map(|within| start + within),
            ..self
        }
    }
}

/// Finds the intended placeholder for a part of its name or a misspelt name.
fn placeholder_near(unknown: &str) -> Option<&'static str> {
    let known = [USER, DIRECTORY];
    let lower = unknown.trim().to_ascii_lowercase();
    let part = |known: &&str| !lower.is_empty() && known.to_ascii_lowercase().contains(&lower);
    known
        .into_iter()
        .find(part)
        .or_else(|| nearest(unknown.trim(), known))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(template: &str, directory: &str, user: &str) -> Option<String> {
        let owner = Owner {
            user_id: user.into(),
            user_directory: directory.into(),
            ..Owner::default()
        };
        Template::parse(template).unwrap().fill(&owner)
    }

    #[test]
    fn a_template_creates_addresses_only_from_valid_accounts() {
        let of_user = |user: &str| made("{userId}@example.com", "ACME", user);
        assert_eq!(of_user("ann"), Some("ann@example.com".to_owned()));
        assert_eq!(
            of_user("{userDirectory}").as_deref(),
            Some("{userDirectory}@example.com")
        );
        assert_eq!(
            made(" {userId}@{userDirectory}.example ", "ACME", "ann"),
            Some("ann@ACME.example".to_owned())
        );
        for user in ["ann lee", "", "ann@elsewhere", "a\\b"] {
            assert_eq!(of_user(user), None, "{user}");
        }
        assert_eq!(made("{userId}@{userDirectory}.example", "", "ann"), None);
        let id_alone = |user: &str| made(" {userId} ", "SAML", user);
        assert_eq!(
            id_alone(" ann@example.com"),
            Some("ann@example.com".to_owned())
        );
        assert_eq!(id_alone("ann"), None);
        assert_eq!(made("{userId}", "Internal", "sa@example.com"), None);
        assert_eq!(made("{userId}@example.com", "internal", "sa_api"), None);
    }

    #[test]
    fn an_invalid_template_is_reported_with_its_position_and_a_suggestion() {
        for (template, message, within, hint) in [
            ("info@example.com", "have the same address", None, ""),
            ("{userDirectory}", "have the same address", None, ""),
            ("{userId}{userId}", "it has no `@`", None, ""),
            ("{userId}.example.com", "it has no `@`", None, ""),
            ("{userId}@@example.com", "not make a valid", None, ""),
            ("{userId}@a b", "not make a valid", None, ""),
            ("{userId}@{domain}", "contains `{domain}`", Some(9), ""),
            ("{userid}@example.com", "`{userid}`", Some(0), "`{userId}`"),
            ("{user}@example.com", "`{user}`", Some(0), "`{userId}`"),
            ("{usreId}@example.com", "`{usreId}`", Some(0), "`{userId}`"),
            (
                "{userId}@{directory}",
                "`{directory}`",
                Some(9),
                "`{userDirectory}`",
            ),
            ("{userId}@{}", "contains `{}`", Some(9), ""),
            (
                "{userId}@{userDirectory",
                "incomplete placeholder",
                Some(9),
                "",
            ),
            ("userId}@example.com", "incomplete placeholder", Some(6), ""),
            ("a${userId}@example.com", "a `$` before", Some(1), ""),
        ] {
            let fault = Template::parse(template).unwrap_err();
            assert!(fault.message.contains(message), "{template}: {fault:?}");
            assert_eq!(fault.within, within, "{template}");
            let shown = fault.hint.as_deref().unwrap_or_default();
            assert!(
                shown.contains(hint) && (hint.is_empty() == shown.is_empty()),
                "{fault:?}"
            );
        }
    }
}
