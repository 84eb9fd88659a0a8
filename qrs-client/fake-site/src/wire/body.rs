//! The text of a body in pieces, with the faults that change it.

use super::flood::{self, Packed};
use crate::answer::{Answer, Body, CountForm, Rows};
use crate::fault::{Effect, ListEffect};

/// A part of a body: in a list, its opening, one record with the comma before it, or its end.
pub(super) struct Piece {
    pub(super) bytes: Vec<u8>,
    /// The number of records before it; `None` for the beginning of the body.
    pub(super) records_before: Option<usize>,
}

/// The pieces of a body in the order in which they are sent. They are produced on demand, so a long list needs no memory.
pub(super) fn pieces<'a>(
    answer: &'a Answer,
    effects: &'a [Effect],
) -> Box<dyn Iterator<Item = Piece> + Send + 'a> {
    let pieces = plain(answer, effects);
    if effects.iter().any(|effect| matches!(effect, Effect::Gzip)) {
        return Box::new(Packed::new(pieces));
    }
    pieces
}

fn plain<'a>(
    answer: &'a Answer,
    effects: &'a [Effect],
) -> Box<dyn Iterator<Item = Piece> + Send + 'a> {
    let list_effects = || effects.iter().filter_map(list_effect);
    let byte_order_mark = list_effects().any(|effect| matches!(effect, ListEffect::ByteOrderMark));
    let before = if byte_order_mark { "\u{feff}" } else { "" };
    let after = list_effects().filter_map(|effect| match effect {
        ListEffect::Trailing(text) => Some(text.as_str()),
        _ => None,
    });
    let after: String = after.collect();

    match &answer.body {
        Body::Text(text) => single(format!("{before}{text}{after}")),
        Body::Bytes(bytes) => Box::new(std::iter::once(Piece {
            bytes: bytes.to_vec(),
            records_before: None,
        })),
        Body::Count { value, form } => {
            let value = value + count_off(effects);
            let text = match form {
                CountForm::Value => format!("{{\"value\":{value}}}"),
                CountForm::BareInteger => value.to_string(),
            };
            single(format!("{before}{text}{after}"))
        }
        Body::Flood(flood) => Box::new(flood::pieces(flood).map(|bytes| Piece {
            bytes,
            records_before: None,
        })),
        Body::Rows(rows) => {
            let list = List::new(rows, list_effects().collect());
            let end = piece(format!("]{after}"), Some(list.order.len()));
            let start = piece(format!("{before}["), None);
            Box::new(
                std::iter::once(start)
                    .chain((0..list.order.len()).map(move |at| list.record(at)))
                    .chain(std::iter::once(end)),
            )
        }
    }
}

fn list_effect(effect: &Effect) -> Option<&ListEffect> {
    match effect {
        Effect::List(effect) => Some(effect),
        _ => None,
    }
}

fn count_off(effects: &[Effect]) -> i64 {
    let off = effects.iter().map(|effect| match effect {
        Effect::CountOff(records) => *records,
        _ => 0,
    });
    off.sum()
}

fn single(text: String) -> Box<dyn Iterator<Item = Piece> + Send> {
    Box::new(std::iter::once(piece(text, None)))
}

fn piece(text: String, records_before: Option<usize>) -> Piece {
    Piece {
        bytes: text.into_bytes(),
        records_before,
    }
}

struct List<'a> {
    rows: &'a Rows,
    effects: Vec<&'a ListEffect>,
    /// The index of the record to write at each position.
    order: Vec<usize>,
}

impl<'a> List<'a> {
    fn new(rows: &'a Rows, effects: Vec<&'a ListEffect>) -> Self {
        let mut order: Vec<usize> = (0..rows.places.len()).collect();
        for effect in &effects {
            match effect {
                ListEffect::Missing(count) => order.truncate(order.len().saturating_sub(*count)),
                ListEffect::Repeated(count) => {
                    order.extend_from_within(..order.len().min(*count));
                }
                _ => {}
            }
        }
        Self {
            rows,
            effects,
            order,
        }
    }

    fn record(&self, at: usize) -> Piece {
        let mut separator = if at == 0 { "" } else { "," };
        let mut replacement = None;
        for effect in &self.effects {
            match effect {
                ListEffect::Separator(records, text) if *records == at => separator = text,
                ListEffect::Record(number, text) if *number == at => replacement = Some(text),
                _ => {}
            }
        }
        let json = replacement.map_or_else(|| self.rows.json(self.order[at]), Clone::clone);
        piece(format!("{separator}{json}"), Some(at))
    }
}
