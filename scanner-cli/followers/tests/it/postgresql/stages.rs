//! Settings, and the stages of a check: TLS, logins, servers.

use catalog_model::{PropertyValue, Verdict, follower::Example, with_causes};
use tokio::{io::AsyncWriteExt, net::TcpListener};

use super::{
    cluster::{Cluster, reserve_port},
    database::{Database, PASSWORD, deliver, open, result},
    feed::{TestFeed, item},
};

#[test]
fn wrong_settings_are_refused_without_the_password() {
    for (settings, expected) in [
        (&[][..], "`url` is mandatory and missing"),
        (
            &[("url", "https://h/db")],
            "`url` is not an address that begins with `postgresql://`",
        ),
        (&[("url", "db.example.com")], "`url` is not an address"),
        (
            &[("url", "postgresql://a:hunter2@h/db")],
            "`url` contains a password (write `url` without the password, and set `password`)",
        ),
        (
            &[(
                "url",
                "postgresql://a@h/db?sslmode=disable&password=hunter2",
            )],
            "`url` contains parameters",
        ),
        (&[("url", "postgresql://h/db")], "`url` has no user"),
        (
            &[("url", "postgresql://a@h")],
            "`url` has no name of a database",
        ),
        (
            &[("url", "postgresql://a@h/b/c")],
            "`url` has no name of a database",
        ),
        (
            &[("url", "postgresql://a@h/b"), ("schema", "pg_toast")],
            "`schema` belongs to PostgreSQL",
        ),
        (
            &[("url", "postgresql://a@h/b"), ("tls.disabled", "maybe")],
            "`tls.disabled` must be true or false",
        ),
        (
            &[
                ("url", "postgresql://a@h/b"),
                ("tls.truststore.path", "missing.pem"),
            ],
            "missing.pem",
        ),
    ] {
        let problems = open(settings).err().unwrap_or_default().join("\n");
        assert!(problems.contains(expected), "{settings:?}: {problems}");
        assert!(!problems.contains("hunter2"), "{problems}");
    }
    let follower = open(&[("url", "postgres://a%40b@[2001:db8::1]:5433/my%20db")]).unwrap();
    assert_eq!(follower.name().as_str(), "postgresql");
}

#[test]
fn hosts_and_names_that_cannot_be_used_are_refused() {
    for (settings, expected) in [
        (
            &[("url", "postgresql://a@h1:5432,h2:5432/b")][..],
            "`url` has several hosts",
        ),
        (
            &[("url", "postgresql://a@h1,h2/b")],
            "`url` has several hosts",
        ),
        (
            &[("url", "postgresql://a@h:65536/b")],
            "the port of `url` is not a number up to 65535",
        ),
        (
            &[("url", "postgresql://a@%2Fvar%2Frun%2Fpostgresql/b")],
            "the host of `url` is not valid (write one host name or address; a Unix socket cannot be used)",
        ),
        (&[("url", "postgresql:///b")], "`url` has no host"),
        (
            &[("url", "postgresql:///b?host=/var/run/postgresql")],
            "`url` contains parameters",
        ),
        (
            &[
                ("url", "postgresql://a@h/b"),
                ("schema", "\u{1f4c8}".repeat(16).leak()),
            ],
            "`schema` is longer than 63 bytes",
        ),
    ] {
        let problems = open(settings).err().unwrap_or_default().join("\n");
        assert!(problems.contains(expected), "{settings:?}: {problems}");
    }
}

#[tokio::test]
async fn a_check_passes_all_stages_and_leaves_nothing_behind() {
    let database = Database::new().await;
    let (failed, text) = result(&database.check_with(&[]).await);
    assert!(failed.is_empty(), "{text}");
    for part in [
        "tls: not used, because the server is on this machine",
        "server and version: PostgreSQL 1",
        "permissions: may create the schema",
        "schema: `qlik_catalog` does not exist; the first delivery creates it",
        "mapping: a made-up item (the store has none) is a row of `items`",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let schemas = "pg_namespace WHERE nspname = 'qlik_catalog'";
    assert_eq!(database.count(schemas).await, 0);
    let feed = TestFeed::new("east", vec![item("east", "s1", "A")]);
    database.follower().follow(&feed).await.unwrap();
    let (failed, text) = result(&database.check_with(&[]).await);
    assert!(failed.is_empty(), "{text}");
    assert!(
        text.contains("permissions: may write: a row was written and rolled back"),
        "{text}"
    );
    assert!(
        text.contains("schema: `qlik_catalog` has version 2"),
        "{text}"
    );
    for (table, count) in [
        ("items", 1),
        ("connections", 1),
        ("containers", 0),
        ("changes", 1),
    ] {
        assert_eq!(
            database.count(&format!("qlik_catalog.{table}")).await,
            count
        );
    }
}

/// The URL of a server that does not speak PostgreSQL's protocol.
async fn web_server() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    format!("postgresql://a@127.0.0.1:{port}/b")
}

#[tokio::test]
async fn the_stage_that_fails_is_named() {
    let database = Database::new().await;
    let (port, _reserved) = reserve_port().unwrap();
    let closed = format!("postgresql://a@127.0.0.1:{port}/b");
    let web = web_server().await;
    let unknown = database.url().replace(&database.role, "stranger");
    let no_database = format!("{}x", database.url());
    let trusts = ("tls.truststore.path", "root.pem");
    for (settings, stage, part) in [
        (
            vec![
                ("url", "postgresql://a@nowhere.invalid/b"),
                ("tls.disabled", "true"),
            ],
            "name resolution",
            "nowhere.invalid",
        ),
        (vec![("url", closed.as_str())], "tcp", "connection refused"),
        (vec![("url", web.as_str())], "login", ""),
        (
            vec![("url", web.as_str()), trusts],
            "tls",
            "does not speak PostgreSQL's protocol",
        ),
        (
            vec![("tls.truststore.path", "other.pem")],
            "tls",
            "no secure connection",
        ),
        (
            vec![("password", "wrong")],
            "login",
            "password authentication failed",
        ),
        (
            vec![("url", unknown.as_str())],
            "login",
            "refuses the login of `stranger",
        ),
        (
            vec![("url", no_database.as_str())],
            "login",
            "` does not exist [check the database name at the end of `url`]",
        ),
        (vec![("password", " ")], "login", "asks for the password"),
    ] {
        let (failed, text) = result(&database.check_with(&settings).await);
        assert_eq!(failed, [stage], "{text}");
        let last = text
            .rsplit(&format!("{stage}: "))
            .next()
            .unwrap_or_default();
        assert!(last.contains(part), "{part}: {text}");
        let (follower, feed) = (
            database.follower_with(&settings),
            TestFeed::new("east", Vec::new()),
        );
        let error = follower.follow(&feed).await;
        let error = with_causes(&error.unwrap_err());
        assert!(!error.contains(PASSWORD), "{error}");
    }
}

#[tokio::test]
async fn tls_is_verified_with_the_trust_store_and_the_login_is_bound_to_it() {
    let database = Database::new().await;
    let trusts = [("tls.truststore.path", "root.pem")];
    let (failed, text) = result(&database.check_with(&trusts).await);
    assert!(failed.is_empty(), "{text}");
    assert!(text.contains("tls: TLS 1.3"), "{text}");
    let feed = TestFeed::new("east", vec![item("east", "s1", "A")]);
    database.follower_with(&trusts).follow(&feed).await.unwrap();
    // The system's certificates do not include the test's authority.
    let (failed, text) = result(&database.check_with(&[("tls.disabled", "false")]).await);
    assert_eq!(failed, ["tls"], "{text}");
    let bypass = [("tls.bypass_certificate_validation", "true")];
    let stages = database.check_with(&bypass).await;
    assert!(result(&stages).0.is_empty());
    assert_eq!(stages[3].verdict, Verdict::Warning, "{stages:?}");
    // Whether the sessions use TLS.
    database
        .execute(
            "CREATE TABLE seen (ssl boolean);
             CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
                INSERT INTO public.seen SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid(); RETURN NEW; END $$;
             CREATE TRIGGER see BEFORE UPDATE ON qlik_catalog.connections FOR EACH ROW EXECUTE FUNCTION see()",
        )
        .await;
    for (settings, end) in [(&trusts[..], 11), (&[], 12)] {
        let mut feed = TestFeed::new("east", vec![item("east", "s1", "A")]);
        feed.end = end;
        database
            .follower_with(settings)
            .follow(&feed)
            .await
            .unwrap();
    }
    assert_eq!(database.texts("SELECT ssl FROM seen").await, ["(t)", "(f)"]);
}

#[tokio::test]
async fn a_server_without_tls_is_refused_if_tls_is_required() {
    let cluster = tokio::task::spawn_blocking(|| Cluster::start(None))
        .await
        .unwrap()
        .unwrap();
    let database = Database::on(cluster.port(), "plain").await;
    let (failed, text) = result(
        &database
            .check_with(&[("tls.truststore.path", "root.pem")])
            .await,
    );
    assert_eq!(failed, ["tls"], "{text}");
    assert!(text.contains("the server does not offer TLS"), "{text}");
}

#[tokio::test]
async fn an_item_of_the_store_is_compared_with_the_table() {
    let database = Database::new().await;
    let mut example = Example {
        connection: TestFeed::new("east", Vec::new()).connections.remove(0),
        containers: Vec::new(),
        item: item("east", "s1", "A\u{0}"),
    };
    let views = PropertyValue::Number(1.0);
    example.item.properties.put("views", views);
    for has_tables in [false, true] {
        if has_tables {
            deliver(&database, &TestFeed::new("east", Vec::new())).await;
        }
        let (failed, text) = result(&database.follower().check(Some(&example)).await);
        assert!(failed.is_empty(), "{text}");
        let expected = "mapping: the item `east/a1/s1` is a row of `items`";
        assert!(text.contains(expected), "{text}");
    }
    let broken = PropertyValue::Number(1.0);
    example.item.properties.put("owner", broken);
    let (failed, text) = result(&database.follower().check(Some(&example)).await);
    assert_eq!(failed, ["mapping"], "{text}");
    assert!(text.contains("but its column is text"), "{text}");
    // A table that somebody has changed.
    let rename = "ALTER TABLE qlik_catalog.items RENAME COLUMN label TO title";
    database.execute(rename).await;
    let (failed, text) = result(&database.check_with(&[]).await);
    assert_eq!(failed, ["permissions"], "{text}");
    let expected = "the tables in the schema are not as the scanner made them";
    assert!(text.contains(expected), "{text}");
    let feed = TestFeed::new("west", vec![item("west", "s1", "A")]);
    let error = database.follower().follow(&feed).await.unwrap_err();
    assert!(error.to_string().contains(expected), "{error}");
    assert!(error.hint().unwrap().contains("#if-it-fails"));
}
