//! The fields of records, and comparisons with their values.

use std::borrow::Cow;

use super::tree::{Operator, Tree};
use super::{Filter, Literal};
use crate::error::Error;

/// The path of a field of the records, such as `app.stream.name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Field(
    /// Names of letters, digits and underscores, joined by dots; or `@` and the name of a custom property.
    Cow<'static, str>,
);

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

    /// The field has one of these values: an `eq` for each, joined by `or`. `None` for an empty list, because QRS has no expression
    /// that is never true.
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
