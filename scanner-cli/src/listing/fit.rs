//! The widths of table columns, so that the table fits the terminal, and texts that are cut to a width.

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// What happens to a text that is wider than its column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fit {
    /// Nothing: short texts such as times and numbers are never cut.
    Whole,
    /// The end is cut.
    CutEnd,
    /// The middle is cut, so that both the beginning and the end of a key or a label are seen.
    CutMiddle,
    /// The text continues in the next line. Only for the last column.
    Wrap,
}

/// Number of spaces between two columns.
pub(super) const GAP: usize = 2;

/// Minimum width of a column that is cut. If that is not enough, other columns are left out.
const MIN_CUT: usize = 14;

const ELLIPSIS: &str = "…";

/// Number of terminal columns that a text needs.
pub(super) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The width of each table column on a terminal with `total` columns; `None` for a column that is left out. `natural` are the
/// widths of the longest texts, `spare` the columns that may be left out, in this order.
pub(super) fn widths(
    natural: &[(usize, Fit)],
    spare: &[usize],
    total: usize,
) -> Vec<Option<usize>> {
    let mut shown: Vec<_> = (0..natural.len()).collect();
    for spare in spare {
        let least = shown.iter().map(|index| least_width(&natural[*index]));
        if least.sum::<usize>() + gaps(shown.len()) <= total {
            break;
        }
        shown.retain(|index| index != spare);
    }
    let room = total.saturating_sub(gaps(shown.len()));
    let shared = share(natural, &shown, room);
    (0..natural.len())
        .map(|index| {
            let place = shown.iter().position(|shown| *shown == index)?;
            shared.get(place).copied()
        })
        .collect()
}

/// The same for columns that `--columns` selected: no column is left out.
pub(super) fn widths_of_all(natural: &[(usize, Fit)], total: usize) -> Vec<Option<usize>> {
    let all: Vec<_> = (0..natural.len()).collect();
    let cut: Vec<_> = (natural.iter())
        .map(|(width, fit)| match fit {
            Fit::Whole => (*width, Fit::CutEnd),
            fit => (*width, *fit),
        })
        .collect();
    let least: usize = natural.iter().map(least_width).sum();
    let room = total.saturating_sub(gaps(all.len()));
    let columns = if least > room { &cut[..] } else { natural };
    share(columns, &all, room).into_iter().map(Some).collect()
}

/// The minimum width of a column, unless all columns together are too wide.
fn least_width(natural: &(usize, Fit)) -> usize {
    match *natural {
        (width, Fit::Whole) => width,
        (width, _) => width.min(MIN_CUT),
    }
}

fn gaps(columns: usize) -> usize {
    GAP * columns.saturating_sub(1)
}

/// Divides `room` among columns: no column gets more than it needs, and columns that are cut get the same width.
fn share(natural: &[(usize, Fit)], shown: &[usize], room: usize) -> Vec<usize> {
    let needed = |index: &usize| natural[*index].0;
    let is_cut = |index: &usize| natural[*index].1 != Fit::Whole;
    let whole: usize = shown
        .iter()
        .filter(|index| !is_cut(index))
        .map(needed)
        .sum();
    let mut left = room.saturating_sub(whole);
    let mut cut: Vec<_> = shown.iter().filter(|index| is_cut(index)).collect();
    // Narrow columns first: the room that they do not need is used for the others.
    cut.sort_by_key(|index| needed(index));
    let mut widths = vec![0; natural.len()];
    let mut count = cut.len();
    for index in cut {
        let width = needed(index).min(left.div_ceil(count)).max(1);
        widths[*index] = width;
        left = left.saturating_sub(width);
        count -= 1;
    }
    let width_of = |index: &usize| {
        if is_cut(index) {
            widths[*index]
        } else {
            needed(index)
        }
    };
    shown.iter().map(width_of).collect()
}

/// A text of at most `limit` columns.
pub(super) fn cut(text: &str, limit: usize, fit: Fit) -> String {
    if width(text) <= limit {
        return text.to_owned();
    }
    let room = limit.saturating_sub(width(ELLIPSIS));
    let end = match fit {
        Fit::CutMiddle => room / 2,
        Fit::Whole | Fit::CutEnd | Fit::Wrap => 0,
    };
    let tail = taken(text.graphemes(true).rev(), end);
    let head = taken(text.graphemes(true), room - end);
    let (head, tail) = (&text[..head], &text[text.len() - tail..]);
    format!("{head}{ELLIPSIS}{tail}")
}

/// Number of bytes of the first characters that fit into `room` columns.
fn taken<'a>(characters: impl Iterator<Item = &'a str>, room: usize) -> usize {
    let mut used = 0;
    let fitting = characters.take_while(|character| {
        used += width(character);
        used <= room
    });
    fitting.map(str::len).sum()
}

#[cfg(test)]
mod tests {
    use super::{Fit::*, *};

    #[test]
    fn a_text_is_cut_between_characters_by_its_width_on_the_terminal() {
        for (text, limit, fit, expected) in [
            ("abcdef", 6, CutEnd, "abcdef"),
            ("abcdef", 5, CutEnd, "abcd…"),
            ("abcdef", 5, CutMiddle, "ab…ef"),
            ("abcdef", 4, CutMiddle, "ab…f"),
            ("abcdef", 1, CutMiddle, "…"),
            ("日本語日本語", 7, CutEnd, "日本語…"),
            ("日本語日本語", 6, CutEnd, "日本…"),
            ("e\u{301}e\u{301}e\u{301}", 2, CutEnd, "e\u{301}…"),
            ("👩‍👩‍👧‍👦👩‍👩‍👧‍👦", 3, CutEnd, "👩‍👩‍👧‍👦…"),
            ("📈/Sales/Regions", 9, CutMiddle, "📈/S…ions"),
        ] {
            let cut = cut(text, limit, fit);
            assert_eq!(cut, expected);
            assert!(width(&cut) <= limit);
        }
    }

    #[test]
    fn columns_divide_the_terminal_and_spare_columns_are_left_out() {
        let items = [(50, CutMiddle), (7, Whole), (20, Whole), (79, CutMiddle)];
        let spare = [2, 1];
        for (total, expected) in [
            (200, [Some(50), Some(7), Some(20), Some(79)]),
            (120, [Some(44), Some(7), Some(20), Some(43)]),
            (80, [Some(24), Some(7), Some(20), Some(23)]),
            (60, [Some(25), Some(7), None, Some(24)]),
            (40, [Some(15), Some(7), None, Some(14)]),
            (35, [Some(17), None, None, Some(16)]),
            (10, [Some(4), None, None, Some(4)]),
        ] {
            assert_eq!(widths(&items, &spare, total), expected, "{total}");
        }
        assert_eq!(
            widths(&[(8, Whole), (90, CutEnd)], &[], 20),
            [Some(8), Some(10)]
        );
        assert_eq!(widths(&[(90, Whole)], &[], 20), [Some(90)]);
        assert_eq!(
            widths_of_all(&items, 40),
            [Some(9), Some(7), Some(9), Some(9)]
        );
        assert_eq!(widths_of_all(&[(90, Whole)], 20), [Some(20)]);
    }
}
