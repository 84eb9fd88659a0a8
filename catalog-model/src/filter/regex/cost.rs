//! The cost limit of patterns. The library counts only backtracking steps, so patterns that are slow otherwise are
//! refused.

use fancy_regex::Expr;

use super::InvalidRegex;

/// Maximum number of pieces that counted repetitions expand to: `(?:ab{3}){10}` expands to 40. With 1,000 pieces, the
/// first text of 1,000 characters took 8 ms; with 2,500 in a look-ahead, each text took 16 s.
const MAX_PIECES: usize = 1_000;

/// How a pattern is tried on a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Walk {
    /// Straight through the text: its length is the cost.
    Straight,
    /// With steps back, or looking ahead and behind.
    Back,
}

/// How a pattern is tried, unless some text would make it too slow.
pub(super) fn walk(pattern: &Expr) -> Result<Walk, InvalidRegex> {
    if counted(pattern) > MAX_PIECES {
        let why = format!("its counted repetitions make more than {MAX_PIECES} pieces");
        return Err(refused(why, "count less, or write `*` for `{0,50}`"));
    }
    // Each character would begin the inner repetition anew, which no count of steps ends.
    if repeats_inside(pattern, false) {
        let why = "a look-around has a repetition with look-around in it".to_owned();
        return Err(refused(why, "write `(?!.*x)` for `(?!(?:(?!x).)*x)`"));
    }
    Ok(match pattern.has_descendant_or_self(looks_or_steps_back) {
        true => Walk::Back,
        false => Walk::Straight,
    })
}

fn refused(why: String, hint: &str) -> InvalidRegex {
    InvalidRegex {
        at: 0,
        why,
        hint: hint.to_owned(),
    }
}

/// The pieces that all counted repetitions make.
fn counted(expr: &Expr) -> usize {
    match expr {
        Expr::Repeat { lo, hi, .. } if count(*lo, *hi) > 1 => pieces(expr),
        _ => expr
            .children_iter()
            .map(counted)
            .fold(0, usize::saturating_add),
    }
}

fn pieces(expr: &Expr) -> usize {
    let inner = expr
        .children_iter()
        .map(pieces)
        .fold(0, usize::saturating_add);
    match expr {
        Expr::Repeat { lo, hi, .. } => inner.saturating_mul(count(*lo, *hi).max(1)),
        Expr::Literal { val, .. } => val.len(),
        _ => inner.max(1),
    }
}

/// How often a repetition is written out: one without an end as often as it must be.
fn count(least: usize, most: usize) -> usize {
    if most == usize::MAX { least } else { most }
}

/// Whether a look-around, or a group that is not entered again, has a repetition with such a one in it.
fn repeats_inside(expr: &Expr, inside: bool) -> bool {
    let repeats = matches!(expr, Expr::Repeat { .. });
    if inside && repeats && expr.has_descendant(looks_or_steps_back) {
        return true;
    }
    let inside = inside || matches!(expr, Expr::LookAround(..) | Expr::AtomicGroup(_));
    expr.children_iter()
        .any(|child| repeats_inside(child, inside))
}

fn looks_or_steps_back(expr: &Expr) -> bool {
    !matches!(
        expr,
        Expr::Empty
            | Expr::Any { .. }
            | Expr::Assertion(_)
            | Expr::Literal { .. }
            | Expr::LiteralBytes { .. }
            | Expr::Delegate { .. }
            | Expr::Concat(_)
            | Expr::Alt(_)
            | Expr::Group(_)
            | Expr::Repeat { .. }
    )
}
