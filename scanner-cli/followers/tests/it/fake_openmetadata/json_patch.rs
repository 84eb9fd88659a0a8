//! JSON patches (RFC 6902), as far as clients use them here.

use serde_json::Value;

use super::Refused;

/// Applies a patch. Returns whether it has removed something by its index.
pub(super) fn apply(entity: &mut Value, operations: &Value) -> Result<bool, Refused> {
    let bad = |text: &str| (400, format!("invalid patch: {text}"));
    let mut by_index = false;
    for operation in operations.as_array().ok_or_else(|| bad("no list"))? {
        let path = operation["path"].as_str().ok_or_else(|| bad("no path"))?;
        let words: Vec<_> = path.split('/').skip(1).collect();
        let (last, parents) = words.split_last().ok_or_else(|| bad(path))?;
        let mut target = &mut *entity;
        for word in parents {
            target = target.get_mut(*word).ok_or_else(|| bad(path))?;
        }
        let value = operation.get("value").cloned();
        match (operation["op"].as_str(), target) {
            (Some("add"), Value::Object(object)) => {
                object.insert((*last).to_owned(), value.ok_or_else(|| bad(path))?);
            }
            (Some("replace"), Value::Object(object)) => {
                let slot = object.get_mut(*last).ok_or_else(|| bad(path))?;
                *slot = value.ok_or_else(|| bad(path))?;
            }
            (Some("remove"), Value::Object(object)) => {
                object.remove(*last).ok_or_else(|| bad(path))?;
            }
            (Some("add"), Value::Array(list)) if *last == "-" => {
                list.push(value.ok_or_else(|| bad(path))?);
            }
            (Some("remove"), Value::Array(list)) => {
                let index: usize = last.parse().or(Err(bad(path)))?;
                if index >= list.len() {
                    return Err(bad(path));
                }
                list.remove(index);
                by_index = true;
            }
            _ => return Err(bad(path)),
        }
    }
    Ok(by_index)
}
