//! Contacts: the e-mail addresses of the owners of sheets and applications.

use catalog_model::{Contact, Contacts, Verdict};
use qrs_client::fake_site::{Account, Content, Entity, FakeSite, Fault};
use serde_json::{Value, json};

use crate::site::{Scan, connect, scan};

const ATTRIBUTES: &str = "connection.contacts.email_attributes";
const MAPPING: &str = "connection.contacts.mapping";
const TEMPLATE: (&str, &str) = (
    "connection.contacts.email_template",
    "{userId}@made.example",
);
const APP_OWNER: (&str, &str) = ("connection.contacts.app_owner", "true");

async fn scanned(more: &[(&str, &str)]) -> Scan {
    let site = FakeSite::start().await;
    scan(connect(&site, more).as_ref()).await
}

/// All contacts of a scan.
fn contacts(scan: &Scan) -> Vec<&Contact> {
    let mut all = Vec::new();
    for (item, _) in &scan.seen.items {
        if let Contacts::Known(known) = &item.contacts {
            all.extend(known);
        }
    }
    all
}

/// Returns the address and the name of an account, which are the same in the whole scan.
fn contact<'a>(scan: &'a Scan, account: &str) -> (Option<&'a str>, Option<&'a str>) {
    let all = contacts(scan).into_iter();
    let mut of: Vec<_> = all
        .filter(|contact| contact.account.as_deref() == Some(account))
        .map(|contact| (contact.email.as_deref(), contact.name.as_deref()))
        .collect();
    of.dedup();
    assert_eq!(of.len(), 1, "{account}: {of:?}");
    of[0]
}

fn unknown(scan: &Scan) -> usize {
    let items = scan.seen.items.iter();
    items
        .filter(|(item, _)| item.contacts == Contacts::Unknown)
        .count()
}

/// Number of contacts with a role.
fn roles(scan: &Scan, role: &str) -> usize {
    let all = contacts(scan).into_iter();
    all.filter(|contact| contact.role == role).count()
}

#[tokio::test]
async fn attributes_come_first_then_the_mapping_then_the_template() {
    let entries = "acme\\DMITRI=dmitri@mapped.example=Dmitri O.;ACME\\ada.moreau=ada@mapped.example=A.;\
                   acme\\grace=grace@mapped.example;internal\\sa_repository=it@mapped.example";
    let scan = scanned(&[(MAPPING, entries), TEMPLATE]).await;
    for (account, email, name) in [
        ("ACME\\ada.moreau", "ada.moreau@acme.example", "Ada Moreau"),
        ("ACME\\dmitri", "dmitri@mapped.example", "Dmitri O."),
        ("ACME\\grace", "grace@mapped.example", "grace"),
        (
            "INTERNAL\\sa_repository",
            "it@mapped.example",
            "sa_repository",
        ),
    ] {
        assert_eq!(contact(&scan, account), (Some(email), Some(name)));
    }
    let alone = scanned(&[TEMPLATE]).await;
    assert_eq!(
        contact(&alone, "ACME\\dmitri").0,
        Some("dmitri@made.example")
    );
    assert_eq!(contact(&alone, "ACME\\grace").0, Some("grace@made.example"));
    // The template is not used for the product's own accounts, nor for an id that is an address.
    assert_eq!(contact(&alone, "INTERNAL\\sa_repository").0, None);
    let farid = "acme-partners\\farid@partner.example";
    assert_eq!(contact(&alone, farid).0, Some("farid@partner.example"));
}

#[tokio::test]
async fn a_user_id_that_is_an_address_is_used_after_attributes_mapping_and_template() {
    const USER: &str = "ann@id.example";
    const ACCOUNT: &str = "SAML\\ann@id.example";
    let by_id = ("connection.contacts.email_template", "{userId}");
    let mapping = (MAPPING, "saml\\ANN@id.example=ann@mapped.example");
    let attribute = Some("ann@attribute.example");
    for (value, more, expected) in [
        (None, &[][..], Some(USER)),
        (None, &[by_id], Some(USER)),
        (None, &[(ATTRIBUTES, "[]")], Some(USER)),
        (None, &[TEMPLATE], Some(USER)),
        (None, &[mapping, by_id], Some("ann@mapped.example")),
        (attribute, &[mapping, by_id], attribute),
        (Some("n/a"), &[], Some(USER)),
    ] {
        let content = one_owner("SAML", USER, &[("email", value.unwrap_or_default())]);
        let site = FakeSite::builder().content(content).start().await;
        let scan = scan(connect(&site, more).as_ref()).await;
        assert_eq!(contact(&scan, ACCOUNT).0, expected, "{more:?}");
    }
}

#[tokio::test]
async fn user_ids_of_hidden_and_internal_users_are_not_used_as_addresses() {
    let site = FakeSite::builder()
        .content(one_owner("SAML", "ann@id.example", &[]))
        .start()
        .await;
    let account = || Account::new(&site.header_value());
    for account in [
        account().forbidden(Entity::User),
        account().sees(Entity::User, |_| false),
    ] {
        site.set_account(account);
        let by_id = ("connection.contacts.email_template", "{userId}");
        for more in [&[][..], &[by_id]] {
            let scan = scan(connect(&site, more).as_ref()).await;
            assert_eq!(unknown(&scan), 1);
        }
    }
    for directory in ["INTERNAL", "Internal"] {
        let content = one_owner(directory, "sa@id.example", &[]);
        let site = FakeSite::builder().content(content).start().await;
        for more in [&[][..], &[(ATTRIBUTES, "[]")]] {
            let scan = scan(connect(&site, more).as_ref()).await;
            assert_eq!(
                contact(&scan, &format!("{directory}\\sa@id.example")).0,
                None
            );
        }
    }
}

#[tokio::test]
async fn attributes_with_an_at_sign_are_reported_for_owners_without_an_address() {
    let attributes = [
        ("userPrincipalName", "ann@acme.example"),
        ("Work\nmail", "Ann <ann@acme.example>"),
        ("mail", "ann@acme.example; bob@acme.example"),
        ("group", "staff"),
    ];
    let content = one_owner("ACME", "ann", &attributes);
    let site = FakeSite::builder().content(content).start().await;
    let unreached = scan(connect(&site, &[]).as_ref()).await;
    let warnings: Vec<_> = unreached.seen.warnings.iter().collect();
    let [others, asked] = warnings[..] else {
        panic!("{warnings:?}");
    };
    assert!(
        others
            .message
            .ends_with(": `Work mail`, `userPrincipalName`"),
        "{others:?}"
    );
    let hint = others.hint.as_deref().unwrap();
    assert!(hint.contains("`connection.contacts.email_attributes`"));
    assert!(asked.message.ends_with(": `mail`"), "{asked:?}");
    // Owners who have an address from any source are not reported.
    let mapping = (MAPPING, "ACME\\ann=ann@mapped.example");
    for more in [
        &[mapping][..],
        &[TEMPLATE],
        &[(ATTRIBUTES, "userprincipalname")],
        &[(ATTRIBUTES, "[]")],
    ] {
        let scan = scan(connect(&site, more).as_ref()).await;
        assert_eq!(scan.warnings(), [""; 0], "{more:?}");
    }
}

#[tokio::test]
async fn attributes_of_an_apps_owner_are_reported_only_if_the_owner_is_a_contact() {
    let (mut content, _) = two_owners();
    let bob = content.users.iter().find(|user| user["userId"] == "bob");
    let bob = bob.unwrap()["id"].as_str().unwrap().to_owned();
    set_attributes(&mut content, &bob, &[("upn", "bob@acme.example")]);
    let site = FakeSite::builder().content(content).start().await;
    let without = scan(connect(&site, &[]).as_ref()).await;
    assert_eq!(without.warnings(), [""; 0]);
    let with = scan(connect(&site, &[APP_OWNER]).as_ref()).await;
    assert!(with.warnings()[0].ends_with(": `upn`"));
}

/// A site with one sheet and its owner.
fn one_owner(directory: &str, user: &str, attributes: &[(&str, &str)]) -> Content {
    let mut content = Content::empty();
    let user = content.add_user(directory, user, "Ann");
    set_attributes(&mut content, &user, attributes);
    let app = content.add_app("Sales");
    let sheet = content.add_sheet(&app, "Q1");
    let owner = content.get(&user).unwrap().clone();
    content.set(&sheet, "owner", owner);
    content
}

fn set_attributes(content: &mut Content, user: &str, attributes: &[(&str, &str)]) {
    let attribute = |(name, value): &(&str, &str)| json!({"attributeType": name, "attributeValue": value, "externalId": ""});
    let attributes = attributes.iter().map(attribute).collect();
    content.set(user, "attributes", Value::Array(attributes));
}

#[tokio::test]
async fn the_configured_attributes_are_read() {
    let scan = scanned(&[(ATTRIBUTES, "no-such-attribute")]).await;
    // All except the one whose id is an address.
    let mut reached = contacts(&scan);
    reached.retain(|one| one.email.is_some());
    let farid = "farid@partner.example";
    assert!(
        reached
            .iter()
            .all(|one| one.email.as_deref() == Some(farid))
    );
    assert_eq!(unknown(&scan), unknown(&scanned(&[]).await));
    let scan = scanned(&[(ATTRIBUTES, "MAIL")]).await;
    assert_eq!(
        contact(&scan, "ACME\\chloé.öz").0,
        Some("chloe.oz@acme.example")
    );
    assert_eq!(contact(&scan, "ACME\\ada.moreau").0, None);
}

#[tokio::test]
async fn without_attributes_users_are_not_requested_and_may_be_hidden() {
    let site = FakeSite::start().await;
    let account = Account::new(&site.header_value()).forbidden(Entity::User);
    site.set_account(account);
    let connection = connect(&site, &[(ATTRIBUTES, "[]"), TEMPLATE]);
    let scan = scan(connection.as_ref()).await;
    assert_eq!(
        contact(&scan, "ACME\\ada.moreau").0,
        Some("ada.moreau@made.example")
    );
    assert!(
        !scan
            .warnings()
            .iter()
            .any(|warning| warning.contains("users"))
    );
    let asked = site.requests();
    assert!(
        asked
            .iter()
            .all(|request| request.path() != "/qrs/user/full")
    );
    let stages = connection.check().await;
    let rights = stages.iter().find(|stage| stage.name == "rights").unwrap();
    assert_eq!(rights.verdict, Verdict::Ok, "{}", rights.seen);
}

#[tokio::test]
async fn a_hidden_owner_is_unknown_even_with_a_mapping_and_a_template() {
    let site = FakeSite::start().await;
    let more = [(MAPPING, "ACME\\ada.moreau=ada@mapped.example"), TEMPLATE];
    let account = || Account::new(&site.header_value());
    for account in [
        account().forbidden(Entity::User),
        account().sees(Entity::User, |_| false),
    ] {
        site.set_account(account);
        let scan = scan(connect(&site, &more).as_ref()).await;
        assert_eq!(unknown(&scan), scan.seen.items.len());
        let warnings = scan.seen.warnings.iter();
        let hints: Vec<_> = warnings
            .filter_map(|warning| warning.hint.as_deref())
            .collect();
        let [hint] = hints[..] else {
            panic!("{hints:?}");
        };
        for shown in ["`User_*`", "`connection.contacts.email_attributes = []`"] {
            assert!(hint.contains(shown), "{hint}");
        }
    }
}

#[tokio::test]
async fn the_owner_of_the_application_is_a_contact_if_configured() {
    let without = scanned(&[]).await;
    assert_eq!(roles(&without, "application owner"), 0);
    let with = scanned(&[APP_OWNER]).await;
    assert!(roles(&with, "application owner") > 0);
    assert_eq!(roles(&with, "application owner"), roles(&with, "owner"));
    // A person who owns both has both roles; some sheets have another owner than their app.
    let pairs: Vec<_> = (with.seen.items.iter())
        .filter_map(|(item, _)| match &item.contacts {
            Contacts::Known(known) => Some((&known[0].account, &known[1].account)),
            Contacts::Unknown => None,
        })
        .collect();
    assert!(pairs.iter().any(|(sheet, app)| sheet == app));
    assert!(pairs.iter().any(|(sheet, app)| sheet != app));
}

#[tokio::test]
async fn one_unknown_owner_makes_all_contacts_of_a_sheet_unknown() {
    let all = scanned(&[]).await;
    let site = FakeSite::start().await;
    site.edit(|content| content.apps[0]["owner"] = 5.into());
    let scan = scan(connect(&site, &[APP_OWNER]).as_ref()).await;
    assert!(unknown(&scan) > unknown(&all));
    assert!(unknown(&scan) < scan.seen.items.len());
    let shown = scan.warnings();
    let unreadable = "their apps, whose owners are also contacts, could not be read";
    assert!(shown.iter().any(|warning| warning.ends_with(unreadable)));
    site.set_account(Account::new(&site.header_value()).sees(Entity::User, |_| false));
    let scan = self::scan(connect(&site, &[APP_OWNER]).as_ref()).await;
    let shown = scan.warnings();
    let shown = shown.iter().find(|warning| warning.contains("contacts of"));
    assert!(
        shown
            .unwrap()
            .ends_with("their owners or their apps are not visible to the account")
    );
}

/// A site with an app that Bob owns, and a sheet in it that Ann owns.
fn two_owners() -> (Content, String) {
    let mut content = Content::empty();
    let (ann, bob) = (
        content.add_user("ACME", "ann", "Ann"),
        content.add_user("ACME", "bob", "Bob"),
    );
    let app = content.add_app("Sales");
    let sheet = content.add_sheet(&app, "Q1");
    let owner = |id: &str| content.get(id).unwrap().clone();
    let (ann, bob) = (owner(&ann), owner(&bob));
    content.set(&sheet, "owner", ann);
    content.set(&app, "owner", bob);
    (content, app)
}

#[tokio::test]
async fn an_app_without_an_owner_has_none_and_its_sheets_have_their_own() {
    let (mut content, app) = two_owners();
    content.set(&app, "owner", Value::Null);
    let site = FakeSite::builder().content(content).start().await;
    let scan = scan(connect(&site, &[APP_OWNER]).as_ref()).await;
    let accounts: Vec<_> = contacts(&scan)
        .iter()
        .map(|one| (one.role.as_ref(), one.account.as_deref().unwrap()))
        .collect();
    assert_eq!(accounts, [("owner", "ACME\\ann")]);
    assert_eq!(scan.warnings(), [""; 0]);
}

#[tokio::test]
async fn owners_of_unread_apps_are_unknown_and_the_missing_right_is_reported() {
    let (content, app) = two_owners();
    let site = FakeSite::builder().content(content).start().await;
    site.set_account(Account::new(&site.header_value()).sees(Entity::App, |_| false));
    let hidden = scan(connect(&site, &[APP_OWNER]).as_ref()).await;
    let contact_warning = |scan: &Scan| {
        let mut warnings = scan.seen.warnings.clone();
        warnings.retain(|one| one.message.starts_with("the contacts of"));
        assert_eq!((unknown(scan), warnings.len()), (1, 1), "{warnings:?}");
        warnings.remove(0)
    };
    let warning = contact_warning(&hidden);
    assert!(
        warning.message.ends_with(
            "their apps, whose owners are also contacts, are not visible to the account"
        )
    );
    assert_eq!(
        warning.hint.as_deref(),
        Some(
            "allow the account to read `App_*`: see the rule in `scanner-cli docs qlik-setup#4-the-read-rule`"
        )
    );
    site.set_account(Account::new(&site.header_value()));
    let record = format!(r#"{{"id":"{app}","owner":5}}"#);
    site.fail(Fault::record(0, record).on("/qrs/app/full"));
    let unreadable = scan(connect(&site, &[APP_OWNER]).as_ref()).await;
    let warning = contact_warning(&unreadable);
    assert!(
        warning.message.contains("could not be read"),
        "{}",
        warning.message
    );
    assert_eq!(warning.hint, None);
}
