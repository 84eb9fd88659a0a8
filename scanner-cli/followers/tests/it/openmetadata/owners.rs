//! Owners: who is one, how many there may be, and who has no user.

use catalog_model::{
    Contact, Contacts, Visualization,
    contract::follower::{Closing, MemoryStore},
};
use serde_json::json;

use super::{ANN, BOB, Openmetadata, chart, east, user};
use crate::fake_openmetadata::{Generation, USERS};

fn contact(email: &str) -> Contact {
    Contact {
        role: format!("owner of {email}").into(),
        email: Some(email.to_owned()),
        name: None,
        account: None,
        status: None,
        email_since: 1,
    }
}

/// Gives an item these owners.
pub(super) fn owned_by(emails: &[&str]) -> impl FnOnce(&mut Visualization) + use<> {
    let contacts = emails.iter().map(|email| contact(email)).collect();
    move |item| item.contacts = Contacts::Known(contacts)
}

#[tokio::test]
async fn an_owner_is_the_user_with_exactly_this_address() {
    for is_search_late in [false, true] {
        let (catalog, store) = (Openmetadata::new(Generation::New), MemoryStore::default());
        catalog.fake().state().is_search_late = is_search_late;
        store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.owners("a"), [ANN]);
        let state = catalog.fake().state();
        let searches = state
            .requests
            .iter()
            .filter(|request| request.contains("search"));
        assert_eq!(searches.count(), 1, "an address is looked up once");
    }
}

#[tokio::test]
async fn a_team_owns_alone_and_five_people_at_most() {
    let (catalog, store) = (Openmetadata::new(Generation::New), MemoryStore::default());
    store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
    catalog.deliver(&store).await.unwrap();
    let team = json!({ "id": "t", "type": "team" });
    catalog.fake().edit("charts", &chart("a"), |chart| {
        chart["owners"] = json!([team])
    });
    // A new store adds its owner again.
    let store = MemoryStore::default();
    store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
    let delivery = catalog.deliver(&store).await.unwrap();
    assert_eq!(delivery.refused, []);
    assert_eq!(catalog.owners("a"), ["t"]);
}

/// The addresses of six users, and their ids.
fn six() -> ([&'static str; 6], [&'static str; 6]) {
    let users: [_; 6] = USERS[..6].try_into().unwrap();
    (users.map(|(_, _, email)| email), users.map(|(id, ..)| id))
}

#[tokio::test]
async fn of_six_contacts_the_first_five_are_owners() {
    for generation in [Generation::New, Generation::Old] {
        let (catalog, store) = (Openmetadata::new(generation), MemoryStore::default());
        let (emails, ids) = six();
        // Created like this, and changed to this.
        store.scan(&east(), &[("a", "A")], Closing::Complete);
        store.change_item(&east(), "a", owned_by(&emails));
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.owners("a"), ids[..5]);
        store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        store.change_item(&east(), "b", owned_by(&emails));
        let delivery = catalog.deliver(&store).await.unwrap();
        assert_eq!((delivery.refused, delivery.notices), (vec![], vec![]));
        assert_eq!(catalog.owners("b"), ids[..5]);
        let writes = catalog.fake().state().writes;
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.fake().state().writes, writes);
        // When one leaves, the sixth moves up.
        store.change_item(&east(), "b", owned_by(&emails[1..]));
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.owners("b"), ids[1..]);
        catalog.fake().assert_no_violation();
    }
}

#[tokio::test]
async fn owners_of_people_keep_their_places_among_the_five() {
    for generation in [Generation::New, Generation::Old] {
        let (catalog, store) = (Openmetadata::new(generation), MemoryStore::default());
        let (emails, ids) = six();
        store.scan(&east(), &[("a", "A")], Closing::Complete);
        catalog.deliver(&store).await.unwrap();
        catalog.fake().edit("charts", &chart("a"), |chart| {
            chart["owners"] = json!([user(BOB), user(USERS[6].0)]);
        });
        store.change_item(&east(), "a", owned_by(&emails));
        let delivery = catalog.deliver(&store).await.unwrap();
        assert_eq!(delivery.refused, []);
        let owners = catalog.owners("a");
        assert_eq!(owners.len(), 5);
        assert_eq!(owners[..2], [BOB, USERS[6].0]);
        // Only those of the scanner leave.
        store.change_item(&east(), "a", owned_by(&[]));
        catalog.deliver(&store).await.unwrap();
        assert_eq!(catalog.owners("a"), [BOB, USERS[6].0]);
        assert_eq!(ids[3], BOB);
        catalog.fake().assert_no_violation();
    }
}

#[tokio::test]
async fn owners_without_a_user_are_left_out_and_counted() {
    let (catalog, store) = (Openmetadata::new(Generation::New), MemoryStore::default());
    store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
    let strangers: Vec<_> = (0..12)
        .map(|number| format!("x{number:02}@example.com"))
        .collect();
    let mut owners: Vec<_> = strangers.iter().map(String::as_str).collect();
    owners.push("ann@example.com");
    store.change_item(&east(), "a", owned_by(&owners));
    store.change_item(&east(), "b", owned_by(&owners[..1]));
    let delivery = catalog.deliver(&store).await.unwrap();
    assert_eq!(
        delivery.notices,
        [
            "12 owners have no user in OpenMetadata and were left out: `x00@example.com`, `x01@example.com`, \
          `x02@example.com`, …"
        ]
    );
    assert_eq!(delivery.refused, []);
    assert_eq!(catalog.owners("a"), [ANN]);
    assert_eq!(catalog.owners("b"), [""; 0]);
    store.change_item(&east(), "b", |item| item.name = "B2".to_owned());
    let delivery = catalog.deliver(&store).await.unwrap();
    assert_eq!(
        delivery.notices,
        ["1 owner has no user in OpenMetadata and was left out: `x00@example.com`"]
    );
    assert_eq!(catalog.deliver(&store).await.unwrap().notices, [""; 0]);
}

#[tokio::test]
async fn owners_who_could_not_be_looked_up_arrive_with_the_next_delivery() {
    let (catalog, store) = (Openmetadata::new(Generation::New), MemoryStore::default());
    catalog.fake().state().fails_lookups = true;
    store.scan(&east(), &[("a", "A"), ("b", "B")], Closing::Complete);
    let delivery = catalog.deliver(&store).await.unwrap();
    assert_eq!((delivery.refused, delivery.notices), (vec![], vec![]));
    assert_eq!(catalog.owners("a"), [""; 0]);
    catalog.fake().state().fails_lookups = false;
    catalog.deliver(&store).await.unwrap();
    assert_eq!(catalog.owners("a"), [ANN]);
    assert_eq!(catalog.owners("b"), [ANN]);
    let writes = catalog.fake().state().writes;
    catalog.deliver(&store).await.unwrap();
    assert_eq!(catalog.fake().state().writes, writes);
}

#[tokio::test]
async fn a_user_with_dots_is_found_by_an_address_in_upper_case() {
    for is_search_late in [false, true] {
        let (catalog, store) = (Openmetadata::new(Generation::New), MemoryStore::default());
        catalog.fake().state().is_search_late = is_search_late;
        store.scan(&east(), &[("a", "A")], Closing::Complete);
        store.change_item(
            &east(),
            "a",
            owned_by(&[" Ann.Lee@CORP.example", "ANN.LEE@corp.example"]),
        );
        let delivery = catalog.deliver(&store).await.unwrap();
        assert_eq!(delivery.notices, [""; 0]);
        assert_eq!(catalog.owners("a"), [USERS[2].0]);
    }
}

#[tokio::test]
async fn a_similar_address_is_no_owner() {
    // The search finds `joann` for `ann`, and the fallback by name finds another address.
    let (catalog, store) = (Openmetadata::new(Generation::New), MemoryStore::default());
    store.scan(&east(), &[("a", "A")], Closing::Complete);
    store.change_item(
        &east(),
        "a",
        owned_by(&["ann@other.example", "an@example.com"]),
    );
    let delivery = catalog.deliver(&store).await.unwrap();
    assert_eq!(delivery.notices.len(), 1);
    assert_eq!(catalog.owners("a"), [""; 0]);
}
