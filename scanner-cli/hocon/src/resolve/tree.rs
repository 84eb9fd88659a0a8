//! Converts the resolved tree to the public one.

use crate::{
    limits::Paths,
    pending::{Block, Pending, PendingKind, Scalar},
};
use catalog_model::settings::{Node, Object, Value};

/// Counts the paths of all settings of a block whose own path has `elements` elements and `bytes` bytes.
pub(super) fn measure(block: &Block, elements: usize, bytes: usize, paths: &mut Paths) {
    for entry in block.settings.iter() {
        let (elements, bytes) = (elements + 1, bytes + entry.key.len());
        match &entry.value.kind {
            PendingKind::Object(inner) => measure(inner, elements, bytes, paths),
            _ => paths.add(elements, bytes),
        }
    }
}

pub(super) fn object(block: &Block) -> Object {
    let mut object = Object::default();
    // A loop, because the adapters of an iterator would use more stack at each level.
    for entry in block.settings.iter() {
        let value = node(&entry.value);
        object.add(&entry.key, &entry.key_place, value);
    }
    object.with_undefined(&block.undefined)
}

fn node(pending: &Pending) -> Node {
    let value = match &pending.kind {
        PendingKind::Scalar(Scalar::Null) => Value::Null,
        PendingKind::Scalar(Scalar::Bool(value)) => Value::Bool(*value),
        PendingKind::Scalar(Scalar::Number(text)) => Value::Number(text.clone()),
        PendingKind::Scalar(Scalar::String(text) | Scalar::Unquoted(text)) => {
            Value::String(text.clone())
        }
        PendingKind::List(items) => Value::List(items.iter().map(|item| node(item)).collect()),
        PendingKind::Object(block) => Value::Object(object(block)),
        // A resolved tree contains no other kinds.
        _ => Value::Null,
    };
    Node {
        value,
        place: pending.place.clone(),
        secret: pending.secret,
    }
}
