//! Conditions on the records of a list, as QRS expressions. Nothing here touches the network.

use std::borrow::Cow;
use std::fmt;

use crate::error::Error;
use crate::id::{
    AppId, AppObjectId, ContentLibraryId, CustomPropertyDefinitionId, CustomPropertyId,
    DataConnectionId, EngineObjectId, ExecutionResultId, ExtensionId, NodeId, StreamId,
    SystemRuleId, TagId, TaskId, UserId, is_guid,
};
use crate::timestamp::{NEVER, Timestamp};

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
    /// The tree as an expression of QRS. Not blank: QRS refuses an empty expression.
    expression: String,
    tree: Tree,
}

/// A condition as it was built, so that it can be negated.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Tree {
    Comparison(Field, Operator, Literal),
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Raw(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Operator {
    Eq,
    Ne,
    Gt,
    Ge,
    Lt,
    Le,
    StartsWith,
    EndsWith,
    Contains,
}

/// The path of a field of the records, such as `app.stream.name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Field(
    /// Names of letters, digits and underscores, joined by dots; or `@` and the name of a custom property.
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
        Ok(Self::from(Tree::Raw(expression)))
    }

    /// Both conditions are true.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self::from(Tree::And(match (self.tree, other.tree) {
            (Tree::And(mut all), Tree::And(more)) => {
                all.extend(more);
                all
            }
            (Tree::And(mut all), one) => {
                all.push(one);
                all
            }
            (one, other) => vec![one, other],
        }))
    }

    /// At least one of the conditions is true.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self::from(Tree::Or(match (self.tree, other.tree) {
            (Tree::Or(mut all), Tree::Or(more)) => {
                all.extend(more);
                all
            }
            (Tree::Or(mut all), one) => {
                all.push(one);
                all
            }
            (one, other) => vec![one, other],
        }))
    }

    /// The condition is not true.
    ///
    /// `and`, `or` and the comparisons `eq ne gt ge lt le` become their opposites. QRS has no opposite of `sw`, `ew` and `so`:
    /// those, and [raw](Self::raw) expressions, are written as `not (…)`, which Qlik's help does not document.
    ///
    /// ```
    /// use qrs_client::Field;
    ///
    /// let filter = Field::PUBLISHED.equals(true).and(Field::NAME.equals("Sales"));
    /// assert_eq!((!filter).to_string(), "published ne true or name ne 'Sales'");
    /// ```
    #[must_use]
    #[expect(
        clippy::should_implement_trait,
        reason = "`Not` is implemented, too; a method can be chained"
    )]
    pub fn not(self) -> Self {
        Self::from(self.tree.negated())
    }

    /// The expression, not percent-encoded.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.expression
    }
}

impl std::ops::Not for Filter {
    type Output = Self;

    fn not(self) -> Self {
        Self::not(self)
    }
}

impl From<Tree> for Filter {
    fn from(tree: Tree) -> Self {
        let expression = tree.to_string();
        Self { expression, tree }
    }
}

impl Tree {
    fn negated(self) -> Self {
        let all = |trees: Vec<Self>| trees.into_iter().map(Self::negated).collect();
        match self {
            Self::And(trees) => Self::Or(all(trees)),
            Self::Or(trees) => Self::And(all(trees)),
            Self::Not(tree) => *tree,
            Self::Comparison(field, operator, value) => match operator.opposite() {
                Some(opposite) => Self::Comparison(field, opposite, value),
                None => Self::Not(Box::new(Self::Comparison(field, operator, value))),
            },
            Self::Raw(expression) => Self::Not(Box::new(Self::Raw(expression))),
        }
    }

    /// Whether the expression needs no parentheses as an operand.
    fn is_operand(&self) -> bool {
        matches!(self, Self::Comparison(..) | Self::Not(_))
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (trees, word) = match self {
            Self::Comparison(field, operator, value) => {
                return write!(f, "{} {} {}", field.0, operator.as_str(), value.0);
            }
            Self::Not(tree) => return write!(f, "not ({tree})"),
            Self::Raw(expression) => return f.write_str(expression),
            Self::And(trees) => (trees, " and "),
            Self::Or(trees) => (trees, " or "),
        };
        for (at, tree) in trees.iter().enumerate() {
            if at > 0 {
                f.write_str(word)?;
            }
            if tree.is_operand() {
                write!(f, "{tree}")?;
            } else {
                write!(f, "({tree})")?;
            }
        }
        Ok(())
    }
}

impl Operator {
    fn as_str(self) -> &'static str {
        match self {
            Self::Eq => "eq",
            Self::Ne => "ne",
            Self::Gt => "gt",
            Self::Ge => "ge",
            Self::Lt => "lt",
            Self::Le => "le",
            Self::StartsWith => "sw",
            Self::EndsWith => "ew",
            Self::Contains => "so",
        }
    }

    fn opposite(self) -> Option<Self> {
        Some(match self {
            Self::Eq => Self::Ne,
            Self::Ne => Self::Eq,
            Self::Gt => Self::Le,
            Self::Le => Self::Gt,
            Self::Ge => Self::Lt,
            Self::Lt => Self::Ge,
            Self::StartsWith | Self::EndsWith | Self::Contains => return None,
        })
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

    /// A custom property, such as `@Department`, of records that have custom properties: apps, streams, users, tasks.
    ///
    /// ```
    /// use qrs_client::Field;
    ///
    /// let filter = Field::custom_property("Department")?.equals("Sales");
    /// assert_eq!(filter.to_string(), "@Department eq 'Sales'");
    /// # Ok::<(), qrs_client::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Configuration`](crate::ErrorKind::Configuration) if the name does not consist of letters, digits and
    /// underscores. Qlik Sense allows no others.
    pub fn custom_property(name: &str) -> Result<Self, Error> {
        let is_valid = |letter: char| letter.is_alphanumeric() || letter == '_';
        if name.is_empty() || !name.chars().all(is_valid) {
            return Err(Error::configuration(format!(
                "`{}` is not a valid name of a custom property, such as `Department`",
                name.escape_debug()
            )));
        }
        Ok(Self(Cow::Owned(format!("@{name}"))))
    }

    /// The path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The field has this value. The comparison of text ignores case.
    #[must_use]
    pub fn equals(&self, value: impl Into<Literal>) -> Filter {
        self.compare(Operator::Eq, value.into())
    }

    /// The field has another value.
    #[must_use]
    pub fn not_equals(&self, value: impl Into<Literal>) -> Filter {
        self.compare(Operator::Ne, value.into())
    }

    /// The field is greater or later than this.
    #[must_use]
    pub fn greater_than(&self, value: impl Into<Literal>) -> Filter {
        self.compare(Operator::Gt, value.into())
    }

    /// The field is this, or greater or later.
    #[must_use]
    pub fn at_least(&self, value: impl Into<Literal>) -> Filter {
        self.compare(Operator::Ge, value.into())
    }

    /// The field is less or earlier than this.
    #[must_use]
    pub fn less_than(&self, value: impl Into<Literal>) -> Filter {
        self.compare(Operator::Lt, value.into())
    }

    /// The field is this, or less or earlier.
    #[must_use]
    pub fn at_most(&self, value: impl Into<Literal>) -> Filter {
        self.compare(Operator::Le, value.into())
    }

    /// The field's text starts with this.
    #[must_use]
    pub fn starts_with(&self, text: &str) -> Filter {
        self.compare(Operator::StartsWith, text.into())
    }

    /// The field's text ends with this.
    #[must_use]
    pub fn ends_with(&self, text: &str) -> Filter {
        self.compare(Operator::EndsWith, text.into())
    }

    /// The field's text contains this.
    #[must_use]
    pub fn contains(&self, text: &str) -> Filter {
        self.compare(Operator::Contains, text.into())
    }

    /// The field has one of these values: `eq` for each of them. `None` if there are none, which no expression of QRS says.
    ///
    /// ```
    /// use qrs_client::Field;
    ///
    /// let filter = Field::NAME.is_in(["Sales", "Finance"]).unwrap();
    /// assert_eq!(filter.to_string(), "name eq 'Sales' or name eq 'Finance'");
    /// assert_eq!(Field::NAME.is_in(Vec::<&str>::new()), None);
    /// ```
    #[must_use]
    pub fn is_in<V: Into<Literal>>(&self, values: impl IntoIterator<Item = V>) -> Option<Filter> {
        let values = values.into_iter();
        let filters = values.map(|value| self.equals(value));
        filters.reduce(Filter::or)
    }

    fn compare(&self, operator: Operator, value: Literal) -> Filter {
        Filter::from(Tree::Comparison(self.clone(), operator, value))
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
            Timestamp::Never => Self::quoted(NEVER),
            at => Self::quoted(&at.to_string()),
        }
    }
}

/// A point in time, as [`Timestamp`].
impl From<std::time::SystemTime> for Literal {
    fn from(time: std::time::SystemTime) -> Self {
        Self::from(&Timestamp::from(time))
    }
}

/// A point in time, as [`Timestamp`].
#[cfg(feature = "with-jiff-0_2")]
impl From<jiff::Timestamp> for Literal {
    fn from(time: jiff::Timestamp) -> Self {
        Self::from(&Timestamp::from(time))
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

guid_literals! {
    AppId AppObjectId ContentLibraryId CustomPropertyDefinitionId CustomPropertyId DataConnectionId
    ExecutionResultId ExtensionId NodeId StreamId SystemRuleId TagId TaskId UserId
}

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
    fn the_opposite_of_a_condition_has_the_opposite_operators() {
        let (name, published) = (Field::NAME, Field::PUBLISHED.equals(true));
        for (operator, opposite) in [("eq", "ne"), ("gt", "le"), ("ge", "lt")] {
            let filter = |operator: &str| match operator {
                "eq" => name.equals("a"),
                "gt" => name.greater_than("a"),
                _ => name.at_least("a"),
            };
            let negated = filter(operator).not();
            check(&negated, &format!("name {opposite} 'a'"));
            check(&negated.not(), &format!("name {operator} 'a'"));
        }
        check(&name.contains("a").not(), "not (name so 'a')");
        check(&name.contains("a").not().not(), "name so 'a'");
        let mixed = name.equals("a").or(name.starts_with("b")).and(published);
        check(
            &mixed.not(),
            "(name ne 'a' and not (name sw 'b')) or published ne true",
        );
        let raw = Filter::raw("x eq 1 or y eq 2").unwrap();
        check(&raw.not(), "not (x eq 1 or y eq 2)");
    }

    #[test]
    fn a_name_of_a_custom_property_is_letters_and_digits() {
        assert_eq!(
            Field::custom_property("Größe_2").unwrap().as_str(),
            "@Größe_2"
        );
        for name in ["", "a b", "@a", "a'", "a.b"] {
            assert!(Field::custom_property(name).is_err(), "{name}");
        }
    }

    #[test]
    fn times_are_written_as_qrs_expects_them() {
        let time = std::time::UNIX_EPOCH + std::time::Duration::from_millis(1_500);
        check(
            &Field::MODIFIED_DATE.at_least(time),
            "modifiedDate ge '1970-01-01T00:00:01.500Z'",
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
