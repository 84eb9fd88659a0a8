//! Applies a filter to sheets and reports unusual results.

use std::sync::Arc;

use catalog_model::{
    Diagnostic, Inclusion, Progress, ScanSink, counted,
    filter::{Decision, ItemFilter, PatternLimitError, RuleCounts, RuleId, Silence, UnknownCause},
};

use crate::{
    filters::{criteria::CUSTOM_PROPERTY, sheet_subject::SheetSubject},
    items::apps::{Apps, FactsSource, HINT_FOR_HIDDEN_APPS},
    people::owners::Unread,
};

/// A filter that is applied to one sheet after another.
pub(crate) struct Filtering<'a> {
    filter: &'a ItemFilter,
    counts: RuleCounts,
    /// Number of sheets that are undecided because the account may not see their apps.
    hidden: u64,
    /// Number of sheets that are undecided because a pattern exceeded a limit.
    limit_exceeded: u64,
    /// The first of these sheets, and the pattern.
    first_limit_exceeded: Option<String>,
}

/// Returns what a decision about a sheet means for the containers of the sheet.
pub(crate) fn inclusion(decision: &Decision) -> Inclusion {
    match decision {
        Decision::Keep { .. } => Inclusion::Included,
        Decision::Exclude { .. } => Inclusion::Excluded,
        Decision::Undecided { .. } => Inclusion::Undecided,
    }
}

impl<'a> Filtering<'a> {
    pub(crate) fn new(filter: &'a ItemFilter) -> Self {
        Self {
            filter,
            counts: filter.counts(),
            hidden: 0,
            limit_exceeded: 0,
            first_limit_exceeded: None,
        }
    }

    /// Returns the filter's decision about a sheet.
    pub(crate) fn ask(&mut self, subject: &SheetSubject<'_>) -> Decision {
        let evaluation = self.filter.decide(subject);
        self.counts.count(&evaluation);
        if let Decision::Undecided { rule, cause } = &evaluation.decision {
            self.count_undecided(*rule, cause, subject);
        }
        evaluation.decision
    }

    fn count_undecided(&mut self, rule: RuleId, cause: &UnknownCause, subject: &SheetSubject<'_>) {
        if let UnknownCause::Pattern(_) = cause {
            self.limit_exceeded += 1;
            let filter = self.filter;
            self.first_limit_exceeded.get_or_insert_with(|| {
                format!(
                    "`{}`: {}",
                    subject.key(),
                    reason(filter, rule, cause, subject)
                )
            });
        } else {
            self.hidden += u64::from(subject.app().source == FactsSource::Sheet(Unread::Hidden));
        }
    }

    /// Returns why a sheet is undecided.
    pub(crate) fn reason(
        &self,
        rule: RuleId,
        cause: &UnknownCause,
        subject: &SheetSubject<'_>,
    ) -> String {
        reason(self.filter, rule, cause, subject)
    }

    /// Warns about undecided sheets, after only some of the sheets were read. How often each rule was applied to all of them
    /// is not known.
    pub(crate) fn close_part(&self, sink: &mut dyn ScanSink) {
        self.report_undecided(sink);
        self.warn_of_patterns(sink);
    }

    /// Reports how often each rule was applied, and warns about rules that were never applied (they may be misspelt)
    /// and about undecided sheets.
    pub(crate) fn close(&self, apps: &Apps, sink: &mut dyn ScanSink) {
        self.report_rules(sink);
        for name in self.filter.names_used(CUSTOM_PROPERTY) {
            if let Some(warning) = unknown_property(name, apps) {
                sink.warn(warning);
            }
        }
        self.report_undecided(sink);
        self.warn_of_patterns(sink);
    }
}

impl Filtering<'_> {
    fn report_rules(&self, sink: &mut dyn ScanSink) {
        let mut nothing_passes = false;
        for rule in self.filter.rules() {
            let count = self.counts.get(rule.id);
            sink.progress(Progress::FilterRule {
                rule: Arc::clone(rule),
                count,
            });
            if let Some(silence) = self.filter.silence(rule.id, &self.counts) {
                nothing_passes |= self.filter.is_rich(rule.id);
                sink.warn(self.silent(rule.id, silence));
            }
        }
        if let Some(all) = self.counts.all_excluded().filter(|_| !nothing_passes) {
            sink.warn(Diagnostic::warning(
                format!("the filters exclude every sheet ({all} in total)"),
                "`filter test` shows which rule excludes which sheet".to_owned(),
            ));
        }
    }

    fn report_undecided(&self, sink: &mut dyn ScanSink) {
        let open = self.counts.unknown() - self.limit_exceeded;
        if open > 0 {
            let are = if open == 1 { "is" } else { "are" };
            let sheets = counted(open, "sheet");
            sink.warn(Diagnostic::warning(format!(
                    "{sheets} {are} undecided, because the filter uses data that could not be read; their items were left unchanged"
                ), (self.hidden > 0).then(|| HINT_FOR_HIDDEN_APPS.to_owned())));
        }
    }

    fn warn_of_patterns(&self, sink: &mut dyn ScanSink) {
        let Some(first) = &self.first_limit_exceeded else {
            return;
        };
        let are = if self.limit_exceeded == 1 {
            "is"
        } else {
            "are"
        };
        let sheets = counted(self.limit_exceeded, "sheet");
        sink.warn(Diagnostic::warning(format!(
                "{sheets} {are} undecided, because a pattern of the filter reached its limit; their items were left unchanged; first: {first}"
            ), PatternLimitError::HINT.to_owned()));
    }

    fn silent(&self, rule: RuleId, silence: Silence) -> Diagnostic {
        let called = self.filter.called(rule);
        match silence {
            Silence::MatchedNone { tested } => Diagnostic::warning(
                format!("{called} matches no sheet"),
                format!(
                    "it was tested on {}: check the spelling of its values, which are case-sensitive",
                    counted(tested, "sheet")
                ),
            ),
            Silence::NeverReached => Diagnostic::warning(
                format!("{called} is never reached"),
                if self.filter.is_rich(rule) {
                    "the rules before it exclude every sheet".to_owned()
                } else {
                    "the rules before it match every sheet: move it up to make it effective"
                        .to_owned()
                },
            ),
        }
    }
}

/// Maximum number of custom properties listed.
const MAX_LISTED_NAMES: usize = 10;

/// Returns a warning about a custom property of the filter that no application has. Its name may be misspelt.
fn unknown_property(name: &str, apps: &Apps) -> Option<Diagnostic> {
    let known = apps.custom_properties();
    if apps.is_empty() || known.contains(name) {
        return None;
    }
    let named: Vec<_> = known
        .iter()
        .take(MAX_LISTED_NAMES)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = if known.len() > MAX_LISTED_NAMES {
        ", …"
    } else {
        ""
    };
    Some(Diagnostic::warning(
        format!("no application has a value of the custom property `{name}`, which a filter uses"),
        (!named.is_empty()).then(|| format!("applications have {}{more}", named.join(", "))),
    ))
}

/// Returns why a sheet is undecided.
pub(crate) fn reason(
    filter: &ItemFilter,
    rule: RuleId,
    cause: &UnknownCause,
    subject: &SheetSubject<'_>,
) -> String {
    match cause {
        UnknownCause::Criterion(criterion) => why_open(filter, rule, criterion, subject),
        UnknownCause::Pattern(pattern) => why_gave_up(filter, rule, pattern),
    }
}

fn why_gave_up(filter: &ItemFilter, rule: RuleId, pattern: &PatternLimitError) -> String {
    format!("in {}, {pattern}", filter.called(rule))
}

fn why_open(
    filter: &ItemFilter,
    rule: RuleId,
    criterion: &str,
    subject: &SheetSubject<'_>,
) -> String {
    let app = subject.app();
    let why = match (criterion, app.source) {
        _ if subject.is_ignored(criterion) => "that field has an unexpected type",
        ("created" | "modified", _) | ("reloaded", FactsSource::AppList) => {
            "that date could not be read"
        }
        ("sheet" | "app" | "stream" | "tag", _) | (_, FactsSource::AppList) => {
            "that text is too long"
        }
        (_, FactsSource::Sheet(Unread::Hidden)) => "its app is not visible to the account",
        (_, FactsSource::Sheet(Unread::Unreadable)) => "its app could not be read",
    };
    let rule = filter.called(rule);
    format!("{rule} uses `{criterion}`, but {why}")
}
