//! An item that a check describes, to see that the mapping works.

use catalog_model::{
    Contact, Contacts, ItemKey, Precedence, Properties, PropertyValue, Visualization,
};

/// An item with this key, an owner and a tag.
pub(crate) fn sample_item(key: ItemKey) -> Visualization {
    let mut properties = Properties::default();
    properties.put("tags", PropertyValue::Tags(vec!["Tag".to_owned()]));
    Visualization {
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
    }
}
