//! Deliveries that are interrupted: nothing is lost, and nothing comes twice.

use std::{
    io::{IsTerminal, Write, read_to_string, stdin},
    process::{Command, Stdio},
    time::Duration,
};

use catalog_model::{ChangeKind, with_causes};
use tokio::time::sleep;

use super::{
    cluster::Cluster,
    database::{Database, PASSWORD, deliver, open},
    feed::{TestFeed, containers, item},
    way::TestWay,
};

/// Items of two connections, and changes of them in several batches.
fn history() -> (TestFeed, Vec<(ChangeKind, catalog_model::Visualization)>) {
    let items = (0..30)
        .map(|n| item("east", &format!("s{n:02}"), "A"))
        .collect();
    let mut feed = TestFeed::new("east", items);
    feed.containers = containers("east");
    let text = "x".repeat(100_000);
    let changes = (0..12).map(|n| {
        let mut changed = item("east", &format!("s{n:02}"), "B");
        changed.description = Some(text.clone());
        match n % 4 {
            3 => (ChangeKind::Removed, changed),
            _ => (ChangeKind::Changed, changed),
        }
    });
    (feed, changes.collect())
}

async fn content(database: &Database) -> Vec<String> {
    let mut content = Vec::new();
    for query in [
        "SELECT key, name, md5(description), state, contacts FROM qlik_catalog.items ORDER BY key",
        "SELECT key, name, state FROM qlik_catalog.containers ORDER BY key",
        "SELECT key, change, time, fields FROM qlik_catalog.changes ORDER BY number",
        "SELECT code, store_id, position FROM qlik_catalog.connections",
    ] {
        content.extend(database.texts(query).await);
    }
    content
}

#[tokio::test]
async fn a_connection_that_is_cut_anywhere_loses_and_repeats_nothing() {
    let expected = Database::new().await;
    let (feed, changes) = history();
    deliver(&expected, &feed).await;
    let changed = feed.then(10, changes);
    deliver(&expected, &changed).await;
    let expected = content(&expected).await;

    let (feed, _) = history();
    for bytes in (0..).map(|n| 1_500 + n * 61_000) {
        let database = Database::new().await.without_password().await;
        let way = TestWay::to(database.port).await;
        let follower = open(&[("url", &database.url_at(way.port))]).unwrap();
        way.cut_after(Some(bytes));
        let first = follower.follow(&feed).await;
        let second = match first {
            Ok(_) => follower.follow(&changed).await,
            Err(_) => {
                way.cut_after(None);
                follower.follow(&feed).await.unwrap();
                way.cut_after(Some(bytes));
                follower.follow(&changed).await
            }
        };
        let was_cut = way.is_cut();
        way.cut_after(None);
        if let Err(error) = second {
            assert!(
                error.to_string().contains("lost")
                    || error.to_string().contains("cannot be reached")
                    || error.to_string().contains("login"),
                "{}",
                with_causes(&error)
            );
            follower.follow(&changed).await.unwrap();
        }
        assert_eq!(
            content(&database).await,
            expected,
            "cut after {bytes} bytes"
        );
        if !was_cut {
            return;
        }
    }
}

/// Delivers a part of the history in a process of its own, which another test kills. Standard input has the part and the URL.
#[tokio::test]
#[ignore = "a part of another test"]
async fn deliver_in_a_process() {
    if stdin().is_terminal() {
        return;
    }
    let input = read_to_string(stdin()).unwrap();
    let Some((part, url)) = input.trim().split_once(' ') else {
        return;
    };
    let (feed, changes) = history();
    let feed = match part {
        "first" => feed,
        _ => feed.then(10, changes),
    };
    let follower = open(&[("url", url)]).unwrap();
    follower.follow(&feed).await.unwrap();
}

/// Starts the test above, and kills it after this time. Returns whether it had succeeded before.
fn killed_after(time: Duration, input: &str) -> bool {
    let name = "postgresql::interruptions::deliver_in_a_process";
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--ignored", name])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = process.stdin.take().unwrap();
    stdin.write_all(input.as_bytes()).unwrap();
    drop(stdin);
    std::thread::sleep(time);
    let ended = process.try_wait().unwrap();
    if ended.is_none() {
        process.kill().unwrap();
        process.wait().unwrap();
    }
    ended.is_some_and(|ended| ended.success())
}

#[tokio::test]
async fn a_process_that_is_killed_at_any_instant_loses_and_repeats_nothing() {
    let expected = Database::new().await;
    let (feed, changes) = history();
    deliver(&expected, &feed).await;
    deliver(&expected, &feed.then(10, changes)).await;
    let database = Database::new().await.without_password().await;
    for part in ["first", "second"] {
        let input = format!("{part} {}", database.url());
        // Each process goes on where the one before was killed, and has a little more time.
        let mut times = (1..).map(|n| Duration::from_millis(n * 9));
        let run = move || {
            while !killed_after(times.next().unwrap_or_default(), &input) {}
        };
        tokio::task::spawn_blocking(run).await.unwrap();
    }
    assert_eq!(content(&database).await, content(&expected).await);
}

/// Kills the process of the server that sleeps in a statement.
async fn kill_sleeping(database: &Database) {
    let superuser = database.superuser().await;
    let find = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep'";
    loop {
        if let Some(row) = superuser.query_opt(find, &[]).await.unwrap() {
            let pid: i32 = row.get(0);
            let mut kill = Command::new("kill");
            let killed = kill.args(["-9", &pid.to_string()]).status();
            assert!(killed.unwrap().success());
            return;
        }
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_server_that_crashes_in_the_middle_loses_and_repeats_nothing() {
    let mut cluster = tokio::task::spawn_blocking(|| Cluster::start(None))
        .await
        .unwrap()
        .unwrap();
    let database = Database::on(cluster.port(), "crash").await;
    let (feed, changes) = history();
    let changed = feed.then(10, changes);
    let mut first = TestFeed::new("east", Vec::new());
    first.items = history().0.items;
    first.containers = containers("east");
    database.follower().follow(&first).await.unwrap();
    // A trigger holds the delivery in the middle of a transaction, until its process is killed.
    database
        .execute(
            "CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF NEW.key = 'east/a1/s08' THEN PERFORM pg_sleep(600); END IF; RETURN NEW; END $$;
             CREATE TRIGGER wait BEFORE UPDATE ON qlik_catalog.items FOR EACH ROW EXECUTE FUNCTION wait()",
        )
        .await;
    let follower = database.follower();
    let (delivered, ()) = tokio::join!(follower.follow(&changed), kill_sleeping(&database));
    let error = with_causes(&delivered.unwrap_err());
    assert!(
        error.contains("the connection to the database was lost"),
        "{error}"
    );
    let cluster = tokio::task::spawn_blocking(move || {
        cluster.wait().unwrap();
        cluster
    });
    let _cluster = cluster.await.unwrap();
    database
        .execute("DROP TRIGGER wait ON qlik_catalog.items")
        .await;
    follower.follow(&changed).await.unwrap();
    let twice = "SELECT key, change FROM qlik_catalog.changes WHERE change <> 'added' GROUP BY 1, 2 HAVING count(*) > 1";
    assert!(database.texts(twice).await.is_empty());
    for (rows, expected) in [
        ("changes WHERE change <> 'added'", 12),
        ("items WHERE state = 'gone'", 3),
    ] {
        let count = database.count(&format!("qlik_catalog.{rows}")).await;
        assert_eq!(count, expected, "{rows}");
    }
}

#[tokio::test]
async fn a_server_that_does_not_answer_ends_the_delivery_in_time() {
    let database = Database::new().await;
    let way = TestWay::to(database.port).await;
    let limits = [
        ("time_limits.connect", "20 s"),
        ("time_limits.first_byte", "300 ms"),
    ];
    let url = database.url_at(way.port);
    let mut settings = vec![("url", url.as_str()), ("password", PASSWORD)];
    settings.extend(limits);
    let follower = open(&settings).unwrap();
    let lock = database.superuser().await;
    // Creates the tables, without a time limit.
    let patient = database.follower();
    let empty = TestFeed::new("east", Vec::new());
    patient.follow(&empty).await.unwrap();
    lock.batch_execute("BEGIN; LOCK TABLE qlik_catalog.items")
        .await
        .unwrap();
    let feed = TestFeed::new("east", vec![item("east", "s1", "A")]);
    let feed = feed.then(9, vec![(ChangeKind::Added, item("east", "s2", "B"))]);
    let error = with_causes(&follower.follow(&feed).await.unwrap_err());
    assert!(error.contains("did not"), "{error}");
    lock.batch_execute("ROLLBACK").await.unwrap();
}
