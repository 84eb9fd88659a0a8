//! Conditions on the records of a list, as QRS expressions. Nothing here touches the network.

use std::borrow::Cow;
use std::fmt;

use crate::error::Error;
use crate::id::{AppId, AppObjectId, EngineObjectId, StreamId, UserId, is_guid};
use crate::timestamp::Timestamp;

/// A condition on the records of a list, or several conditions that are combined.
///
/// ```
/// use qrs_client::{AppId, Field};
///
/// let app = AppId::from("12f964b0-fc25-4de6-9803-30749b21d192");
/// let filter = Field::OBJECT_TYPE
///     .equals("sheet")
///     .and(Field::APP_ID.equals(&app).or(Field::APP_NAME.equals("Sales '24")));
/// assert_eq!(
///     filter.to_string(),
///     r"objectType eq 'sheet' and (app.id eq 12f964b0-fc25-4de6-9803-30749b21d192 or app.name eq 'Sales \'24')"
/// );
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Filter {
    /// Not blank: QRS refuses an empty expression.
    expression: String,
    form: Form,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Form {
    Comparison,
    And,
    Or,
    Raw,
}

/// The path of a field of the records, such as `app.stream.name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Field(
    /// Names of letters, digits and underscores, joined by dots.
    Cow<'static, str>,
);

/// A value to compare a field with, in the syntax of QRS: text and times in quotes; GUIDs, booleans and numbers without.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Literal(String);

impl Filter {
    /// Creates a filter from an expression, for conditions that the other constructors do not support.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if it is blank, which QRS
    /// refuses.
    pub fn raw(expression: impl Into<String>) -> Result<Self, Error> {
        let expression = expression.into();
        if expression.trim().is_empty() {
            return Err(Error::configuration("a filter cannot be empty"));
        }
        let form = Form::Raw;
        Ok(Self { expression, form })
    }

    /// Both conditions are true.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        self.join(Form::And, " and ", other)
    }

    /// At least one of the conditions is true.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        self.join(Form::Or, " or ", other)
    }

    /// The expression, not percent-encoded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.expression
    }

    fn join(self, form: Form, word: &str, other: Self) -> Self {
        let expression = self.within(form) + word + &other.within(form);
        Self { expression, form }
    }

    /// The expression as an operand, in parentheses if they are needed.
    fn within(self, outer: Form) -> String {
        if self.form == Form::Comparison || self.form == outer {
            self.expression
        } else {
            format!("({})", self.expression)
        }
    }
}

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.expression)
    }
}

macro_rules! fields {
    ($($name:ident = $path:literal)*) => {
        /// Common fields.
        impl Field {
            $(
                #[doc = concat!("The field `", $path, "`.")]
                pub const $name: Self = Self(Cow::Borrowed($path));
            )*
        }
    };
}

fields! {
    ID = "id"
    NAME = "name"
    DESCRIPTION = "description"
    CREATED_DATE = "createdDate"
    MODIFIED_DATE = "modifiedDate"
    PUBLISHED = "published"
    PUBLISH_TIME = "publishTime"
    APPROVED = "approved"
    OBJECT_TYPE = "objectType"
    ENGINE_OBJECT_ID = "engineObjectId"
    APP_ID = "app.id"
    APP_NAME = "app.name"
    APP_PUBLISHED = "app.published"
    APP_STREAM_ID = "app.stream.id"
    APP_STREAM_NAME = "app.stream.name"
    STREAM_ID = "stream.id"
    STREAM_NAME = "stream.name"
    OWNER_ID = "owner.id"
    OWNER_USER_ID = "owner.userId"
    OWNER_USER_DIRECTORY = "owner.userDirectory"
    USER_ID = "userId"
    USER_DIRECTORY = "userDirectory"
    TAGS_NAME = "tags.name"
}

impl Field {
    /// Reads the path of a field.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if it does not consist of names of
    /// letters, digits and underscores, separated by dots.
    pub fn parse(path: &str) -> Result<Self, Error> {
        let is_name = |name: &str| {
            name.starts_with(|first: char| first.is_ascii_alphabetic())
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        };
        if !path.split('.').all(is_name) {
            return Err(Error::configuration(format!(
                "`{}` is not a valid path of a field, such as `app.stream.name`",
                path.escape_debug()
            )));
        }
        Ok(Self(Cow::Owned(path.to_owned())))
    }

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The field has this value. The comparison of text ignores case.
    #[must_use]
    pub fn equals(&self, value: impl Into<Literal>) -> Filter {
        self.compare("eq", value.into())
    }

    /// The field has another value.
    #[must_use]
    pub fn not_equals(&self, value: impl Into<Literal>) -> Filter {
        self.compare("ne", value.into())
    }

    /// The field is greater or later than this.
    #[must_use]
    pub fn greater_than(&self, value: impl Into<Literal>) -> Filter {
        self.compare("gt", value.into())
    }

    /// The field is this, or greater or later.
    #[must_use]
    pub fn at_least(&self, value: impl Into<Literal>) -> Filter {
        self.compare("ge", value.into())
    }

    /// The field is less or earlier than this.
    #[must_use]
    pub fn less_than(&self, value: impl Into<Literal>) -> Filter {
        self.compare("lt", value.into())
    }

    /// The field is this, or less or earlier.
    #[must_use]
    pub fn at_most(&self, value: impl Into<Literal>) -> Filter {
        self.compare("le", value.into())
    }

    /// The field's text starts with this.
    #[must_use]
    pub fn starts_with(&self, text: &str) -> Filter {
        self.compare("sw", text.into())
    }

    /// The field's text ends with this.
    #[must_use]
    pub fn ends_with(&self, text: &str) -> Filter {
        self.compare("ew", text.into())
    }

    /// The field's text contains this.
    #[must_use]
    pub fn contains(&self, text: &str) -> Filter {
        self.compare("so", text.into())
    }

    fn compare(&self, operator: &str, value: Literal) -> Filter {
        let expression = format!("{} {operator} {}", self.0, value.0);
        let form = Form::Comparison;
        Filter { expression, form }
    }
}

impl Literal {
    /// Quotes and backslashes are escaped by a backslash; QRS refuses a doubled quote.
    fn quoted(text: &str) -> Self {
        let escaped = text.replace('\\', "\\\\").replace('\'', "\\'");
        Self(format!("'{escaped}'"))
    }

    fn guid(id: &str) -> Self {
        if is_guid(id) {
            Self(id.to_owned())
        } else {
            Self::quoted(id)
        }
    }
}

impl From<&str> for Literal {
    fn from(text: &str) -> Self {
        Self::quoted(text)
    }
}

impl From<&String> for Literal {
    fn from(text: &String) -> Self {
        Self::quoted(text)
    }
}

impl From<bool> for Literal {
    fn from(value: bool) -> Self {
        Self(value.to_string())
    }
}

impl From<i64> for Literal {
    fn from(number: i64) -> Self {
        Self(number.to_string())
    }
}

/// `Never` becomes the date that sites write for it.
impl From<&Timestamp> for Literal {
    fn from(timestamp: &Timestamp) -> Self {
        match timestamp {
            Timestamp::Never => Self::quoted("1753-01-01T00:00:00.000Z"),
            at => Self::quoted(&at.to_string()),
        }
    }
}

/// Always in quotes: the field is text, and only some of its values look like GUIDs.
impl From<&EngineObjectId> for Literal {
    fn from(id: &EngineObjectId) -> Self {
        Self::quoted(id.as_str())
    }
}

macro_rules! guid_literals {
    ($($id:ident)*) => {
        $(
            impl From<&$id> for Literal {
                fn from(id: &$id) -> Self {
                    Self::guid(id.as_str())
                }
            }
        )*
    };
}

guid_literals! { AppId AppObjectId StreamId UserId }

#[cfg(test)]
mod tests {
    use super::*;

    fn check(filter: &Filter, expected: &str) {
        assert_eq!(filter.to_string(), expected);
    }

    #[test]
    fn each_comparison_has_its_operator() {
        let field = Field::NAME;
        check(&field.equals("a"), "name eq 'a'");
        check(&field.not_equals("a"), "name ne 'a'");
        check(&field.greater_than("a"), "name gt 'a'");
        check(&field.at_least("a"), "name ge 'a'");
        check(&field.less_than("a"), "name lt 'a'");
        check(&field.at_most("a"), "name le 'a'");
        check(&field.starts_with("a"), "name sw 'a'");
        check(&field.ends_with("a"), "name ew 'a'");
        check(&field.contains("a"), "name so 'a'");
    }

    #[test]
    fn literals_have_the_syntax_of_qrs() {
        let guid = "aaec8d41-5201-43ab-809f-3063750dfafd";
        check(&Field::PUBLISHED.equals(true), "published eq true");
        check(
            &Field::ID.equals(&AppId::from(guid)),
            &format!("id eq {guid}"),
        );
        check(
            &Field::ID.equals(&AppId::from("x' or 1")),
            "id eq 'x\\' or 1'",
        );
        check(
            &Field::ENGINE_OBJECT_ID.equals(&EngineObjectId::from(guid)),
            &format!("engineObjectId eq '{guid}'"),
        );
        check(&Field::NAME.equals("a'b\\c"), "name eq 'a\\'b\\\\c'");
        check(
            &Field::MODIFIED_DATE.at_least(&Timestamp::At(0)),
            "modifiedDate ge '1970-01-01T00:00:00.000Z'",
        );
        check(
            &Field::PUBLISH_TIME.equals(&Timestamp::Never),
            "publishTime eq '1753-01-01T00:00:00.000Z'",
        );
        check(
            &Field::parse("fileSize").unwrap().greater_than(5),
            "fileSize gt 5",
        );
    }

    #[test]
    fn parentheses_are_written_only_if_needed() {
        let [a, b, c] = ["a", "b", "c"].map(|name| Field::NAME.equals(name));
        let and = a.clone().and(b.clone());
        check(
            &and.clone().and(c.clone()),
            "name eq 'a' and name eq 'b' and name eq 'c'",
        );
        check(
            &and.or(c.clone()),
            "(name eq 'a' and name eq 'b') or name eq 'c'",
        );
        check(
            &c.and(a.or(b)),
            "name eq 'c' and (name eq 'a' or name eq 'b')",
        );
        let raw = Filter::raw("x eq 1 or y eq 2").unwrap();
        check(
            &raw.and(Field::PUBLISHED.equals(false)),
            "(x eq 1 or y eq 2) and published eq false",
        );
    }

    #[test]
    fn an_empty_expression_and_an_invalid_path_are_refused() {
        assert!(Filter::raw(" ").is_err());
        assert_eq!(
            Field::parse("app.stream.name").unwrap(),
            Field::APP_STREAM_NAME
        );
        for path in ["", "a..b", ".a", "a b", "a'", "1a", "a eq 1"] {
            assert!(Field::parse(path).is_err(), "{path}");
        }
    }
}
