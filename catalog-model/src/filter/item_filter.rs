//! The filter of a connection: its universal rules, then its rich filter. An item has to pass both.

use std::sync::Arc;

use super::{
    criteria::{Criterion, Subject},
    evaluate::{decisive, holds},
    expression::Node,
    regex::GaveUp,
    rule::{Decision, Fate, FilterRule, RuleCounts, RuleId, Undecided},
    universal::{Action, UniversalRule},
};
use crate::Settings;

mod read_rich;
mod read_rules;

/// The filter of a connection.
#[derive(Clone, Debug)]
pub struct ItemFilter {
    universal: Vec<UniversalRule>,
    rich: Option<Node>,
    /// All of them by name: those of `filters`, then `filter`.
    rules: Vec<Arc<FilterRule>>,
}

impl ItemFilter {
    /// Reads the settings `filters` and `filter`; nothing comes back where neither is set, or one is wrong, which
    /// [`Settings::problems`] then tells.
    pub fn read(settings: &mut Settings, criteria: &'static [Criterion]) -> Option<Self> {
        let universal = read_rules::read(settings, criteria);
        let rich = read_rich::read(settings, criteria);
        settings.check().ok()?;
        let mut filter = Self {
            universal: Vec::new(),
            rich: None,
            rules: Vec::new(),
        };
        for (rule, named) in universal {
            filter.universal.push(rule);
            filter.rules.push(Arc::new(named));
        }
        if let Some((node, place)) = rich {
            filter.rules.push(Arc::new(FilterRule {
                id: RuleId(filter.rules.len()),
                name: read_rich::KEY.to_owned(),
                place,
                text: node.to_string(),
            }));
            filter.rich = Some(node);
        }
        (!filter.rules.is_empty()).then_some(filter)
    }

    /// All rules, in the order in which they are asked. A [`RuleId`] is a place in this list.
    #[must_use]
    pub fn rules(&self) -> &[Arc<FilterRule>] {
        &self.rules
    }

    /// The rule with this id.
    #[must_use]
    pub fn rule(&self, id: RuleId) -> Option<&Arc<FilterRule>> {
        self.rules.get(id.0)
    }

    /// Counts for all rules, nothing counted yet.
    #[must_use]
    pub fn counts(&self) -> RuleCounts {
        RuleCounts::new(self.rules.len(), self.rich_id())
    }

    /// Decides what becomes of an item.
    ///
    /// # Errors
    /// When a pattern gives up on it.
    pub fn decide<S: Subject + ?Sized>(&self, subject: &S) -> Result<Decision, Undecided> {
        let mut catalog = None;
        let mut matched = None;
        for (index, rule) in self.universal.iter().enumerate() {
            let id = RuleId(index);
            if !rule
                .matches(subject)
                .map_err(|why| self.undecided(id, why))?
            {
                continue;
            }
            matched = Some(id);
            if rule.action == Action::Reject {
                let fate = Fate::Leave { rule: id };
                return Ok(Decision { matched, fate });
            }
            catalog.clone_from(&rule.catalog);
            break;
        }
        let fate = match (&self.rich, self.rich_id()) {
            (Some(node), Some(rule))
                if !holds(node, subject).map_err(|why| self.undecided(rule, why))? =>
            {
                Fate::Leave { rule }
            }
            _ => Fate::Keep { catalog },
        };
        Ok(Decision { matched, fate })
    }

    /// The comparisons of the rich filter that decided about an item, as they are written: where it does not hold, what
    /// kept it from holding. None where there is no rich filter.
    ///
    /// # Errors
    /// When a pattern gives up on it.
    pub fn decisive<S: Subject + ?Sized>(&self, subject: &S) -> Result<Vec<String>, Undecided> {
        match (&self.rich, self.rich_id()) {
            (Some(node), Some(rule)) => {
                decisive(node, subject).map_err(|why| self.undecided(rule, why))
            }
            _ => Ok(Vec::new()),
        }
    }

    fn rich_id(&self) -> Option<RuleId> {
        self.rich.as_ref().map(|_| RuleId(self.universal.len()))
    }

    fn undecided(&self, rule: RuleId, why: GaveUp) -> Undecided {
        let GaveUp {
            pattern,
            position,
            why,
        } = why;
        let rule = &self.rules[rule.0];
        let at = if rule.id == RuleId(self.universal.len()) {
            format!(" {position}")
        } else {
            String::new()
        };
        Undecided {
            place: rule.place.clone(),
            message: format!(
                "the pattern `{pattern}`{at} of `{}` took {why} on an item",
                rule.name
            ),
            hint: "write it without repetitions within repetitions, look-around or back references"
                .to_owned(),
        }
    }
}
