//! Expressions as a tree, and their printed form.

use std::{collections::HashSet, fmt};

use memchr::memmem::Finder;

use super::{
    criteria::{CriterionKind, UsedCriterion},
    glob::Glob,
    lexer::is_word,
    regex::Regex,
};

/// A node of an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Formula {
    Always,
    Never,
    Not(Box<Self>),
    /// Two or more that must hold.
    And(Vec<Self>),
    /// Two or more; at least one must hold.
    Or(Vec<Self>),
    Comparison(Operand, Condition),
    Each(Box<Each>),
}

/// The left side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Operand {
    Criterion(UsedCriterion),
    /// A value of the list of the `outward`-th enclosing `any` or `all`, counted from the innermost.
    Value {
        name: Box<str>,
        outward: usize,
    },
}

/// A condition on the values of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Each {
    pub(super) quantifier: Quantifier,
    /// The name of a value in the condition.
    pub(super) value: Box<str>,
    pub(super) list: UsedCriterion,
    pub(super) condition: Formula,
}

/// For how many values a condition must hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantifier {
    Any,
    All,
}

/// A condition on a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Condition {
    Equals(Box<str>),
    Differs(Box<str>),
    In(Texts),
    NotIn(Texts),
    StartsWith(Box<str>),
    EndsWith(Box<str>),
    Contains(Substring),
    Glob(Glob),
    Regex(Regex),
    IsNull,
    IsNotNull,
}

/// Texts that a value may be equal to.
#[derive(Clone, Debug)]
pub(super) struct Texts {
    written: Vec<Box<str>>,
    /// The same texts as a set, if there are many.
    quick: Option<HashSet<Box<str>>>,
}

/// Number of texts from which a hash set is faster than comparing each of them.
const MIN_HASHED_TEXTS: usize = 12;

/// A text to search for in other texts, with a prepared searcher.
#[derive(Clone, Debug)]
pub(super) struct Substring {
    written: Box<str>,
    finder: Box<Finder<'static>>,
}

impl Texts {
    pub(super) fn new(written: Vec<Box<str>>) -> Self {
        let quick = (written.len() >= MIN_HASHED_TEXTS).then(|| written.iter().cloned().collect());
        Self { written, quick }
    }

    pub(super) fn has(&self, text: &str) -> bool {
        match &self.quick {
            Some(quick) => quick.contains(text),
            None => self.written.iter().any(|known| **known == *text),
        }
    }
}

impl Substring {
    pub(super) fn new(text: &str) -> Self {
        Self {
            written: text.into(),
            finder: Box::new(Finder::new(text).into_owned()),
        }
    }

    pub(super) fn is_in(&self, text: &str) -> bool {
        self.finder.find(text.as_bytes()).is_some()
    }
}

impl PartialEq for Texts {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for Texts {}

impl PartialEq for Substring {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

impl Eq for Substring {}

impl Condition {
    /// Whether the condition is negative, so that it holds for a missing text.
    pub(super) fn is_negative(&self) -> bool {
        matches!(self, Self::Differs(_) | Self::NotIn(_))
    }
}

/// The precedence of the operator around a formula.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Around {
    Nothing,
    Or,
    And,
    Not,
}

impl Formula {
    /// Adds each criterion that is used.
    pub(super) fn collect_used<'n>(&'n self, used: &mut Vec<&'n UsedCriterion>) {
        match self {
            Self::Always | Self::Never | Self::Comparison(Operand::Value { .. }, _) => {}
            Self::Not(inner) => inner.collect_used(used),
            Self::And(nodes) | Self::Or(nodes) => {
                nodes.iter().for_each(|node| node.collect_used(used));
            }
            Self::Comparison(Operand::Criterion(criterion), _) => used.push(criterion),
            Self::Each(each) => {
                used.push(&each.list);
                each.condition.collect_used(used);
            }
        }
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, around: Around) -> fmt::Result {
        let parentheses = match self {
            Self::Or(_) => around >= Around::Or,
            Self::And(_) => around >= Around::And,
            // Its condition extends as far as possible.
            Self::Each(_) => around > Around::Nothing,
            _ => false,
        };
        if parentheses {
            f.write_str("(")?;
        }
        match self {
            Self::Always => f.write_str("always")?,
            Self::Never => f.write_str("never")?,
            Self::Not(inner) => {
                f.write_str("not ")?;
                inner.write(f, Around::Not)?;
            }
            Self::And(nodes) => write_joined(f, nodes, " and ", Around::And)?,
            Self::Or(nodes) => write_joined(f, nodes, " or ", Around::Or)?,
            Self::Comparison(operand, condition) => write!(f, "{operand} {condition}")?,
            Self::Each(each) => write!(f, "{each}")?,
        }
        if parentheses {
            f.write_str(")")?;
        }
        Ok(())
    }
}

fn write_joined(
    f: &mut fmt::Formatter<'_>,
    nodes: &[Formula],
    joint: &str,
    around: Around,
) -> fmt::Result {
    for (index, node) in nodes.iter().enumerate() {
        if index > 0 {
            f.write_str(joint)?;
        }
        node.write(f, around)?;
    }
    Ok(())
}

impl fmt::Display for Formula {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Around::Nothing)
    }
}

impl fmt::Display for Each {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self.quantifier {
            Quantifier::Any => "any",
            Quantifier::All => "all",
        };
        let Self {
            value,
            list,
            condition,
            ..
        } = self;
        write!(f, "{word} {value} in {list} match {condition}")
    }
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Criterion(used) => write!(f, "{used}"),
            Self::Value { name, .. } => f.write_str(name),
        }
    }
}

impl fmt::Display for UsedCriterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.criterion.name)?;
        let Some(name) = &self.name else {
            return Ok(());
        };
        debug_assert_eq!(self.criterion.kind, CriterionKind::NamedLists);
        let plain = |segment: &str| !segment.is_empty() && segment.chars().all(is_word);
        if name.split('.').all(plain) {
            write!(f, ".{name}")
        } else {
            write!(f, ".{}", Quoted(name))
        }
    }
}

impl fmt::Display for Condition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Equals(text) => write!(f, "= {}", Quoted(text)),
            Self::Differs(text) => write!(f, "!= {}", Quoted(text)),
            Self::In(texts) => write!(f, "in {texts}"),
            Self::NotIn(texts) => write!(f, "not in {texts}"),
            Self::StartsWith(text) => write!(f, "starts with {}", Quoted(text)),
            Self::EndsWith(text) => write!(f, "ends with {}", Quoted(text)),
            Self::Contains(part) => write!(f, "contains {}", Quoted(&part.written)),
            Self::Glob(glob) => write!(f, "~ {glob}"),
            Self::Regex(regex) => write!(f, "~ {regex}"),
            Self::IsNull => f.write_str("is null"),
            Self::IsNotNull => f.write_str("is not null"),
        }
    }
}

impl fmt::Display for Texts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written: Vec<_> = self
            .written
            .iter()
            .map(|text| Quoted(text).to_string())
            .collect();
        write!(f, "({})", written.join(", "))
    }
}

/// A text in quotes.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("'")?;
        for character in self.0.chars() {
            if matches!(character, '\'' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{character}")?;
        }
        f.write_str("'")
    }
}
