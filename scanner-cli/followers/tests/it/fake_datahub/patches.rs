//! Patches of lists whose entries are addressed by keys.

use serde_json::{Value, json};

/// Applies a patch as a server does.
pub(super) fn apply(value: &mut Value, patch: &Value) {
    for operation in patch["patch"].as_array().unwrap() {
        let path = operation["path"].as_str().unwrap();
        let words: Vec<_> = path
            .split('/')
            .skip(1)
            .map(|word| word.replace("~1", "/").replace("~0", "~"))
            .collect();
        let list = &words[0];
        let keys: Vec<_> = patch["arrayPrimaryKeys"][list]
            .as_array()
            .unwrap()
            .iter()
            .map(|key| key.as_str().unwrap())
            .collect();
        assert_eq!(
            keys.len(),
            words.len() - 1,
            "the path {path} has a word for each key"
        );
        if value.get(list).is_none() {
            value[list] = json!([]);
        }
        let entries = value[list].as_array_mut().unwrap();
        entries.retain(|entry| {
            keys.iter()
                .zip(&words[1..])
                .any(|(key, word)| entry[*key].as_str() != Some(word))
        });
        if operation["op"] == "add" {
            entries.push(operation["value"].clone());
        }
    }
}
