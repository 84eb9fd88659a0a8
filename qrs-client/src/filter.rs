//! Conditions on the records of a list, as QRS expressions. Nothing here touches the network.

mod field;
mod literal;
mod tree;

use std::fmt;

use crate::error::Error;
pub use field::Field;
pub use literal::Literal;
use tree::Tree;

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

impl fmt::Display for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.expression)
    }
}

#[cfg(test)]
mod tests;
