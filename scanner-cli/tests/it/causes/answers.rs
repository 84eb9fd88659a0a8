//! Damaged responses and refusals.

use super::*;

#[test]
fn a_response_that_cannot_be_decompressed_is_not_a_network_problem() {
    let json = "200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip";
    let cut = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0xab, 0x56];
    for body in [&b"no gzip at all"[..], &cut] {
        let address = answers(json, body);
        check(
            &format!("http://{address}/header"),
            "",
            &["compressed responses"],
            &[HOST_AND_PORT, "proxy` settings"],
        );
    }
    // A response that ends in the middle, a chunk with an invalid size, and a response that is not HTTP.
    let short = server(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"a\":");
    });
    let chunk = server(|mut stream| {
        let _ = stream.read(&mut [0; 4096]);
        let _ = stream
            .write_all(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n{\"a\":");
    });
    let ftp = server(|mut stream| {
        let _ = stream.write_all(b"220 FTP\r\n");
        thread::sleep(HOLD);
    });
    for (address, advice) in [
        (short, "ends long responses"),
        (chunk, "ends long responses"),
        (ftp, "is not a web server"),
    ] {
        check(
            &format!("http://{address}/header"),
            "",
            &[advice],
            &[HOST_AND_PORT],
        );
    }
}

#[test]
fn a_failed_list_of_users_is_attributed_to_rights_only_if_the_site_refuses_it() {
    for (status, advice, never) in [
        (500, "log of the site's repository", "User_*"),
        (502, "gets no response", "User_*"),
        (404, "too old to have this list", "User_*"),
        (403, "User_*", "repository"),
    ] {
        let site = FakeSite::start_in_thread();
        site.fail(Fault::status(status).on("/qrs/user/full"));
        site.fail(Fault::status(status).on("/qrs/user/count"));
        let home = Home::with(&connection("qlik", &site));
        let scan = home.run(&["scan"]);
        let warning = scan.errors + &scan.output;
        let users = warning
            .find("the users could not be read")
            .unwrap_or_else(|| panic!("{warning}"));
        let users = &warning[users..];
        assert!(users.contains(advice) && !users.contains(never), "{users}");
        let check = home.run(&["check"]);
        let rights = check.output.find("rights").unwrap();
        let rights = &check.output[rights..];
        assert!(
            rights.contains(advice) && !rights.contains(never),
            "{rights}"
        );
    }
    let site = FakeSite::start_in_thread();
    site.fail(Fault::body("<p>hello</p>").on("/qrs/user/full"));
    let scan = Home::with(&connection("qlik", &site)).run(&["scan"]);
    assert!(scan.errors.contains("web page"), "{}", scan.errors);
    assert!(!scan.errors.contains("User_*"), "{}", scan.errors);
}

#[test]
fn statuses_of_the_site_and_of_gateways_have_their_own_advice() {
    for (status, advice) in [
        (
            "403 Forbidden",
            "`scanner-cli docs qlik-setup#4-the-read-rule`",
        ),
        (
            "404 Not Found",
            "is the URL of a Qlik Sense Enterprise on Windows site",
        ),
        (
            "418 Teapot",
            "whether a gateway in front of the site refuses",
        ),
        ("429 Too Many Requests", "less busy"),
        ("500 Internal Server Error", "log of the site's repository"),
        ("502 Bad Gateway", "gets no response"),
        (
            "503 Service Unavailable",
            "check that the site's services run",
        ),
    ] {
        let address = answers(status, b"");
        check(
            &format!("http://{address}/header"),
            "",
            &[advice],
            &[HOST_AND_PORT],
        );
    }
    let inactive = answers(
        "403 Forbidden",
        b"Your account is inactive. Contact your administrator",
    );
    check(
        &format!("http://{inactive}/header"),
        "",
        &["remove the mark `Inactive`"],
        &[
            "five sessions",
            "`scanner-cli docs qlik-setup#4-the-read-rule`",
        ],
    );
    let page = answers(
        "200 OK\r\nContent-Type: text/html",
        b"<html>It works!</html>",
    );
    check(
        &format!("http://{page}/header"),
        "",
        &["the site answered with a web page instead of JSON"],
        &["login form"],
    );
}
