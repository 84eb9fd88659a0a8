//! The item that a check describes, to see that the mapping works: one of the store, or a made-up one.

use catalog_model::{
    ConnectionCode, Contact, Contacts, ItemKey, Precedence, Properties, PropertyValue,
    Visualization,
    follower::{Example, FeedConnection},
};

use super::check::{Seen, StageError};

/// Describes the item of the store, or a made-up one if there is none, and says which.
pub(crate) fn describe(
    example: Option<&Example>,
    describe: impl FnOnce(&Example) -> Result<String, String>,
) -> Result<Seen, StageError> {
    let (described, of) = match example {
        Some(example) => (
            describe(example),
            format!("the item `{}`", example.item.key),
        ),
        None => {
            let made_up = made_up().ok_or_else(|| "no item can be made up".to_owned());
            let of = "a made-up item (the store has none)".to_owned();
            (made_up.and_then(|example| describe(&example)), of)
        }
    };
    match described {
        Ok(text) => Ok(Seen::ok(format!("{of} is {text}"))),
        Err(error) => Err(StageError {
            message: format!("{of} cannot be described: {error}"),
            hint: Some("report this".to_owned()),
        }),
    }
}

/// An item with an owner and a tag.
fn made_up() -> Option<Example> {
    let code = ConnectionCode::new("example").ok()?;
    let key = ItemKey::new([code.as_str(), "app", "sheet"]).ok()?;
    let mut properties = Properties::default();
    properties.put("tags", PropertyValue::Tags(vec!["Tag".to_owned()]));
    let item = Visualization {
        key,
        container: None,
        label: vec!["Sheet".to_owned()],
        name: "Sheet".to_owned(),
        description: None,
        contacts: Contacts::Known(vec![Contact {
            role: "owner".into(),
            email: Some("ann@example.com".to_owned()),
            name: None,
            account: Some("EXAMPLE\\ann".to_owned()),
            status: None,
            email_since: 1,
        }]),
        catalog: None,
        precedence: Precedence::default(),
        properties,
    };
    let parts = ["app", "sheet"].map(str::to_owned).to_vec();
    Some(Example {
        connection: FeedConnection::new(code, "Example", parts),
        containers: Vec::new(),
        item,
    })
}
