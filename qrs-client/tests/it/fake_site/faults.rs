//! Faults on demand.

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use qrs_client::fake_site::{Content, FakeSite, Fault, LoginWay, Point};

use super::{KEY, Reply, exchange, get, target};

const PATH: &str = "/qrs/stream/full";

/// A site of three small records, and the text of their list.
fn site_and_text() -> (FakeSite, String) {
    let mut content = Content::empty();
    for name in ["One", "Two", "Three"] {
        content.add_stream(name);
    }
    let site = FakeSite::builder().content(content).start_in_thread();
    let text = get(&site, PATH).text().to_owned();
    (site, text)
}

fn with(fault: Fault) -> Reply {
    let (site, _) = site_and_text();
    site.fail(fault);
    get(&site, PATH)
}

/// The text of the list with these separators after its first and second record.
fn list_text(first: &str, second: &str) -> String {
    let (site, _) = site_and_text();
    let records = site.content().streams;
    format!(
        "[{}{first}{}{second}{}]",
        records[0], records[1], records[2]
    )
}

#[test]
fn any_response_can_replace_the_right_one() {
    let check = |fault: Fault, status: u16, text: &str| {
        let reply = with(fault);
        assert_eq!(reply.status, status);
        assert!(reply.text().contains(text), "{text}");
        assert!(reply.complete);
        reply
    };
    let busy = check(Fault::status(503).retry_after(7), 503, "503");
    assert_eq!(busy.header("Retry-After"), Some("7"));
    let given = Fault::status(429)
        .with_body("Slow down")
        .with_header("X-Why", "load");
    assert_eq!(check(given, 429, "Slow down").header("X-Why"), Some("load"));
    check(Fault::body(r#"[{"id":"#), 200, r#"[{"id":"#);
    check(Fault::login_page(), 200, "login-form");
    check(
        Fault::wrong_prefix_page(),
        400,
        "The http request header is incorrect",
    );
    let challenge = check(Fault::ntlm_challenge(), 401, "");
    assert_eq!(challenge.header("WWW-Authenticate"), Some("NTLM"));
    let sent_away = check(Fault::redirect_to_login(LoginWay::Windows), 302, "");
    let location = sent_away.header("Location").unwrap();
    assert!(location.starts_with("/header/internal_windows_authentication/?targetId="));
}

#[test]
fn a_fault_applies_where_and_as_many_times_as_it_should() {
    let (site, _) = site_and_text();
    site.fail(Fault::status(502).on(PATH).after(1).times(2));
    let pinned = |request: &qrs_client::fake_site::Request| request.parameter("x").is_some();
    site.fail(Fault::status(504).when(pinned));
    let statuses = |path: &str| [(); 4].map(|()| get(&site, path).status);
    assert_eq!(statuses("/qrs/app/full?x=1"), [504; 4]);
    site.expire_sessions();
    assert_eq!(statuses(PATH), [200, 502, 502, 200]);
    site.fail(Fault::status(500));
    assert_eq!(get(&site, "/qrs/about").status, 500);
    site.heal();
    assert_eq!(get(&site, "/qrs/about").status, 200);
}

#[test]
fn a_connection_ends_without_a_response() {
    let closed = with(Fault::close());
    assert_eq!((closed.status, closed.error), (0, None));
    let reset = with(Fault::reset());
    assert_eq!(
        (reset.status, reset.error),
        (0, Some(ErrorKind::ConnectionReset))
    );
}

#[test]
fn a_response_is_late_or_slow() {
    let time = |fault: Fault| {
        let start = Instant::now();
        assert!(with(fault).complete);
        start.elapsed()
    };
    assert!(time(Fault::delay(Duration::from_millis(120))) >= Duration::from_millis(120));
    let slow = Fault::status(500).with_body("0123456789");
    let (site, _) = site_and_text();
    site.fail(slow);
    site.fail(Fault::drip(Duration::from_millis(10)));
    let start = Instant::now();
    assert_eq!(get(&site, PATH).text(), "0123456789");
    assert!(start.elapsed() >= Duration::from_millis(100));
}

#[tokio::test(start_paused = true)]
async fn a_delay_takes_no_time_if_the_clock_is_paused() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let site = FakeSite::start().await;
    site.fail(Fault::delay(Duration::from_secs(3600)));
    let start = tokio::time::Instant::now();
    let mut stream = tokio::net::TcpStream::connect(site.address())
        .await
        .unwrap();
    let request = b"GET /header/qrs/about HTTP/1.1\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 302 Found"));
    assert!(start.elapsed() >= Duration::from_secs(3600));
}

#[test]
fn a_body_stops_at_a_byte_or_a_record() {
    let (_, text) = site_and_text();
    let two_records = text.rfind(",{\"createdDate").unwrap();
    let check = |fault: Fault, length: usize, complete: bool| {
        let reply = with(fault);
        assert_eq!(reply.text(), &text[..length]);
        assert_eq!(reply.complete, complete);
    };
    check(Fault::cut(Point::Bytes(0)), 0, false);
    check(Fault::cut(Point::Bytes(17)), 17, false);
    check(Fault::cut(Point::Bytes(text.len())), text.len(), false);
    check(Fault::cut(Point::Bytes(text.len() + 1)), text.len(), true);
    check(Fault::cut(Point::Records(0)), 1, false);
    check(Fault::cut(Point::Records(2)), two_records, false);
    check(Fault::cut(Point::Records(3)), text.len() - 1, false);
    check(Fault::cut(Point::Records(4)), text.len(), true);
}

#[test]
#[cfg_attr(windows, ignore = "Wine reports the reset of a connection as its end")]
fn a_body_is_interrupted_by_a_reset() {
    let reset = with(Fault::reset_within(Point::Bytes(17)));
    assert_eq!(reset.error, Some(ErrorKind::ConnectionReset));
}

#[test]
fn a_connection_stays_open_and_silent() {
    let (_, text) = site_and_text();
    let check = |fault: Fault, received: &str| {
        let (site, _) = site_and_text();
        site.fail(fault);
        let target = target(&site, PATH);
        let (name, value) = (site.header_name(), site.header_value());
        let request =
            format!("GET {target} HTTP/1.1\r\n{name}: {value}\r\nX-Qlik-Xrfkey: {KEY}\r\n\r\n");
        let reply = exchange(&site, &request, Duration::from_secs(5));
        assert_eq!(reply.text(), received);
        // The kind depends on the system.
        let timed_out = [Some(ErrorKind::WouldBlock), Some(ErrorKind::TimedOut)];
        assert!(timed_out.contains(&reply.error), "{:?}", reply.error);
        assert!(!reply.complete);
    };
    std::thread::scope(|threads| {
        threads.spawn(|| check(Fault::silence(), ""));
        threads.spawn(|| check(Fault::stall(Point::Records(0)), "["));
        threads.spawn(|| check(Fault::stall(Point::Bytes(20)), &text[..20]));
    });
}

#[test]
fn a_body_ends_early_and_looks_complete() {
    let (_, text) = site_and_text();
    let reply = with(Fault::end_early(Point::Bytes(40)));
    assert_eq!(reply.text(), &text[..40]);
    assert_eq!(reply.header("Connection"), Some("close"));
    assert_eq!(reply.header("Content-Length"), None);
    assert_eq!(reply.header("Transfer-Encoding"), None);
}

#[test]
fn a_length_is_not_the_true_one() {
    let (_, text) = site_and_text();
    for off in [-5, 5] {
        let reply = with(Fault::length_off_by(off));
        let length: i64 = reply.header("Content-Length").unwrap().parse().unwrap();
        assert_eq!(length, text.len() as i64 + off);
        assert_eq!(reply.text(), text);
    }
}

#[test]
fn the_text_of_a_list_is_wrong() {
    let check = |fault: Fault, text: String| {
        let reply = with(fault);
        assert_eq!(reply.text(), text);
        assert!(reply.complete);
    };
    let right = list_text(",", ",");
    check(Fault::missing_comma(1), list_text("", ","));
    check(Fault::double_comma(2), list_text(",", ",,"));
    check(Fault::trailing("<!-- x -->"), format!("{right}<!-- x -->"));
    check(Fault::byte_order_mark(), format!("\u{feff}{right}"));
    let second = list_text("|", "|").split('|').nth(1).unwrap().to_owned();
    let replaced = right.replace(&second, r#"{"id":7}"#);
    check(Fault::record(1, r#"{"id":7}"#), replaced);
}

#[test]
fn lists_and_counts_do_not_agree() {
    let names = |fault: Fault| with(fault).all("name");
    assert_eq!(names(Fault::missing_records(1)), ["One", "Two"]);
    assert_eq!(
        names(Fault::repeated_records(2)),
        ["One", "Two", "Three", "One", "Two"]
    );
    let (site, _) = site_and_text();
    site.fail(Fault::count_off_by(-1));
    assert_eq!(get(&site, "/qrs/stream/count").text(), r#"{"value":2}"#);
    assert_eq!(get(&site, PATH).all("name").len(), 3);
}

#[test]
fn faults_can_be_combined() {
    let (site, text) = site_and_text();
    site.fail(Fault::byte_order_mark());
    site.fail(Fault::cut(Point::Bytes(10)));
    let reply = get(&site, PATH);
    assert_eq!(reply.text(), format!("\u{feff}{}", &text[..7]));
    assert!(!reply.complete);
}
