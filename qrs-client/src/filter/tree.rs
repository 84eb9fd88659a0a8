//! A condition as it was built, and the expression of QRS for it.

use std::fmt;

use super::{Field, Literal};

/// A condition as it was built, so that it can be negated.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Tree {
    Comparison(Field, Operator, Literal),
    And(Vec<Self>),
    Or(Vec<Self>),
    Not(Box<Self>),
    Raw(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Operator {
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

impl Tree {
    pub(super) fn negated(self) -> Self {
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
                return write!(
                    f,
                    "{} {} {}",
                    field.as_str(),
                    operator.as_str(),
                    value.as_str()
                );
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
