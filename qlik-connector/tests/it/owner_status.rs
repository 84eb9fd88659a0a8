//! The status of owners: `active`, `inactive`, `blocked`, `removed`, and what is unknown or absent.

use catalog_model::{AccountStatus, Contacts, PropertyValue, Visualization};
use qrs_client::fake_site::{Account, Content, Entity, FakeSite};
use serde_json::{Value, json};

use crate::site::{connect, scan};

const STATUS: &str = "owner_status";

/// A site with a sheet whose owner's record has these fields.
async fn site(fields: &[(&str, Value)]) -> FakeSite {
    let mut content = Content::empty();
    let user = content.add_user("ACME", "ann", "Ann");
    let app = content.add_app("Sales");
    let sheet = content.add_sheet(&app, "Q1");
    let owner = content.get(&user).unwrap().clone();
    content.set(&sheet, "owner", owner);
    let site = FakeSite::builder().content(content).start().await;
    site.edit(|content| {
        let user = content.users.iter_mut().find(|one| one["userId"] == "ann");
        let user = user.unwrap().as_object_mut().unwrap();
        for (field, value) in fields {
            match value.as_str() {
                Some("absent") => drop(user.remove(*field)),
                _ => drop(user.insert((*field).to_owned(), value.clone())),
            }
        }
    });
    site
}

async fn item(site: &FakeSite, more: &[(&str, &str)]) -> Visualization {
    let scan = scan(connect(site, more).as_ref()).await;
    scan.seen.items[0].0.clone()
}

/// The status of an item's owner, and whether it is unknown.
fn status(item: &Visualization) -> (Option<&str>, bool) {
    let word = match item.properties.get(STATUS) {
        Some(PropertyValue::Text(word)) => Some(&**word),
        other => {
            assert_eq!(other, None);
            None
        }
    };
    (word, item.properties.unknown().contains(&STATUS))
}

#[tokio::test]
async fn the_most_severe_status_is_used() {
    let flags = ["inactive", "blacklisted", "removedExternally"];
    for (set, expected) in [
        (&[][..], AccountStatus::Active),
        (&["inactive"], AccountStatus::Inactive),
        (&["blacklisted"], AccountStatus::Blocked),
        (&["removedExternally"], AccountStatus::Removed),
        (&["inactive", "blacklisted"], AccountStatus::Blocked),
        (&flags, AccountStatus::Removed),
    ] {
        let fields: Vec<_> = set.iter().map(|flag| (*flag, json!(true))).collect();
        let item = item(&site(&fields).await, &[]).await;
        assert_eq!(status(&item), (Some(expected.word()), false), "{set:?}");
        let Contacts::Known(contacts) = &item.contacts else {
            panic!("{item:?}");
        };
        assert_eq!(contacts[0].status, Some(expected));
    }
}

#[tokio::test]
async fn a_status_that_could_not_be_read_is_unknown() {
    let absent = json!("absent");
    let gone = |flag| (flag, absent.clone());
    for (fields, word) in [
        (vec![("inactive", json!(5))], None),
        (vec![("removedExternally", json!("yes"))], None),
        // A status that is more severe than the unreadable field.
        (
            vec![("removedExternally", json!(true)), ("inactive", json!(5))],
            Some("removed"),
        ),
        // Not all versions of Qlik Sense have this field.
        (vec![gone("removedExternally")], Some("active")),
        (
            vec![
                gone("removedExternally"),
                gone("blacklisted"),
                gone("inactive"),
            ],
            None,
        ),
        (vec![("blacklisted", Value::Null)], Some("active")),
    ] {
        let item = item(&site(&fields).await, &[]).await;
        assert_eq!(status(&item), (word, word.is_none()), "{fields:?}");
        assert!(matches!(item.contacts, Contacts::Known(_)), "{fields:?}");
    }
}

#[tokio::test]
async fn the_status_of_a_hidden_owner_is_unknown_and_missing_without_an_owner() {
    let site = site(&[("inactive", json!(true))]).await;
    let account = || Account::new(&site.header_value());
    for account in [
        account().forbidden(Entity::User),
        account().sees(Entity::User, |_| false),
    ] {
        site.set_account(account);
        assert_eq!(status(&item(&site, &[]).await), (None, true));
    }
    site.set_account(account());
    let unasked = [("connection.contacts.email_attributes", "[]")];
    assert_eq!(status(&item(&site, &unasked).await), (None, false));
    site.edit(|content| content.objects[0]["owner"] = Value::Null);
    assert_eq!(status(&item(&site, &[]).await), (None, false));
    site.edit(|content| content.objects[0]["owner"] = json!(5));
    let item = item(&site, &[]).await;
    assert_eq!(status(&item), (None, true));
    assert!(item.properties.unknown().contains(&"owner"));
}
