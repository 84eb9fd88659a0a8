//! Messages name the cause, and advice depends on what was seen: real servers, each with one failure.

mod answers;
mod settings;

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
    time::Duration,
};

use qrs_client::fake_site::{FakeSite, Fault};

use crate::scanner::{Home, connection, connection_to};

/// A server that handles each connection like this. Returns its address.
fn server(serve: impl Fn(TcpStream) + Send + Sync + Clone + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let serve = serve.clone();
            thread::spawn(move || serve(stream));
        }
    });
    address
}

/// A web server with this response to each request.
pub(crate) fn answers(head: &str, body: &[u8]) -> String {
    let length = body.len();
    let head = format!("HTTP/1.1 {head}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n");
    let answer = [head.as_bytes(), body].concat();
    server(move |mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(&answer);
    })
}

/// Checks and scans a connection to this URL: both must say all of `texts` and nothing of `never`.
fn check(url: &str, settings: &str, texts: &[&str], never: &[&str]) {
    let limits = "connection.time_limits { connect = 3 s, first_byte = 30 s }\n";
    let home = Home::with(&(connection_to("qlik", url) + limits + settings));
    for command in ["check", "scan"] {
        let run = home.run(&[command]);
        assert_eq!(run.exit, 4, "{}{}", run.output, run.errors);
        let printed = run.output + &run.errors;
        for text in texts {
            assert!(
                printed.contains(text),
                "{command}: no {text:?} in:\n{printed}"
            );
        }
        for text in never {
            assert!(
                !printed.contains(text),
                "{command}: {text:?} in:\n{printed}"
            );
        }
    }
}

const HOST_AND_PORT: &str = "check host and port";
const HOLD: Duration = Duration::from_secs(30);

#[test]
fn https_to_a_silent_port() {
    let silent = server(|stream| {
        thread::sleep(HOLD);
        drop(stream);
    });
    check(
        &format!("https://{silent}/header"),
        "connection.time_limits.connect = 400 ms\n",
        &[
            "did not answer within 0.4 s (TLS with the site)",
            "`connection.time_limits.connect` is 400 ms",
        ],
        &["firewall", HOST_AND_PORT],
    );
    check(
        &format!("https://{silent}/header"),
        "",
        &[
            "the site did not answer within 3 s (TLS with the site), although it accepted the connection",
            "may not speak TLS",
            "port of `connection.url`",
        ],
        &["firewall", HOST_AND_PORT],
    );
}

#[test]
fn https_to_a_port_of_plain_http() {
    let is_http = |head: &[u8]| head.starts_with(b"GET ");
    let answer = |mut stream: TcpStream| {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    };
    // Servers of plain http react differently to a TLS handshake: a response, a closed connection, silence.
    let answering = server(move |mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        answer(stream);
    });
    let closing = server(move |mut stream| {
        let mut head = [0; 4096];
        let read = stream.read(&mut head).unwrap_or(0);
        if is_http(&head[..read]) {
            answer(stream);
        }
    });
    let waiting = server(move |mut stream| {
        let mut head = [0; 4096];
        let read = stream.read(&mut head).unwrap_or(0);
        if is_http(&head[..read]) {
            answer(stream);
        } else {
            thread::sleep(HOLD);
        }
    });
    for address in [answering, closing, waiting] {
        check(
            &format!("https://{address}/header"),
            "",
            &[
                "the site speaks plain http at this port, not TLS",
                "write `http://` instead of `https://`",
            ],
            &[HOST_AND_PORT],
        );
    }
}

#[test]
fn https_to_a_port_of_another_protocol() {
    let banner = server(|mut stream| {
        let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n");
        thread::sleep(HOLD);
    });
    check(
        &format!("https://{banner}/header"),
        "",
        &["the site does not speak TLS at this port"],
        &["write `http", HOST_AND_PORT],
    );
    let ended = server(drop);
    check(
        &format!("https://{ended}/header"),
        "",
        &["is not a site with `https`"],
        &["write `http", HOST_AND_PORT],
    );
}

#[test]
fn http_to_a_port_of_tls_that_answers_unencrypted() {
    for body in [
        "<html><title>400 The plain HTTP request was sent to HTTPS port</title></html>",
        "Reason: You're speaking plain HTTP to an SSL-enabled server port.<br />",
        "Client sent an HTTP request to an HTTPS server.\n",
    ] {
        let address = answers("400 Bad Request", body.as_bytes());
        check(
            &format!("http://{address}/header"),
            "",
            &[
                "the site expects TLS at this port",
                "write `https://` instead of `http://`",
            ],
            &["prefix", "host allow list"],
        );
    }
}

#[test]
fn the_challenges_of_status_401() {
    let windows = "has the authentication method header authentication";
    for (challenge, asks, advice) in [
        (
            "WWW-Authenticate: NTLM",
            "the virtual proxy asks for Windows authentication (NTLM) (status 401)",
            windows,
        ),
        (
            "WWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM",
            "asks for Windows authentication (Negotiate, NTLM)",
            windows,
        ),
        (
            "WWW-Authenticate: Basic realm=\"a, NTLM\"",
            "the site, or a gateway in front of it, asks for a user name and a password (Basic)",
            "ask the owner of the gateway in front of the site",
        ),
        (
            "WWW-Authenticate: Bearer error=\"invalid_token\"",
            "asks for a token (Bearer)",
            "ask the owner of the gateway in front of the site",
        ),
        (
            "X-Nothing: 1",
            "the site asks for other credentials",
            "`connection.auth.key`",
        ),
    ] {
        let address = answers(&format!("401 Unauthorized\r\n{challenge}"), b"");
        check(
            &format!("http://{address}/header"),
            "",
            &[asks, advice, "`header`"],
            &[HOST_AND_PORT],
        );
    }
    let address = answers("401 Unauthorized\r\nWWW-Authenticate: NTLM", b"");
    check(
        &format!("http://{address}/"),
        "",
        &[
            "without a prefix, the site's default virtual proxy answers",
            &format!("`http://{address}/header`"),
        ],
        &["prefix `"],
    );
}

#[test]
fn the_targets_of_redirects() {
    for (location, message, advice) in [
        (
            "/header/internal_windows_authentication/?targetId=1",
            "redirects to its page for Windows authentication",
            "has the authentication method header authentication",
        ),
        (
            "/header/internal_forms_authentication/?targetId=1",
            "redirects to its login page",
            "the header name set in that virtual proxy",
        ),
        (
            "https://idp.example.com/saml2/sso?SAMLRequest=x",
            "the login of another system",
            "the end of `connection.url`, is the prefix",
        ),
        (
            "https://qlik.example.com/header/qrs/about?xrfkey=1",
            "the site has a new address",
            "write `connection.url = \"https://qlik.example.com/header/\"`",
        ),
        (
            "https://127.0.0.1/",
            "the site has a new address",
            "write `connection.url = \"https://127.0.0.1/header/\"`",
        ),
        (
            "https://www.example.com/maintenance",
            "the site redirects to `https://www.example.com/maintenance`",
            "if the site has moved there",
        ),
    ] {
        let address = answers(&format!("302 Found\r\nLocation: {location}"), b"");
        check(
            &format!("http://{address}/header"),
            "",
            &[message, advice, "status 302"],
            &[HOST_AND_PORT, "targetId", "SAMLRequest", "xrfkey=1"],
        );
    }
}

#[test]
fn an_unknown_prefix_or_host_name() {
    let page = b"<html><h1>Error 400</h1><p>The http request header is incorrect.</p></html>";
    let address = answers("400 Bad Request\r\nContent-Type: text/html", page);
    check(
        &format!("http://{address}/header"),
        "",
        &[
            "no virtual proxy with the prefix `header`",
            "or does not accept the host name `127.0.0.1`",
            "write the full host name",
        ],
        &[HOST_AND_PORT],
    );
    let port = address.rsplit(':').next().unwrap();
    for (host, advice) in [
        ("127.0.0.1", "instead of the address `127.0.0.1`"),
        ("localhost", "instead of the short name `localhost`"),
    ] {
        check(
            &format!("http://{host}:{port}/"),
            "",
            &[
                &format!("the site does not accept the host name `{host}`"),
                advice,
            ],
            &["no virtual proxy", "linked"],
        );
    }
    let invalid = answers(
        "400 Bad Request",
        b"<h2>Bad Request - Invalid Hostname</h2><p>HTTP Error 400. The request hostname is invalid.</p>",
    );
    let misdirected = answers("421 Misdirected Request", b"");
    for address in [invalid, misdirected] {
        check(
            &format!("http://{address}/header"),
            "",
            &[
                "the site does not accept the host name `127.0.0.1`",
                "full host name",
            ],
            &["linked"],
        );
    }
}
