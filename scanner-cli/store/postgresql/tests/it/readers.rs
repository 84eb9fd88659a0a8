//! People who read while the server is slow, is restarted, or lets them only read.

use std::time::{Duration, Instant};

use catalog_store::browse::{
    BrowseError, BrowseSettings, Browser, IndexState, SearchPage, SearchRequest,
};
use postgresql_client::Session;

use crate::{
    pages::fill,
    server::{execute, location, reader, schema, target},
};

fn search(browser: &Browser) -> Result<SearchPage, BrowseError> {
    browser.search(&SearchRequest {
        text: "sales".to_owned(),
        ..SearchRequest::default()
    })
}

#[tokio::test]
async fn a_role_that_may_only_read_finds_what_others_have_indexed() {
    let schema = schema();
    let store = location(&schema, "one");
    fill(&store).await;
    let granted = format!(
        "GRANT USAGE ON SCHEMA {schema} TO reader; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO reader"
    );
    execute(&schema, &granted).await;
    let browser = Browser::open(reader(&schema), BrowseSettings::default()).unwrap();
    let page = search(&browser).unwrap();
    assert_eq!(page.total, 0);
    assert!(matches!(
        page.index,
        IndexState::Building { indexed: 0, .. }
    ));
    let error = browser.update().unwrap_err().to_string();
    assert!(error.contains("cannot be written"), "{error}");
    let writing = Browser::open(store, BrowseSettings::default()).unwrap();
    writing.update().unwrap();
    let page = search(&browser).unwrap();
    assert_eq!(page.index, IndexState::Current);
    assert_eq!(page.total, search(&writing).unwrap().total);
    assert!(page.total > 10, "{}", page.total);
}

#[tokio::test]
async fn the_list_of_what_is_not_indexed_is_vacuumed() {
    let schema = schema();
    let store = location(&schema, "one");
    fill(&store).await;
    let browser = Browser::open(store, BrowseSettings::default()).unwrap();
    browser.update().unwrap();
    let missing =
        "INSERT INTO to_index SELECT (SELECT min(id) FROM item) FROM generate_series(1, 12000)";
    execute(&schema, missing).await;
    browser.update().unwrap();
    // The statistics follow. Snapshots of other tests may keep the rows.
    let vacuumed = "DO $$ BEGIN FOR attempt IN 1..100 LOOP PERFORM pg_stat_clear_snapshot(); \
                    IF (SELECT vacuum_count FROM pg_stat_user_tables WHERE relid = 'to_index'::regclass) > 0 THEN RETURN; END IF; \
                    PERFORM pg_sleep(0.1); END LOOP; RAISE 'not vacuumed'; END $$";
    execute(&schema, vacuumed).await;
}

#[tokio::test]
async fn a_request_that_waits_too_long_ends_and_leaves_no_statement() {
    let schema = schema();
    let store = location(&schema, "one");
    fill(&store).await;
    let settings = BrowseSettings {
        time_limit: Duration::from_secs(5),
        ..BrowseSettings::default()
    };
    let browser = Browser::open(store, settings).unwrap();
    browser.update().unwrap();
    let session = Session::open(&target(&schema)).await.unwrap();
    let lock = format!("BEGIN; LOCK TABLE {schema}.doc_words IN ACCESS EXCLUSIVE MODE");
    session.batch(&lock).await.unwrap();
    let begun = Instant::now();
    let other = browser.search(&SearchRequest {
        text: "page".to_owned(),
        ..SearchRequest::default()
    });
    assert!(matches!(other, Err(BrowseError::TimedOut)), "{other:?}");
    assert!(begun.elapsed() < Duration::from_secs(30));
    let sql = format!(
        "SELECT FROM pg_stat_activity WHERE application_name = 'scanner-cli ({schema})' AND state = 'active' \
         AND query LIKE '%doc_words%'"
    );
    // In a transaction, the view does not change.
    let watcher = Session::open(&target(&schema)).await.unwrap();
    while !watcher.query(&sql, &[]).await.unwrap().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    watcher.close().await;
    session.batch("ROLLBACK").await.unwrap();
    session.close().await;
    assert_ne!(search(&browser).unwrap().total, 0);
}

#[tokio::test]
async fn a_request_does_not_wait_for_another_process_that_keeps_the_index() {
    let schema = schema();
    let store = location(&schema, "one");
    fill(&store).await;
    let browser = Browser::open(store, BrowseSettings::default()).unwrap();
    browser.update().unwrap();
    let found = search(&browser).unwrap().total;
    let session = Session::open(&target(&schema)).await.unwrap();
    let lock = format!(
        "SET search_path = {schema}, pg_catalog; BEGIN; \
         SELECT pg_advisory_xact_lock(hashtext('scanner-cli index ' || current_schema()))"
    );
    session.batch(&lock).await.unwrap();
    execute(&schema, "INSERT INTO to_index SELECT min(id) FROM item").await;
    let begun = Instant::now();
    let page = search(&browser).unwrap();
    assert!(begun.elapsed() < Duration::from_secs(20));
    assert_eq!(
        (page.total, page.index),
        (found, IndexState::Behind { changes: 1 })
    );
    session.batch("COMMIT").await.unwrap();
    session.close().await;
    browser.update().unwrap();
    assert_eq!(search(&browser).unwrap().index, IndexState::Current);
}

#[tokio::test]
async fn requests_work_again_after_the_server_has_closed_their_sessions() {
    let schema = schema();
    let store = location(&schema, "one");
    fill(&store).await;
    let browser = Browser::open(store, BrowseSettings::default()).unwrap();
    browser.update().unwrap();
    let found = search(&browser).unwrap().total;
    let sql = format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'scanner-cli ({schema})'"
    );
    execute(&schema, &sql).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(search(&browser).unwrap().total, found);
    browser
        .update()
        .or_else(|_closed| browser.update())
        .unwrap();
}
