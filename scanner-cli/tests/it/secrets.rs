//! Secrets are in no message, report, log or readable file.

use qrs_client::fake_site::{FakeSite, Fault, Point};

use crate::scanner::Home;

/// The header's value. No output may contain it or a part of it.
const VALUE: &str = "ACME\\s3cr3t-scanner";

fn file(site: &FakeSite) -> String {
    format!(
        "name = A\ncode = qlik\nconnector_id = qlik-sense\nconnection {{\n  url = \"{}\"\n  auth.key = \"{}\"\n  auth.value \
         = \"\"\"{VALUE}\"\"\"\n}}\n",
        site.url(),
        site.header_name()
    )
}

fn check(home: &Home, arguments: &[&str]) {
    let run = home.run(arguments);
    let mut texts = vec![run.output, run.errors];
    for folder in ["export", "."] {
        if home.has(folder) {
            for name in home.names(folder) {
                let path = home.path(folder).join(&name);
                if path.is_file() {
                    texts.push(std::fs::read_to_string(path).unwrap());
                }
            }
        }
    }
    for text in texts {
        assert!(!text.contains("s3cr3t"), "{arguments:?}: {text}");
        for cookie in ["X-Qlik-Session", "xrfkey="] {
            assert!(!text.contains(cookie), "{arguments:?}: {text}");
        }
    }
}

#[test]
fn no_command_shows_the_header_value_or_the_session() {
    for fault in [
        None,
        Some(Fault::status(403)),
        Some(Fault::status(500)),
        Some(Fault::reset()),
        Some(Fault::body(format!("you said {VALUE}"))),
        Some(Fault::cut(Point::Records(2)).on("/qrs/app/object/full")),
    ] {
        let site = FakeSite::builder().user(VALUE).start_in_thread();
        let home = Home::with(&file(&site)).traced();
        if let Some(fault) = fault {
            site.fail(fault);
        }
        check(&home, &["scan", "--report", "report.json"]);
        check(&home, &["inventory"]);
        check(&home, &["config", "show", "qlik"]);
        check(&home, &["config", "show", "qlik", "--format", "json"]);
    }
}

#[test]
fn no_message_about_a_file_shows_its_secrets() {
    let site = FakeSite::start_in_thread();
    for broken in [
        file(&site).replace("\"\"\"", "\""),
        file(&site).replace("\"\"\"", ""),
        file(&site).replace("auth.key", "auth.kye"),
        file(&site)
            .replace("auth.value =", "auth.value =\n  ")
            .replace("s3cr3t", "s3cr3tü"),
        file(&site) + "proxy.password =\n  [ s3cr3t ]",
        file(&site) + "my.password =\n  s3cr3t",
        file(&site).replace("auth.value", "auth.vlaue"),
        file(&site).replace("auth.value", "auth_data"),
        file(&site).replace("auth.value", "auth"),
        file(&site).replace("auth.value", "pw") + "connection.auth.value = ${connection.pw}",
        file(&site) + "proxy { hostname = \"u:s3cr3t@proxy\" }",
        file(&site).replace("http://", "bob:s3cr3t@"),
        file(&site).replace(VALUE, "ACME\\s3cr3t-scännér"),
        file(&site) + "proxy { password = s3cr3t$x }",
        file(&site) + "proxy { password = \"s3cr3t",
        file(&site) + "proxy { password = [\"s3cr3t\"] }",
        file(&site) + "tls.truststore { path = none, password = \"s3cr3t\" }",
        file(&site).replace("http://", "http://user:s3cr3t@"),
    ] {
        let home = Home::with(&broken).traced();
        // The file itself holds it, of course; it is in `connections`.
        check(&home, &["scan"]);
        check(&home, &["inventory"]);
    }
}
