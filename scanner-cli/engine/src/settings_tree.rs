//! The tree of a HOCON file as settings, and what is wrong with a setting as a finding in its file.

use catalog_model::settings::{Setting, SettingProblem, SettingValue, Stands};

use crate::hocon::{self, Found, Node, Object, Shown, Value};

/// What is wrong with a setting, and whether its value may be seen.
pub fn wrong_setting(problem: SettingProblem) -> Found {
    Found {
        place: problem.place,
        message: problem.message,
        hint: problem.hint,
        value: match problem.stands {
            Stands::Itself if !is_secret_key(&problem.key) => Shown::Yes,
            _ => Shown::No,
        },
    }
}

fn is_secret_key(key: &str) -> bool {
    let path: Vec<_> = key.split('.').map(str::to_owned).collect();
    hocon::is_secret(&path)
}

/// The tree of a file as settings, of which a value's place is where it stands. A key whose `${?…}` stands for nothing is
/// one set to null: the same as not set, but there.
pub fn block(object: Object) -> Vec<(String, Setting)> {
    let undefined: Vec<_> = object
        .undefined()
        .map(|(key, place)| {
            let (value, place) = (SettingValue::Null, place.clone());
            (key.to_owned(), Setting { value, place })
        })
        .collect();
    let set = object.into_iter();
    set.map(|entry| (entry.key, setting(entry.value)))
        .chain(undefined)
        .collect()
}

fn setting(node: Node) -> Setting {
    let value = match node.value {
        Value::Null => SettingValue::Null,
        Value::Bool(truth) => SettingValue::Bool(truth),
        Value::Number(text) => SettingValue::Number(text),
        Value::String(text) => SettingValue::Text(text),
        Value::List(nodes) => SettingValue::List(nodes.into_iter().map(setting).collect()),
        Value::Object(object) => SettingValue::Block(block(object)),
    };
    Setting {
        value,
        place: node.place,
    }
}
