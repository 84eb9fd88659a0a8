//! The catalog in a browser, of the service and of `serve`.

use std::{
    fs::{self, File},
    io::{Read, Write},
    net::TcpStream,
    process::Child,
};

use qrs_client::fake_site::FakeSite;
use serde_json::Value;

use crate::{
    scanner::Home,
    service::{Running, endpoints::address, status, wait},
};

const BRIEF: &str = "automation.look_interval = 50 ms\n";
const OPEN: &str = "http { listen = \"127.0.0.1:0\", catalog = true }\n";
const TOKEN: &str = "t0ken-of-the-catalog";

/// Sends a request with more header lines. Returns status, head and body.
fn ask(address: &str, path: &str, headers: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    let request = format!("GET {path} HTTP/1.1\r\n{headers}Connection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut bytes = Vec::new();
    let _ = stream.read_to_end(&mut bytes);
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let status = text
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_default();
    (status.unwrap_or(0), head.to_owned(), body.to_owned())
}

fn get(address: &str, path: &str) -> (u16, String) {
    let (status, _, body) = ask(address, path, "Host: localhost\r\n");
    (status, body)
}

fn json(address: &str, path: &str) -> Value {
    let (status, body) = get(address, path);
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// The paths of the pages that need no key.
const PAGES: [&str; 14] = [
    "/",
    "/search?q=a",
    "/apps",
    "/streams",
    "/owners",
    "/changes",
    "/scans",
    "/connections",
    "/quality",
    "/feed.atom",
    "/search.csv",
    "/api/v1/connections",
    "/api/v1/followers",
    "/api/v1/openapi.json",
];

#[test]
fn the_service_shows_what_it_has_scanned() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.write(
        "connections/bad.conf",
        "code = bad\nconnector_id = qlik-sense\n",
    );
    home.write("conf/application.conf", BRIEF.to_owned() + OPEN);
    let running = Running::start(&home);
    let address = address(&running);
    wait("a scan", || get(&address, "/search").1.contains("qlik"));
    wait("items", || {
        let page = get(&address, "/api/v1/items?limit=1000");
        let page: Value = serde_json::from_str(&page.1).unwrap_or_default();
        page["items"]
            .as_array()
            .is_some_and(|items| items.len() == 53)
    });
    for path in PAGES {
        assert_eq!(get(&address, path).0, 200, "{path}");
    }
    let items = json(&address, "/api/v1/items?limit=2&sort=key");
    let file = "export/qlik.visualization.ndjson";
    wait("the export", || home.has(file));
    let export = home.items(file);
    let first = &items["items"][0];
    let line = export
        .iter()
        .find(|line| line["key"] == first["key"])
        .unwrap();
    for (name, value) in line.as_object().unwrap() {
        assert_eq!(&first[name], value, "{name}");
    }
    assert!(items["next"].is_string());
    let key = first["key"].as_str().unwrap();
    let app = key.split('/').nth(1).unwrap();
    for path in [
        format!("/items/{key}"),
        format!("/api/v1/items/{key}"),
        format!("/apps/qlik/{app}"),
        format!("/api/v1/apps/qlik/{app}"),
    ] {
        assert_eq!(get(&address, &path).0, 200, "{path}");
    }
    let connections = json(&address, "/api/v1/connections");
    let bad = connections["connections"].as_array().unwrap();
    let bad = bad.iter().find(|one| one["code"] == "bad").unwrap();
    assert_eq!(bad["state"], "error");
    assert!(
        bad["error"]
            .as_str()
            .unwrap()
            .contains("connections/bad.conf:"),
        "{bad}"
    );
    assert_eq!(ask(&address, "/", "Host: evil.example\r\n").0, 421);
    assert_eq!(ask(&address, "/healthz", "Host: evil.example\r\n").0, 200);
    running.stop();
}

#[test]
fn without_the_setting_only_monitoring_pages_are_shown() {
    let home = Home::empty();
    home.write(
        "conf/application.conf",
        BRIEF.to_owned() + "http.listen = \"0.0.0.0:0\"\n",
    );
    let running = Running::start(&home);
    let address = address(&running).replace("0.0.0.0", "127.0.0.1");
    for path in [
        "/",
        "/search",
        "/sign-in",
        "/api/v1/items",
        "/assets/a/style.css",
    ] {
        assert_eq!(get(&address, path).0, 404, "{path}");
    }
    assert_eq!(ask(&address, "/metrics", "Host: any.example\r\n").0, 200);
    running.stop();
}

#[test]
fn an_open_catalog_on_the_network_is_refused_and_former_settings_stay() {
    let home = Home::empty();
    let open = "http { listen = \"0.0.0.0:0\", catalog = true }\n";
    home.write("conf/application.conf", BRIEF.to_owned() + open);
    home.run(&["run"])
        .check(3, &["conf/application.conf:2:", "http.auth"]);
    home.run(&["check", "--offline"]).check(3, &["http.auth"]);
    home.write("conf/application.conf", BRIEF.to_owned() + OPEN);
    let running = Running::start(&home);
    let address = address(&running);
    wait("a page", || get(&address, "/").0 == 200);
    home.write("conf/application.conf", BRIEF.to_owned() + open);
    wait("the error", || {
        status(&home)["scanner"]["error"]
            .to_string()
            .contains("http.auth")
    });
    assert_eq!(get(&address, "/").0, 200);
    running.stop();
}

#[test]
fn a_token_is_replaced_at_once_and_appears_nowhere() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    let settings = |token: &str| {
        let auth = format!("auth {{ kind = token, token = {token}, metrics = true }}");
        format!("{BRIEF}http {{ listen = \"127.0.0.1:0\", catalog = true, {auth} }}\n")
    };
    home.write_secret("conf/application.conf", settings(TOKEN));
    let running = Running::start(&home);
    let address = address(&running);
    let with = |token: &str| format!("Host: localhost\r\nAuthorization: Bearer {token}\r\n");
    wait("a page", || ask(&address, "/", &with(TOKEN)).0 == 200);
    assert_eq!(get(&address, "/healthz").0, 200);
    wait("readiness", || get(&address, "/readyz").0 == 200);
    assert_eq!(get(&address, "/metrics").0, 401);
    assert_eq!(ask(&address, "/metrics", &with(TOKEN)).0, 200);
    let guess = "t0ken-of-another-catalog";
    assert_eq!(ask(&address, "/", &with(guess)).0, 401);
    let mut shown = String::new();
    for path in PAGES
        .into_iter()
        .chain(["/sign-in", "/metrics", "/unknown"])
    {
        for headers in [with(TOKEN), with(guess), "Host: localhost\r\n".to_owned()] {
            let (_, head, body) = ask(&address, path, &headers);
            shown.push_str(&head);
            shown.push_str(&body);
        }
    }
    home.write_secret("conf/application.conf", settings("t0ken-that-is-new"));
    wait("another token", || {
        ask(&address, "/", &with("t0ken-that-is-new")).0 == 200
    });
    assert_eq!(ask(&address, "/", &with(TOKEN)).0, 401);
    shown.push_str(&home.read("data/status.json"));
    shown.push_str(&running.stop());
    shown.push_str(
        &home
            .run(&["config", "show", "conf/application.conf"])
            .output,
    );
    for secret in [TOKEN, guess, "t0ken-that-is-new"] {
        assert!(!shown.contains(secret), "{secret}");
    }
    assert!(shown.contains("a login to the catalog failed"), "{shown}");
}

#[test]
fn a_thousand_idle_connections_do_not_shut_out_health_checks() {
    let home = Home::empty();
    home.write("conf/application.conf", BRIEF.to_owned() + OPEN);
    let running = Running::start(&home);
    let address = address(&running);
    let mut idle = Vec::new();
    for number in 0..1_000 {
        // The test process may have fewer files.
        let Ok(mut stream) = TcpStream::connect(&address) else {
            break;
        };
        if number % 2 == 0 {
            let _ = stream.write_all(b"GET /search HTTP/1.1\r\nHos");
        }
        idle.push(stream);
    }
    idle.truncate(idle.len() - 10);
    assert!(idle.len() > 300, "{}", idle.len());
    assert_eq!(get(&address, "/healthz").0, 200);
    assert_eq!(get(&address, "/").0, 200);
    running.stop();
}

/// A process that ends with the test.
struct Serving(Child);

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A key and the ids in it lead to the sheet and to its app.
fn finds_what_is_pasted(address: &str) {
    let items = json(address, "/api/v1/items?limit=7");
    let key = items["items"][6]["key"].as_str().unwrap();
    let parts: Vec<_> = key.split('/').collect();
    for text in [key, parts[2]] {
        let found = json(address, &format!("/api/v1/items?q={text}"));
        assert_eq!(found["items"][0]["key"], key, "{text}");
    }
    let page = get(address, &format!("/search?q={}", parts[1])).1;
    let app = page.find(&format!("/apps/{}/{}\"", parts[0], parts[1]));
    let sheet = page.find(&format!("/items/{key}"));
    assert!(app.unwrap() < sheet.unwrap(), "{page}");
}

#[test]
fn serve_shows_a_copy_of_the_store_without_changing_it() {
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    home.run(&["scan"]).check(0, &[]);
    let copy = Home::empty();
    home.run(&["store", "backup", copy.path("copy.db").to_str().unwrap()])
        .check(0, &[]);
    fs::create_dir(copy.path("data")).unwrap();
    fs::rename(copy.path("copy.db"), copy.path("data/catalog.db")).unwrap();
    let before = fs::read(copy.path("data/catalog.db")).unwrap();
    let log = copy.path("serve.log");
    let mut command = copy.command(&["serve", "--listen", "127.0.0.1:0"]);
    command.stderr(File::create(&log).unwrap());
    let serving = Serving(command.spawn().unwrap());
    let mut address = String::new();
    wait("an address", || {
        let log = fs::read_to_string(&log).unwrap();
        let found = log.split_once("the catalog is at http://");
        let found = found.and_then(|(_, rest)| rest.split_once("/\n"));
        address = found
            .map(|(address, _)| address.to_owned())
            .unwrap_or_default();
        !address.is_empty()
    });
    for path in PAGES {
        assert_eq!(get(&address, path).0, 200, "{path}");
    }
    assert_eq!(get(&address, "/healthz").0, 200);
    wait("items", || {
        let items = json(&address, "/api/v1/items?limit=1000");
        items["items"].as_array().unwrap().len() == 53
    });
    let connections = get(&address, "/connections").1;
    assert!(connections.contains("id=\"catalog-"), "{connections}");
    finds_what_is_pasted(&address);
    drop(serving);
    assert_eq!(fs::read(copy.path("data/catalog.db")).unwrap(), before);
    copy.run(&["serve", "--listen", "0.0.0.0:0"])
        .check(3, &["http.auth"]);
    copy.run(&["serve", "--listen", "here"])
        .check(2, &["127.0.0.1:9464"]);
    Home::empty().run(&["serve"]).check(3, &["store"]);
}
