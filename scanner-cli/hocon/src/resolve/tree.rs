//! From what is resolved to the tree that others see.

use crate::{
    limits::Paths,
    pending::{Block, Kind, Pending, Scalar},
};
use catalog_model::settings::{Node, Object, Value};

/// Counts the paths of all settings of a block whose own path has `elements` elements and `bytes` bytes.
pub(super) fn measure(block: &Block, elements: usize, bytes: usize, paths: &mut Paths) {
    for entry in block.settings.iter() {
        let (elements, bytes) = (elements + 1, bytes + entry.key.len());
        match &entry.value.kind {
            Kind::Object(inner) => measure(inner, elements, bytes, paths),
            _ => paths.add(elements, bytes),
        }
    }
}

pub(super) fn object(block: &Block) -> Object {
    let mut object = Object::default();
    // A loop, because an iterator's adapters would take more stack at each level.
    for entry in block.settings.iter() {
        let value = node(&entry.value);
        object.add(&entry.key, &entry.key_place, value);
    }
    object.with_undefined(&block.undefined)
}

fn node(pending: &Pending) -> Node {
    let value = match &pending.kind {
        Kind::Scalar(Scalar::Null) => Value::Null,
        Kind::Scalar(Scalar::Bool(value)) => Value::Bool(*value),
        Kind::Scalar(Scalar::Number(text)) => Value::Number(text.clone()),
        Kind::Scalar(Scalar::String(text) | Scalar::Unquoted(text)) => Value::String(text.clone()),
        Kind::List(items) => Value::List(items.iter().map(|item| node(item)).collect()),
        Kind::Object(block) => Value::Object(object(block)),
        // Nothing else is left in a resolved tree.
        _ => Value::Null,
    };
    Node {
        value,
        place: pending.place.clone(),
        secret: pending.secret,
    }
}
