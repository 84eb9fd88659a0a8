//! The two day fields, one of which must be `?`.

use super::list::List;
use crate::{days::Days, error::QuartzError, field::Field, term::Term};

/// Combines the two fields.
pub(super) fn days(month: &List<'_>, week: &List<'_>) -> Result<Days, QuartzError> {
    check(month)?;
    check(week)?;
    match (month.is_unset(), week.is_unset()) {
        (true, true) => Err(week
            .part
            .error("cannot be `?` because the day of month is also `?`")),
        (false, false) => {
            let what = format!(
                "cannot be combined with the day of month `{}`: one of the two must be `?`",
                month.part.text
            );
            Err(week.part.error(&what))
        }
        (false, true) => Ok(days_of_month(month)),
        (true, false) => Ok(days_of_week(week)),
    }
}

/// Refuses a list with elements that must be the only element.
fn check(list: &List<'_>) -> Result<(), QuartzError> {
    let stands_alone = |term: Term| {
        matches!(
            term,
            Term::Unset | Term::LastDay { .. } | Term::LastWeekday(_)
        )
    };
    if list.part.field == Field::DayOfWeek && list.part.text.matches('#').count() > 1 {
        return Err(list
            .part
            .error("has more than one `#`: only one is possible"));
    }
    if !list.part.text.contains(',') {
        return Ok(());
    }
    for element in &list.elements {
        if stands_alone(element.term) || element.part.text.contains(['L', 'l']) {
            return Err(element
                .part
                .error("cannot be in a list: it must be the only element"));
        }
    }
    Ok(())
}

fn days_of_month(list: &List<'_>) -> Days {
    let nearest = list
        .terms()
        .any(|term| matches!(term, Term::NearestWeekday(_)));
    match list.terms().next() {
        Some(Term::LastDay { before, weekday }) => Days::Last { before, weekday },
        // In a list with `W`, only the smallest value counts.
        _ if nearest => Days::NearestWeekday(list.bits().trailing_zeros()),
        _ => Days::OfMonth(list.bits()),
    }
}

fn days_of_week(list: &List<'_>) -> Days {
    let nth = list.terms().find_map(|term| match term {
        Term::NthWeekday { nth, .. } => Some(nth),
        _ => None,
    });
    // In a list with `#`, only the smallest value counts.
    let weekday = list.bits().trailing_zeros();
    match (list.terms().next(), nth) {
        (Some(Term::LastWeekday(weekday)), _) => Days::LastWeekday(weekday),
        (_, Some(nth)) => Days::NthWeekday { weekday, nth },
        (_, None) => Days::OfWeek(list.bits()),
    }
}
