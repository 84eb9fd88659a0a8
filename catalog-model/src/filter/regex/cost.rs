//! The cost limit of patterns. The library counts only backtracking steps, so patterns that are slow otherwise are
//! refused.

use fancy_regex::Expr;

use super::InvalidRegex;

/// Maximum number of pieces that counted repetitions expand to: `(?:ab{3}){10}` expands to 40. With 1,000 pieces, the
/// first text of 1,000 characters took 8 ms; with 2,500 in a look-ahead, each text took 16 s.
const MAX_PIECES: usize = 1_000;

/// How a pattern is matched against a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MatchMethod {
    /// In one pass. The cost is the length of the text.
    Straight,
    /// With backtracking or look-around.
    Back,
}

/// Returns how a pattern is matched, or an error if it could be too slow.
pub(super) fn walk(pattern: &Expr) -> Result<MatchMethod, InvalidRegex> {
    if counted(pattern) > MAX_PIECES {
        let why = format!("its counted repetitions make more than {MAX_PIECES} pieces");
        return Err(refused(why, "count less, or write `*` for `{0,50}`"));
    }
    // Each character would restart the inner repetition, which the limit of steps cannot stop.
    if repeats_inside(pattern, false) {
        let why = "a look-around has a repetition with look-around in it".to_owned();
        return Err(refused(why, "write `(?!.*x)` for `(?!(?:(?!x).)*x)`"));
    }
    Ok(match pattern.has_descendant_or_self(looks_or_steps_back) {
        true => MatchMethod::Back,
        false => MatchMethod::Straight,
    })
}

fn refused(why: String, hint: &str) -> InvalidRegex {
    InvalidRegex {
        at: 0,
        why,
        hint: hint.to_owned(),
    }
}

/// Returns the number of pieces of all counted repetitions.
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

/// Returns how often a repetition is expanded. A repetition without maximum is expanded to its minimum.
fn count(least: usize, most: usize) -> usize {
    if most == usize::MAX { least } else { most }
}

/// Whether a look-around or an atomic group contains a repetition that contains one of these.
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
