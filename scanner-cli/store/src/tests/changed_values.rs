//! Changed values: what only a store on SQLite does.

use super::*;

impl Scratch {
    fn stored_values(&self) -> i64 {
        let db = rusqlite::Connection::open(self.path()).unwrap();
        db.query_row("SELECT count(*) FROM change_value", [], |row| row.get(0))
            .unwrap()
    }
}

#[tokio::test]
async fn values_are_deleted_with_their_changes() {
    let scratch = Scratch::new();
    scratch.scan(0, &[("a", "A"), ("b", "B")]).await;
    scratch.scan(1, &[("a", "A2"), ("b", "B")]).await;
    assert_eq!(scratch.stored_values(), 1);
    // A second attempt undoes what the first one logged.
    let mut scan = scratch.begin(2).await;
    see(&mut scan, "b", "Other", Contacts::Unknown);
    scan.flush().await.unwrap();
    scan.restart().unwrap();
    see(&mut scan, "a", "A2", Contacts::Unknown);
    see(&mut scan, "b", "B", Contacts::Unknown);
    close(scan, 2).await.unwrap();
    assert_eq!(scratch.stored_values(), 1);
    scratch.scan(20, &[("a", "A2"), ("b", "B")]).await;
    scratch.scan(40, &[("a", "A3"), ("b", "B")]).await;
    assert_eq!(scratch.stored_values(), 1, "that of day 40");
}
