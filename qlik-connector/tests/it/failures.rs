//! Failures of a site, and their effect on a scan.

use std::time::Duration;

use catalog_model::{Completeness, Contacts, ScanError};
use qrs_client::fake_site::{Account, Entity, FakeSite, Fault, Point};

use crate::site::{Scan, connect, scan};

const SHEETS: &str = "/qrs/app/object/full";

async fn scan_with(faults: Vec<Fault>, more: &[(&str, &str)]) -> (FakeSite, Scan) {
    let site = FakeSite::start().await;
    for fault in faults {
        site.fail(fault);
    }
    let scan = scan(connect(&site, more).as_ref()).await;
    (site, scan)
}

fn partial(scan: &Scan) -> &[String] {
    match &scan.closing {
        Ok(Completeness::Partial(reasons)) => reasons,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_interrupted_list_restarts_the_scan_without_other_effects() {
    let cut = Fault::cut(Point::Records(20)).on(SHEETS).times(2);
    let (site, scan) = scan_with(vec![cut], &[]).await;
    assert_eq!(scan.closing.unwrap(), Completeness::Complete);
    assert_eq!(scan.seen.restarts.len(), 2);
    assert_eq!(scan.seen.items.len(), site.content().sheets().count());
}

#[tokio::test]
async fn a_list_that_is_always_interrupted_fails_the_scan() {
    for fault in [
        Fault::cut(Point::Records(20)),
        Fault::end_early(Point::Records(20)),
        Fault::missing_comma(7),
        Fault::double_comma(7),
        Fault::trailing("{}"),
    ] {
        let (_, scan) = scan_with(vec![fault.on(SHEETS)], &[]).await;
        let Err(ScanError::Source { step, hint, .. }) = &scan.closing else {
            panic!("{:?}", scan.closing);
        };
        assert_eq!(step, "reading the list of sheets");
        assert!(hint.is_some());
        assert_eq!(scan.seen.restarts.len(), 2);
    }
}

/// Scans with a limit of `value`, which `fault` exceeds, and checks that the error names it and that it is not retried.
async fn check_limit(limit: &str, value: &str, fault: Fault, path: &str) {
    let setting = format!("connection.time_limits.{limit}");
    let more = [(setting.as_str(), value), ("connection.parallel", "1")];
    let (site, scan) = scan_with(vec![fault.on(path)], &more).await;
    let error = scan.closing.unwrap_err();
    assert!(error.may_pass());
    let ScanError::Source { message, hint, .. } = error else {
        panic!("{error}");
    };
    let named = format!("(`{setting}` is {value}");
    assert!(message.contains(&named), "{message}");
    let hint = hint.unwrap();
    assert!(
        hint.contains(&format!("set a longer `{setting}`")),
        "{hint}"
    );
    assert_eq!(site.requests_of(path).len(), 1, "{message}");
    assert!(scan.seen.restarts.is_empty(), "{message}");
}

#[tokio::test]
async fn an_exceeded_time_limit_is_reported_and_not_retried() {
    // The requests before the late one must be in time.
    let limit = "3 s";
    let late = || Fault::delay(Duration::from_secs(30));
    let stall = || Fault::stall(Point::Records(20));
    let begun = || Fault::stall(Point::Bytes(3));
    tokio::join!(
        check_limit("first_byte", limit, late(), "/qrs/about"),
        check_limit("first_byte", limit, late(), "/qrs/app/full"),
        check_limit("first_byte", limit, late(), SHEETS),
        check_limit("silence", limit, stall(), SHEETS),
        check_limit("silence", limit, begun(), "/qrs/about"),
        check_limit("list", limit, stall(), SHEETS),
        check_limit("list", limit, late(), SHEETS),
    );
}

#[tokio::test]
async fn a_list_may_begin_late_if_no_limit_is_set() {
    let late = Fault::delay(Duration::from_millis(300));
    let (_, scan) = scan_with(vec![late.on(SHEETS)], &[]).await;
    assert_eq!(scan.closing.unwrap(), Completeness::Complete);
}

#[tokio::test]
async fn an_unreadable_record_with_an_id_is_reported_and_hides_only_itself() {
    let record = Fault::record(3, r#"{"id":"abc-1","engineObjectId":5}"#).on(SHEETS);
    let (site, scan) = scan_with(vec![record], &[]).await;
    assert_eq!(scan.closing.unwrap(), Completeness::Complete);
    assert_eq!(scan.seen.items.len() + 1, site.content().sheets().count());
    let [unreadable] = scan.seen.unreadable.as_slice() else {
        panic!("{:?}", scan.seen.unreadable);
    };
    assert_eq!(unreadable.id.as_ref().unwrap().0, "abc-1");
    assert!(
        unreadable
            .place
            .starts_with("record 4 of the sheets, at byte "),
        "{}",
        unreadable.place
    );
}

#[tokio::test]
async fn an_unreadable_record_without_an_id_makes_a_scan_partial() {
    for record in ["17", "null", r#"{"name":5}"#, r#"{"name":"no id, no app"}"#] {
        let (_, scan) = scan_with(vec![Fault::record(3, record).on(SHEETS)], &[]).await;
        assert_eq!(
            partial(&scan),
            ["1 of the sheets could not be read, not even their ids"]
        );
    }
}

#[tokio::test]
async fn a_scan_without_a_readable_sheet_is_partial() {
    let site = FakeSite::start().await;
    site.edit(|content| {
        for object in &mut content.objects {
            object["engineObjectId"] = 5.into();
        }
    });
    let scan = scan(connect(&site, &[]).as_ref()).await;
    assert_eq!(partial(&scan), ["none of the 53 sheets could be read"]);
}

#[tokio::test]
async fn a_sheet_without_an_app_is_unreadable_not_lost() {
    let record = Fault::record(
        3,
        r#"{"id":"abc-1","name":"Lost?","app":null,"engineObjectId":"x"}"#,
    );
    let (_, scan) = scan_with(vec![record.on(SHEETS)], &[]).await;
    assert_eq!(scan.closing.unwrap(), Completeness::Complete);
    assert_eq!(scan.seen.unreadable[0].id.as_ref().unwrap().0, "abc-1");
}

#[tokio::test]
async fn users_that_cannot_be_read_leave_contacts_unknown() {
    let site = FakeSite::start().await;
    site.set_account(Account::new(&site.header_value()).forbidden(Entity::User));
    let scan = scan(connect(&site, &[]).as_ref()).await;
    assert_eq!(scan.closing.as_ref().unwrap(), &Completeness::Complete);
    assert!(
        scan.seen
            .items
            .iter()
            .all(|(item, _)| item.contacts == Contacts::Unknown)
    );
    assert!(
        scan.warnings()
            .iter()
            .any(|warning| warning.starts_with("the users could not be read"))
    );
}

#[tokio::test]
async fn a_hidden_owner_is_unknown_not_without_an_address() {
    let site = FakeSite::start().await;
    let account = Account::new(&site.header_value()).sees(Entity::User, |_| false);
    site.set_account(account);
    let scan = scan(connect(&site, &[]).as_ref()).await;
    assert!(
        scan.seen
            .items
            .iter()
            .all(|(item, _)| item.contacts == Contacts::Unknown)
    );
    assert!(
        scan.warnings()
            .iter()
            .any(|warning| warning.contains("owners are not visible"))
    );
}

#[tokio::test]
async fn an_account_without_rights_causes_a_warning() {
    let site = FakeSite::start().await;
    site.set_account(Account::new(&site.header_value()).without_rights());
    let scan = scan(connect(&site, &[]).as_ref()).await;
    assert_eq!(scan.closing.as_ref().unwrap(), &Completeness::Complete);
    assert!(scan.seen.items.is_empty());
    let warning = &scan.seen.warnings[0];
    assert!(warning.message.contains("no sheet is visible"));
    assert!(
        warning
            .hint
            .as_ref()
            .unwrap()
            .contains("App_*,App.Object_*,Stream_*,User_*")
    );
}

#[tokio::test]
async fn objects_that_are_not_sheets_are_skipped_and_reported() {
    let story = r#"{"id":"s-1","objectType":"story","engineObjectId":"x","app":{"id":"a"}}"#;
    let (_, scan) = scan_with(vec![Fault::record(0, story).on(SHEETS)], &[]).await;
    assert!(
        scan.warnings()
            .iter()
            .any(|warning| warning.contains("1 object skipped") && warning.contains("not sheets"))
    );
    assert!(
        scan.seen
            .items
            .iter()
            .all(|(item, _)| !item.key.to_string().contains("/a/x"))
    );
}

#[tokio::test]
async fn a_refused_account_fails_at_the_first_step() {
    for (account, message) in [
        (Account::new("ACME\\other"), "login"),
        (Account::new("ACME\\scanner").inactive(), "inactive"),
    ] {
        let site = FakeSite::builder().account(account).start().await;
        let connection = {
            let url = site.url();
            let lines = [
                ("connection.url", url.as_str()),
                ("connection.auth.key", site.header_name()),
                ("connection.auth.value", "ACME\\scanner"),
            ];
            use catalog_model::Connector;
            let mut settings = crate::site::settings(&lines);
            let connector = qlik_connector::QlikSense::default();
            connector.open(crate::site::code(), &mut settings).unwrap()
        };
        let scan = scan(connection.as_ref()).await;
        let error = scan.closing.unwrap_err().to_string();
        assert!(
            error.starts_with("asking the site for its version"),
            "{error}"
        );
        assert!(error.contains(message), "{error}");
        assert!(!error.contains("ACME"), "{error}");
    }
}
