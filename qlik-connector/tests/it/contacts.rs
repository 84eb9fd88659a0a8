//! Contacts: at which address the owners of sheets and applications are reached.

use catalog_model::{Contact, Contacts};
use qrs_client::fake_site::FakeSite;

use crate::site::{Scan, connect, scan};

async fn scanned(more: &[(&str, &str)]) -> Scan {
    let site = FakeSite::start().await;
    scan(connect(&site, more).as_ref()).await
}

/// All contacts of a scan.
fn contacts(scan: &Scan) -> Vec<Contact> {
    let mut all = Vec::new();
    for (item, _) in &scan.seen.items {
        if let Contacts::Known(known) = &item.contacts {
            all.extend(known.iter().cloned());
        }
    }
    all
}

fn emails(scan: &Scan) -> Vec<String> {
    let all = contacts(scan).into_iter();
    all.filter_map(|contact| contact.email).collect()
}

#[tokio::test]
async fn a_template_reaches_those_whose_attributes_say_nothing() {
    let before = scanned(&[]).await;
    let template = (
        "connection.contacts.email_template",
        "{userId}@made.example",
    );
    let after = scanned(&[template]).await;
    let (before, made) = (emails(&before), emails(&after));
    let told = |emails: &[String]| {
        let told = emails
            .iter()
            .filter(|email| !email.ends_with("@made.example"));
        told.count()
    };
    assert_eq!(told(&made), before.len());
    assert!(made.contains(&"dmitri@made.example".to_owned()), "{made:?}");
    assert!(
        !made.iter().any(|email| email.starts_with("sa_")),
        "{made:?}"
    );
    let left: Vec<_> = (after.warnings().into_iter())
        .filter(|warning| warning.contains("no e-mail address"))
        .map(str::to_owned)
        .collect();
    assert!(
        left[0].contains("INTERNAL") && !left[0].contains("dmitri"),
        "{left:?}"
    );
}

#[tokio::test]
async fn attributes_are_those_that_are_set() {
    let attributes = ("connection.contacts.email_attributes", "no-such-attribute");
    assert_eq!(emails(&scanned(&[attributes]).await), Vec::<String>::new());
}

#[tokio::test]
async fn the_owner_of_the_application_is_a_contact_where_that_is_set() {
    let roles = |scan: &Scan, role: &str| {
        let all = contacts(scan);
        all.iter().filter(|contact| contact.role == role).count()
    };
    let without = scanned(&[]).await;
    assert_eq!(roles(&without, "application owner"), 0);
    let with = scanned(&[("connection.contacts.app_owner", "true")]).await;
    assert!(roles(&with, "application owner") > 0);
    assert_eq!(roles(&with, "application owner"), roles(&with, "owner"));
}
