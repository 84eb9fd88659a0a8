//! The contract that all followers keep.

use std::collections::BTreeMap;

use async_trait::async_trait;
use catalog_model::{
    ConnectionCode, Follower,
    contract::follower::{CatalogFault, Closing, FeedFault, FollowerUnderTest, MemoryStore, check},
};

use super::{
    database::{Database, PASSWORD, open},
    way::TestWay,
};

/// A database as a catalog, reached by a way that may hang.
struct Subject {
    database: Database,
    way: TestWay,
    admin: tokio_postgres::Client,
}

/// Lets the database refuse rows after a number of them. A sequence also counts what is rolled back.
const REFUSE: &str = "
    CREATE SCHEMA IF NOT EXISTS faults;
    GRANT USAGE ON SCHEMA faults TO public;
    CREATE SEQUENCE IF NOT EXISTS faults.count;
    GRANT USAGE ON SEQUENCE faults.count TO public;
    SELECT setval('faults.count', 1, false);
    CREATE OR REPLACE FUNCTION faults.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF nextval('faults.count') > TG_ARGV[0]::bigint THEN RAISE EXCEPTION 'the test refuses it'; END IF;
        RETURN NEW;
    END $$;";

impl Subject {
    async fn has_schema(&self) -> bool {
        let sql = "SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'qlik_catalog')";
        self.admin.query_one(sql, &[]).await.unwrap().get(0)
    }

    async fn names(&self, table: &str) -> BTreeMap<String, String> {
        if !self.has_schema().await {
            return BTreeMap::new();
        }
        let sql = format!(
            "SELECT key, name FROM qlik_catalog.{table} WHERE state IN ('present', 'unreadable')"
        );
        let rows = self.admin.query(&sql, &[]).await.unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect()
    }
}

#[async_trait]
impl FollowerUnderTest for Subject {
    async fn open(&self) -> Box<dyn Follower> {
        let url = self.database.url_at(self.way.port);
        open(&[("url", &url), ("password", PASSWORD)]).unwrap()
    }

    async fn clear(&self) {
        self.fail(CatalogFault::None).await;
        if self.has_schema().await {
            let clear = "DELETE FROM qlik_catalog.connections";
            self.admin.batch_execute(clear).await.unwrap();
        }
    }

    async fn replace_store(&self) {
        let release = "UPDATE qlik_catalog.connections SET store_id = NULL";
        self.admin.batch_execute(release).await.unwrap();
    }

    async fn items(&self) -> BTreeMap<String, String> {
        let mut items = self.names("items").await;
        // The contract's own names have a NUL.
        items
            .values_mut()
            .for_each(|name| *name = name.replace('\u{fffd}', "\0"));
        items
    }

    async fn containers(&self) -> Option<BTreeMap<String, String>> {
        Some(self.names("containers").await)
    }

    /// What differs after each write: every row has the number of the transaction that wrote it.
    async fn writes(&self) -> Option<u64> {
        if !self.has_schema().await {
            return Some(0);
        }
        let mut sum = 0;
        for table in [
            "connections",
            "items",
            "containers",
            "changes",
            "refused",
            "properties",
        ] {
            let sql = format!(
                "SELECT coalesce(sum(xmin::text::bigint), 0)::bigint FROM qlik_catalog.{table}"
            );
            let written: i64 = self.admin.query_one(&sql, &[]).await.unwrap().get(0);
            sum += written.unsigned_abs();
        }
        Some(sum)
    }

    async fn fail(&self, fault: CatalogFault) -> bool {
        let has_schema = self.has_schema().await;
        match fault {
            CatalogFault::None => {
                self.way.hang(false);
                if has_schema {
                    let repair = "DROP TRIGGER IF EXISTS refuse ON qlik_catalog.items;
                        DROP TRIGGER IF EXISTS refuse ON qlik_catalog.containers";
                    self.admin.batch_execute(repair).await.unwrap();
                }
            }
            CatalogFault::RefusesAfter(writes) => {
                if !has_schema {
                    let follower = self.open().await;
                    let store = MemoryStore::default();
                    let code = ConnectionCode::new("first").unwrap();
                    store.scan(&code, &[], Closing::Complete);
                    let feed = store.feed(FeedFault::None);
                    follower.follow(&feed).await.unwrap();
                    let clear = "DELETE FROM qlik_catalog.connections";
                    self.admin.batch_execute(clear).await.unwrap();
                }
                self.admin.batch_execute(REFUSE).await.unwrap();
                for table in ["items", "containers"] {
                    let trigger = format!(
                        "CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON qlik_catalog.{table}
                         FOR EACH ROW EXECUTE FUNCTION faults.refuse('{writes}')"
                    );
                    self.admin.batch_execute(&trigger).await.unwrap();
                }
            }
            CatalogFault::Hangs => self.way.hang(true),
            _ => return false,
        }
        true
    }

    async fn hangs(&self) {
        self.way.holds().await;
    }

    fn secrets(&self) -> Vec<String> {
        vec![PASSWORD.to_owned()]
    }
}

#[tokio::test]
async fn the_database_keeps_the_contract() {
    let database = Database::new().await.without_password().await;
    let subject = Subject {
        way: TestWay::to(database.port).await,
        admin: database.superuser().await,
        database,
    };
    check(&subject).await.unwrap();
}
