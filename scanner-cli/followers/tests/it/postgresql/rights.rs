//! Rights, the statements of the documentation, and migrations.

use super::{
    database::{Database, PASSWORD, open, result},
    dry_runs::{Statement, plan, rows},
    feed::{TestFeed, item},
};

#[tokio::test]
async fn a_role_without_rights_is_told_what_it_needs() {
    let database = Database::new().await;
    let role = &database.role;
    database.belongs_to_superuser().await;
    let (failed, text) = result(&database.check_with(&[]).await);
    assert_eq!(failed, ["permissions"]);
    assert!(
        text.contains(&format!(
            "the role `{role}` may not create the schema `qlik_catalog` \
             [let the database administrator run `CREATE SCHEMA qlik_catalog AUTHORIZATION {role}`]"
        )),
        "{text}"
    );
    let feed = TestFeed::new("east", vec![item("east", "s1", "A")]);
    let error = database.follower().follow(&feed).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("may not create the schema `qlik_catalog`"),
        "{error}"
    );
    assert!(error.hint().unwrap().contains("CREATE SCHEMA"));
    // An administrator creates it.
    database
        .execute(&format!("CREATE SCHEMA qlik_catalog AUTHORIZATION {role}"))
        .await;
    let (failed, text) = result(&database.check_with(&[]).await);
    assert!(
        failed.is_empty() && text.contains("is empty; the first delivery creates the tables"),
        "{text}"
    );
    database.follower().follow(&feed).await.unwrap();
    // The rights to a table are lost.
    database
        .execute("ALTER TABLE qlik_catalog.items OWNER TO postgres")
        .await;
    let (failed, text) = result(&database.check_with(&[]).await);
    assert_eq!(failed, ["permissions"], "{text}");
    let mut feed = feed;
    feed.end = 20;
    let error = database.follower().follow(&feed).await.unwrap_err();
    assert!(
        error.hint().unwrap().contains("must belong to"),
        "{error:?}"
    );
    // A database that cannot be written.
    database
        .execute(&format!("ALTER TABLE qlik_catalog.items OWNER TO {role}"))
        .await;
    database
        .execute(&format!(
            "ALTER ROLE {role} SET default_transaction_read_only = on"
        ))
        .await;
    let (failed, text) = result(&database.check_with(&[]).await);
    assert_eq!(failed, ["permissions"], "{text}");
    assert!(text.contains("cannot be written"), "{text}");
}

#[tokio::test]
async fn a_schema_of_another_role_is_named_with_its_owner() {
    let database = Database::new().await;
    let role = &database.role;
    database.belongs_to_superuser().await;
    let feed = TestFeed::new("east", vec![item("east", "s1", "A")]);
    database.execute("CREATE SCHEMA qlik_catalog").await;
    let text = format!(
        "the role `{role}` may not use the schema `qlik_catalog`, which belongs to `postgres` \
         [connect as `postgres`, or set another `schema`]"
    );
    let (failed, found) = result(&database.check_with(&[]).await);
    assert_eq!(failed, ["permissions"]);
    assert!(found.contains(&text), "{found}");
    let error = database.follower().follow(&feed).await.unwrap_err();
    assert!(text.starts_with(&error.to_string()), "{error}");
}

/// The blocks of SQL in the documentation of this follower.
fn documented() -> Vec<String> {
    let docs =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/catalogs/postgresql.md");
    let docs = std::fs::read_to_string(docs).unwrap();
    let blocks = docs.split("```sql\n").skip(1);
    blocks
        .map(|block| block.split("```").next().unwrap().to_owned())
        .collect()
}

/// Statements of the documentation for roles of a test.
fn adapted(sql: &str, role: &str) -> String {
    let mut sql = sql.replace("a long password", PASSWORD);
    for before in ["ROLE", "TO", "AUTHORIZATION"] {
        sql = sql.replace(
            &format!("{before} scanner"),
            &format!("{before} {role}_doc"),
        );
    }
    sql.replace("reader", &format!("{role}_reader"))
}

#[tokio::test]
async fn the_documented_statements_work() {
    let database = Database::new().await;
    let role = &database.role;
    let blocks = documented();
    let find = |part: &str| {
        let found: Vec<_> = blocks.iter().filter(|block| block.contains(part)).collect();
        assert_eq!(found.len(), 1, "{part}");
        adapted(found[0], role)
    };
    database.belongs_to_superuser().await;
    // A database cannot be made in a transaction with other statements.
    let setup = find("CREATE ROLE scanner").replace("CREATE DATABASE catalog;", "");
    database.execute(&setup).await;
    let url = database.url().replace(role, &format!("{role}_doc"));
    let follower = open(&[("url", &url), ("password", PASSWORD)]).unwrap();
    let (failed, text) = result(&follower.check(None).await);
    assert!(failed.is_empty(), "{text}");
    let feed = TestFeed::new("qlik-prod", vec![item("qlik-prod", "s1", "A")]);
    follower.follow(&feed).await.unwrap();
    database
        .execute(&format!(
            "CREATE ROLE {role}_reader LOGIN PASSWORD '{PASSWORD}'"
        ))
        .await;
    database.execute(&find("GRANT SELECT")).await;
    let reader = database.session(&format!("{role}_reader")).await;
    for block in blocks.iter().filter(|block| block.starts_with("SELECT")) {
        for query in block.split(';').filter(|query| !query.trim().is_empty()) {
            reader
                .query(query, &[])
                .await
                .unwrap_or_else(|error| panic!("{query}: {error:?}"));
        }
    }
    for sql in [
        "DELETE FROM qlik_catalog.items",
        "CREATE TABLE qlik_catalog.x ()",
        "UPDATE qlik_catalog.connections SET name = ''",
    ] {
        let error = reader.batch_execute(sql).await.unwrap_err();
        assert_eq!(error.code().unwrap().code(), "42501", "{sql}");
    }
    // Another scanner takes over, and then the connection is deleted.
    let other = TestFeed::new("qlik-prod", vec![item("qlik-prod", "s1", "A")]).of_store("store-2");
    assert!(follower.follow(&other).await.is_err());
    database.execute(&find("SET store_id = NULL")).await;
    follower.follow(&other).await.unwrap();
    database.execute(&find("DELETE FROM")).await;
    for table in ["items", "connections", "changes"] {
        assert_eq!(database.count(&format!("qlik_catalog.{table}")).await, 0);
    }
}

async fn a_dry_run_shows_the_migration(database: &Database) {
    let full = TestFeed::new("east", vec![item("east", "s1", "B")]).full();
    let (statements, planned) = plan(&*database.follower(), &full).await;
    planned.unwrap();
    assert!(rows(&statements).contains(&("items", 1)), "{statements:?}");
    let migrates = |(target, _, _): &Statement| target == "version 2 of the schema";
    assert_eq!(statements.iter().filter(|one| migrates(one)).count(), 1);
}

async fn several_scanners_migrate_at_the_same_time(database: &Database, feed: &TestFeed) {
    let others = ["west", "south"].map(|code| {
        let feed = TestFeed::new(code, vec![item(code, "s1", "A")]);
        feed.of_store(code)
    });
    let followers = [
        database.follower(),
        database.follower(),
        database.follower(),
    ];
    let (one, two, three) = tokio::join!(
        followers[0].follow(feed),
        followers[1].follow(&others[0]),
        followers[2].follow(&others[1]),
    );
    one.unwrap();
    two.unwrap();
    three.unwrap();
}

#[tokio::test]
async fn an_older_schema_is_migrated_and_a_newer_one_is_refused() {
    let database = Database::new().await;
    let role = &database.role;
    let first = include_str!("../../../src/postgresql/schema/1.sql");
    database
        .execute(&format!(
            "CREATE SCHEMA qlik_catalog AUTHORIZATION {role}; SET ROLE {role}; SET search_path = qlik_catalog; {first};
             CREATE TABLE schema_version (version integer PRIMARY KEY, applied timestamptz NOT NULL DEFAULT now());
             INSERT INTO schema_version VALUES (1);
             INSERT INTO connections (code, name, store_id, position, revision, unconfirmed)
             VALUES ('east', 'The east', 'store-1', 10, 1, false);
             INSERT INTO items (id, key, type, label, name, connection, state, first_seen)
             VALUES ('x', 'east/a1/s1', 'visualization', 'A', 'A', 'east', 'present', now())"
        ))
        .await;
    let (failed, text) = result(&database.check_with(&[]).await);
    assert!(failed.is_empty(), "{text}");
    assert!(
        text.contains("has version 1; the next delivery migrates it to 2"),
        "{text}"
    );
    let feed = TestFeed::new("east", vec![item("east", "s1", "A")]).then(10, Vec::new());
    a_dry_run_shows_the_migration(&database).await;
    several_scanners_migrate_at_the_same_time(&database, &feed).await;
    assert_eq!(
        database
            .texts("SELECT version FROM qlik_catalog.schema_version ORDER BY 1")
            .await,
        ["(1)", "(2)"]
    );
    assert_eq!(database.count("qlik_catalog.items").await, 3);
    assert_eq!(database.count("qlik_catalog.contacts").await, 2);
    database
        .execute("INSERT INTO qlik_catalog.schema_version VALUES (99)")
        .await;
    let (failed, text) = result(&database.check_with(&[]).await);
    assert_eq!(failed, ["schema"], "{text}");
    let error = database.follower().follow(&feed).await.unwrap_err();
    assert!(
        error
            .to_string()
            .contains("has version 99, but this program knows only versions up to 2"),
        "{error}"
    );
}

#[tokio::test]
async fn a_schema_may_have_any_name() {
    let database = Database::new().await;
    let settings = [("schema", "My \"catalog\"'s; DROP")];
    let feed = TestFeed::new("east", vec![item("east", "s1", "A")]);
    database
        .follower_with(&settings)
        .follow(&feed)
        .await
        .unwrap();
    let (failed, text) = result(&database.check_with(&settings).await);
    assert!(failed.is_empty(), "{text}");
    let items = "SELECT key FROM \"My \"\"catalog\"\"'s; DROP\".items";
    assert_eq!(database.texts(items).await, ["(east/a1/s1)"]);
}
