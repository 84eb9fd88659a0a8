//! The filter of a connection: its universal rules, then its rich filter. An item must pass both.

use std::{collections::BTreeSet, sync::Arc};

use super::{
    criteria::{Criterion, Subject},
    evaluate::{Cause, Ground, Truth, grounds, holds},
    expression::Formula,
    regex::Budget,
    rule::{Decision, Evaluation, FilterRule, RuleCounts, RuleId, Silence, UnknownCause},
    universal::{Action, Outcome, UniversalRule},
};
use crate::Settings;

mod read_rich;
mod read_rules;

/// The filter of a connection.
#[derive(Clone, Debug)]
pub struct ItemFilter {
    universal: Vec<UniversalRule>,
    rich: Option<Formula>,
    /// All rules: those of `filters`, then `filter`.
    rules: Vec<Arc<FilterRule>>,
}

impl ItemFilter {
    /// Reads the settings `filters` and `filter`. `None` if neither is set or one is invalid; [`Settings::problems`]
    /// then lists the mistakes.
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

    /// All rules, in the order of evaluation. A [`RuleId`] is an index of this list.
    #[must_use]
    pub fn rules(&self) -> &[Arc<FilterRule>] {
        &self.rules
    }

    /// A text that differs if another decision of the filter may differ: its rules in their order.
    #[must_use]
    pub fn signature(&self) -> String {
        let catalogs = self.universal.iter().map(|rule| rule.catalog.as_deref());
        let catalogs: Vec<_> = catalogs.collect();
        let rules = self
            .rules
            .iter()
            .map(|rule| (&rule.text, self.is_rich(rule.id)));
        format!("{:?} {catalogs:?}", rules.collect::<Vec<_>>())
    }

    /// The rule with this id.
    #[must_use]
    pub fn rule(&self, id: RuleId) -> Option<&Arc<FilterRule>> {
        self.rules.get(id.0)
    }

    /// Formats a rule for a message: "the filter (connections/a.conf:7:1)", "the rule `drafts` (…)".
    #[must_use]
    pub fn called(&self, id: RuleId) -> String {
        match self.rule(id) {
            Some(rule) if self.is_rich(id) => format!("the filter ({})", rule.place),
            Some(rule) => format!("the rule `{}` ({})", rule.name, rule.place),
            None => "a rule".to_owned(),
        }
    }

    /// Creates counts for all rules, starting at zero.
    #[must_use]
    pub fn counts(&self) -> RuleCounts {
        RuleCounts::new(self.rules.len(), self.rich_id())
    }

    /// Why a rule matched none of the counted items, if that is unexpected. `None` if no items were counted, or if the
    /// rule matches all remaining items, which may be none.
    #[must_use]
    pub fn silence(&self, id: RuleId, counts: &RuleCounts) -> Option<Silence> {
        let rule = self.universal.get(id.0);
        let takes_what_is_left = rule.is_some_and(|rule| rule.terms.is_empty());
        counts.silence(id).filter(|_| !takes_what_is_left)
    }

    /// Whether a rule is the rich filter.
    #[must_use]
    pub fn is_rich(&self, id: RuleId) -> bool {
        self.rich_id() == Some(id)
    }

    /// The names of the lists of a family that the filter uses, each once: for `custom_property`, the names of custom
    /// properties.
    #[must_use]
    pub fn names_used(&self, family: &str) -> BTreeSet<&str> {
        let of_rules = self.universal.iter().flat_map(|rule| &rule.terms);
        let mut used: Vec<_> = of_rules.map(|(used, _)| used).collect();
        if let Some(node) = &self.rich {
            node.collect_used(&mut used);
        }
        let of_family = used
            .into_iter()
            .filter(|used| used.criterion.name == family);
        of_family.filter_map(|used| used.name.as_deref()).collect()
    }

    /// Decides about an item.
    pub fn decide<S: Subject + ?Sized>(&self, subject: &S) -> Evaluation {
        let budget = Budget::new();
        let Evaluation { matched, decision } = self.ask_rules(subject, &budget);
        let decision = match decision {
            excluded @ Decision::Exclude { .. } => excluded,
            decision => self.ask_rich(subject, decision, &budget),
        };
        Evaluation { matched, decision }
    }

    /// The decision of the universal rules: the first matching rule decides. An earlier rule that may match leaves the
    /// item undecided, unless it has the same outcome.
    fn ask_rules<S: Subject + ?Sized>(&self, subject: &S, budget: &Budget) -> Evaluation {
        let mut matched = None;
        // The first rule that may match, and whether all others that may match have the same outcome.
        let mut open: Option<(RuleId, Cause<'_>)> = None;
        let mut agree = true;
        let outcome = |rule: RuleId| self.universal[rule.0].outcome();
        for (index, rule) in self.universal.iter().enumerate() {
            let id = RuleId(index);
            match rule.matches(subject, budget) {
                Truth::Fails => {}
                Truth::Unknown(cause) => {
                    let (first, _) = *open.get_or_insert((id, cause));
                    agree &= outcome(first) == outcome(id);
                }
                Truth::Holds => {
                    matched = Some(id);
                    break;
                }
            }
        }
        let last = matched.map_or(Outcome::NO_RULE, outcome);
        let decision = match (open, matched) {
            (Some((rule, cause)), _) if !agree || outcome(rule) != last => unknown(rule, cause),
            (_, Some(rule)) if last.action == Action::Reject => self.exclude(rule),
            _ => Decision::Keep {
                catalog: last.catalog.cloned(),
            },
        };
        Evaluation { matched, decision }
    }

    /// The decision of the rich filter after the universal rules made `decision`. An item that it excludes is excluded
    /// even if other values are unknown.
    fn ask_rich<S: Subject + ?Sized>(
        &self,
        subject: &S,
        decision: Decision,
        budget: &Budget,
    ) -> Decision {
        let (Some(node), Some(rule)) = (&self.rich, self.rich_id()) else {
            return decision;
        };
        match holds(node, subject, budget) {
            Truth::Holds => decision,
            Truth::Fails => self.exclude(rule),
            Truth::Unknown(_) if matches!(decision, Decision::Undecided { .. }) => decision,
            Truth::Unknown(cause) => unknown(rule, cause),
        }
    }

    fn exclude(&self, rule: RuleId) -> Decision {
        let rule = Arc::clone(&self.rules[rule.0]);
        Decision::Exclude { rule }
    }

    /// Why a rule excluded an item: the text of the rule, or the comparisons of the rich filter that decided.
    pub fn because<S: Subject + ?Sized>(&self, subject: &S, rule: RuleId) -> Vec<String> {
        match &self.rich {
            Some(node) if self.is_rich(rule) => {
                let written = |ground| {
                    let Ground {
                        comparison,
                        verdict,
                    } = ground;
                    format!("`{comparison}` {verdict}")
                };
                grounds(node, subject).into_iter().map(written).collect()
            }
            _ => {
                let rule = self.rule(rule).into_iter();
                rule.map(|rule| format!("`{}`", rule.text)).collect()
            }
        }
    }

    fn rich_id(&self) -> Option<RuleId> {
        self.rich.as_ref().map(|_| RuleId(self.universal.len()))
    }
}

fn unknown(rule: RuleId, cause: Cause<'_>) -> Decision {
    let cause = match cause {
        Cause::NotRead(used) => UnknownCause::Criterion(used.to_string()),
        Cause::PatternLimit(limit_error) => UnknownCause::Pattern(limit_error.into()),
    };
    Decision::Undecided { rule, cause }
}
