//! The setting `filters`: a list of rules, each a block.

use std::{collections::HashMap, sync::Arc};

use crate::{
    Place, Settings,
    filter::{
        criteria::{Criterion, UsedCriterion},
        error::excerpt,
        glob::Glob,
        lexer,
        parser::{MAX_REGEXES, MAX_TERMS},
        regex::{Flags, InvalidRegex, Regex},
        rule::{FilterRule, RuleId},
        universal::{Action, UniversalPattern, UniversalRule},
    },
    nearest,
    settings::{Located, Node, Object, PlaceKind, SettingProblem, Value},
};

use super::read_rich;

const KEY: &str = "filters";
const KEYS: [&str; 4] = ["id", "action", "catalog", "rules"];
const ACTIONS: [(&str, Action); 2] = [("ACCEPT", Action::Accept), ("REJECT", Action::Reject)];
const REGEX: &str = "regex:";

/// The valid rules. Problems of the others are recorded in the settings.
pub(super) fn read(
    settings: &mut Settings,
    criteria: &[Criterion],
) -> Vec<(UniversalRule, FilterRule)> {
    let mut rules: Vec<(UniversalRule, FilterRule)> = Vec::new();
    let mut names: HashMap<String, Place> = HashMap::new();
    let mut budget = Budget {
        terms: MAX_TERMS,
        regexes: MAX_REGEXES,
    };
    for (index, Located { value, place }) in settings.blocks(KEY).into_iter().enumerate() {
        let mut reader = RuleReader {
            settings: &mut *settings,
            criteria,
            number: index + 1,
            place,
            budget: &mut budget,
        };
        let Some((rule, named)) = reader.rule(&value) else {
            continue;
        };
        if let Some(former) = names.get(&named.name) {
            let message = format!("two rules of `{KEY}` have the id `{}`", named.name);
            let hint = format!("the other one is at {former}; rename one");
            let place = value
                .setting("id")
                .map_or_else(|| named.place.clone(), |id| id.place.clone());
            reader.refuse(".id", &place, message, hint);
        }
        names
            .entry(named.name.clone())
            .or_insert_with(|| named.place.clone());
        rules.push((rule, named));
    }
    rules
}

struct RuleReader<'a> {
    settings: &'a mut Settings,
    criteria: &'a [Criterion],
    /// Counted from 1.
    number: usize,
    place: Place,
    budget: &'a mut Budget,
}

/// The remaining number of patterns of all rules together.
struct Budget {
    terms: usize,
    regexes: usize,
}

impl RuleReader<'_> {
    fn rule(&mut self, block: &Object) -> Option<(UniversalRule, FilterRule)> {
        for (key, setting) in block.all_settings().filter(|(key, _)| !KEYS.contains(key)) {
            let number = self.number;
            let message = format!("rule {number} of `{KEY}` has no setting `{}`", excerpt(key));
            let hint = match (nearest(key, KEYS), UsedCriterion::find(self.criteria, key)) {
                (Some(near), _) => format!("did you mean `{near}`?"),
                (None, Ok(_)) => format!("conditions belong in `rules {{ {key} = … }}`"),
                (None, Err(_)) => "it has `id`, `action`, `catalog` and `rules`".to_owned(),
            };
            self.refuse(&format!(".{key}"), &setting.place, message, hint);
        }
        let action = self.action(block);
        let id = self.id(block);
        let catalog = self.catalog(block, action);
        let terms = self.terms(block);
        let (action, terms) = (action?, terms?);
        let named = FilterRule {
            id: RuleId(self.number - 1),
            name: id.unwrap_or_else(|| format!("rule {}", self.number)),
            place: self.place.clone(),
            text: printed(action, &terms),
        };
        let terms = terms.into_iter().map(|term| (term.used, term.pattern));
        let rule = UniversalRule {
            action,
            catalog,
            terms: terms.collect(),
        };
        Some((rule, named))
    }

    fn id(&mut self, block: &Object) -> Option<String> {
        let id = self.text(block, "id")?;
        if id == read_rich::KEY {
            let message = format!(
                "`id` of rule {} of `{KEY}` is `{id}`, which reports use for the expression `filter`",
                self.number
            );
            let place = block.setting("id").map_or(&self.place, |id| &id.place);
            self.refuse(
                ".id",
                &place.clone(),
                message,
                "choose another one".to_owned(),
            );
        }
        Some(id)
    }

    /// Reads the catalog of the items that the rule accepts.
    fn catalog(&mut self, block: &Object, action: Option<Action>) -> Option<Arc<str>> {
        let catalog = self.text(block, "catalog")?;
        if let (Some(Action::Reject), Some(written)) = (action, block.setting("catalog")) {
            let number = self.number;
            self.settings.warn(SettingProblem {
                key: format!("{KEY}[{number}].catalog"),
                place: written.place.clone(),
                message: format!(
                    "`catalog` of rule {number} of `{KEY}` has no effect: the rule rejects"
                ),
                hint: Some("leave it out, or write `action = ACCEPT`".to_owned()),
                place_kind: PlaceKind::Setting,
                within: None,
            });
        }
        Some(catalog.into())
    }

    fn action(&mut self, block: &Object) -> Option<Action> {
        let hint = "write `action = ACCEPT` or `action = REJECT`".to_owned();
        let number = self.number;
        let Some(written) = self.text(block, "action") else {
            let message = format!("rule {number} of `{KEY}` has no `action`");
            self.refuse(".action", &self.place.clone(), message, hint);
            return None;
        };
        let known = |(word, _): &&(&str, Action)| word.eq_ignore_ascii_case(&written);
        let action = ACTIONS.iter().find(known).map(|(_, action)| *action);
        if action.is_none() {
            let place = block
                .setting("action")
                .map_or(&self.place, |found| &found.place)
                .clone();
            let message = format!(
                "`action` of rule {number} of `{KEY}` must be ACCEPT or REJECT, not `{}`",
                excerpt(&written)
            );
            let near = nearest(&written, ACTIONS.iter().map(|(word, _)| *word));
            let hint = near.map_or(hint, |near| format!("did you mean `{near}`?"));
            self.refuse(".action", &place, message, hint);
        }
        action
    }

    /// Returns the text of a key, without blanks around it. A blank text is the same as not set.
    fn text(&mut self, block: &Object, key: &str) -> Option<String> {
        let found = block.setting(key)?;
        let Some(text) = found.value.as_text() else {
            if !matches!(found.value, Value::Null) {
                self.not_a_text(key, found);
            }
            return None;
        };
        let text = text.trim();
        (!text.is_empty()).then(|| text.to_owned())
    }

    fn terms(&mut self, block: &Object) -> Option<Vec<Term>> {
        let Some(rules) = block.setting("rules") else {
            return Some(Vec::new());
        };
        let mut terms = Vec::new();
        match &rules.value {
            Value::Null => {
                self.nothing("rules", rules);
                None
            }
            Value::Object(inner) => self.collect(inner, "", &mut terms).then_some(terms),
            other => {
                let number = self.number;
                let found = other.describe();
                let message =
                    format!("`rules` of rule {number} of `{KEY}` must be a block, not {found}");
                let hint = "write `rules { key = \"pattern\" }`".to_owned();
                self.refuse(".rules", &rules.place, message, hint);
                None
            }
        }
    }

    /// Collects the keys of a block and of those within it, with dotted names. Returns whether all were valid. A key
    /// without a value is not valid: without it, the rule would match more.
    fn collect(&mut self, block: &Object, prefix: &str, terms: &mut Vec<Term>) -> bool {
        let mut well = true;
        for (key, setting) in block.all_settings() {
            let key = format!("{prefix}{key}");
            well &= match &setting.value {
                Value::Null => self.nothing(&key, setting),
                Value::Object(inner) if inner.all_settings().next().is_none() => {
                    self.nothing(&key, setting)
                }
                Value::Object(inner) => self.collect(inner, &format!("{key}."), terms),
                _ => self
                    .term(&key, setting)
                    .map(|term| terms.push(term))
                    .is_some(),
            };
        }
        well
    }

    fn term(&mut self, key: &str, setting: &Node) -> Option<Term> {
        let Some(written) = setting.value.as_text() else {
            self.not_a_text(key, setting);
            return None;
        };
        if !self.is_within_budget(key, setting, &written) {
            return None;
        }
        let name = match lexer::name(key) {
            Some(name) if key.contains('\'') => name,
            _ => key.into(),
        };
        let used = match UsedCriterion::find(self.criteria, &name) {
            Ok(used) => used,
            Err(unknown) => {
                self.refuse(
                    &format!(".rules.{key}"),
                    &setting.place,
                    unknown.message,
                    unknown.hint,
                );
                return None;
            }
        };
        let pattern = match written.strip_prefix(REGEX) {
            None => UniversalPattern::Glob(Glob::plain(&written)),
            Some(text) => match Regex::new(text, Flags::default(), None) {
                Ok(regex) => UniversalPattern::Regex(regex),
                Err(InvalidRegex { at, why, hint }) => {
                    self.settings.record(SettingProblem {
                        key: format!("{KEY}[{}].rules.{key}", self.number),
                        place: setting.place.clone(),
                        message: format!(
                            "the pattern of `{key}` is not a valid regular expression: {why}"
                        ),
                        hint: Some(hint),
                        place_kind: PlaceKind::Setting,
                        within: Some(REGEX.len() + at),
                    });
                    return None;
                }
            },
        };
        let written = written.into_owned();
        Some(Term {
            used,
            pattern,
            written,
        })
    }

    /// Subtracts a term from the budget. The first one beyond it is a problem.
    fn is_within_budget(&mut self, key: &str, setting: &Node, written: &str) -> bool {
        let is_regex = written.starts_with(REGEX);
        let (left, what, max) = match is_regex {
            true => (&mut self.budget.regexes, "regular expressions", MAX_REGEXES),
            false => (&mut self.budget.terms, "patterns", MAX_TERMS),
        };
        let is_left = *left > 0;
        *left = left.saturating_sub(1);
        if !is_left {
            let message = format!("the rules of `{KEY}` have more than {max} {what}");
            let hint = "one pattern can match several texts: `\"regex:one|other\"`".to_owned();
            self.refuse(&format!(".rules.{key}"), &setting.place, message, hint);
        }
        is_left
    }

    /// Records a key that has no value. Returns false.
    fn nothing(&mut self, key: &str, found: &Node) -> bool {
        let what = match found.value {
            Value::Object(_) => "an empty block",
            _ => "null",
        };
        let number = self.number;
        let message = format!("`{}` of rule {number} of `{KEY}` is {what}", excerpt(key));
        let hint = "write a pattern, or leave it out: without it the rule matches more".to_owned();
        self.refuse(&format!(".{key}"), &found.place, message, hint);
        false
    }

    fn not_a_text(&mut self, key: &str, found: &Node) {
        let message = format!(
            "`{}` of rule {} of `{KEY}` must be a text, not {}",
            excerpt(key),
            self.number,
            found.value.describe()
        );
        let hint = match found.value {
            Value::List(_) => "one of several texts is `\"regex:one|other\"`",
            _ => "write a text",
        };
        self.refuse(&format!(".{key}"), &found.place, message, hint.to_owned());
    }

    fn refuse(&mut self, key: &str, place: &Place, message: String, hint: String) {
        self.settings.record(SettingProblem {
            key: format!("{KEY}[{}]{key}", self.number),
            place: place.clone(),
            message,
            hint: Some(hint),
            place_kind: PlaceKind::Setting,
            within: None,
        });
    }
}

/// A key of a rule with its pattern.
struct Term {
    used: UsedCriterion,
    pattern: UniversalPattern,
    written: String,
}

/// Formats a rule on one line.
fn printed(action: Action, terms: &[Term]) -> String {
    let word = match action {
        Action::Accept => "ACCEPT",
        Action::Reject => "REJECT",
    };
    let terms: Vec<_> = terms
        .iter()
        .map(|term| format!("{} = {:?}", term.used, term.written))
        .collect();
    match terms.as_slice() {
        [] => format!("{word} everything"),
        terms => format!("{word} {}", terms.join(", ")),
    }
}
