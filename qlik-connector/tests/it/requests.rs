//! What the connector sends: it reads, and changes nothing.

use qrs_client::fake_site::{Account, FakeSite};

use crate::site::{connect, scan};

/// All requests of scans, a check and a search with an account that may read only.
#[tokio::test]
async fn only_get_and_the_logout_are_sent() {
    let account = Account::new(r"ACME\scanner").read_only();
    let site = FakeSite::builder().account(account).start().await;
    let before = site.content();
    let connection = connect(&site, &[("connection.logout", "true")]);
    for _ in 0..2 {
        let _ = scan(connection.as_ref()).await.closing.unwrap();
    }
    connection.check().await;
    if let Some(lookup) = connection.lookup() {
        lookup.find("Sales Overview").await.unwrap();
    }

    let requests = site.requests();
    assert!(requests.len() > 10);
    for request in &requests {
        let is_allowed = match request.method() {
            "GET" => true,
            // Tables read as well: they are the way to read what has changed.
            "POST" => request.path().ends_with("/table"),
            "DELETE" => request.path() == "/qps/user",
            _ => false,
        };
        assert!(is_allowed, "{} {}", request.method(), request.path());
        assert!(request.body().is_empty() || request.method() == "POST");
    }
    assert_eq!(site.content(), before);
}
