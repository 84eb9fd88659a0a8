//! TLS between the scanner and its store.

use std::path::Path;

use qrs_client::fake_site::FakeSite;

use super::{
    LIST, SUPERUSER_PASSWORD,
    cluster::{Cluster, Identity},
    no_secret, psql_at,
};
use crate::scanner::{Home, Run, items};

fn fixture(name: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../qrs-client/tests/fixtures");
    std::fs::read_to_string(folder.join(name)).unwrap()
}

/// Notes whether sessions that begin a scan use TLS.
const NOTE: &str = "CREATE TABLE seen (ssl boolean); \
     CREATE FUNCTION see() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
     INSERT INTO public.seen SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid(); RETURN NEW; END $$; \
     CREATE TRIGGER see BEFORE INSERT ON qlik_store.scan FOR EACH ROW EXECUTE FUNCTION see()";

fn says(checked: &Run, exit: i32, text: &str) {
    let output = &checked.check(exit, &[]).output;
    assert!(output.contains(text), "{output}");
}

#[test]
fn the_certificate_of_the_server_is_verified_as_the_settings_say() {
    let (certificate, key) = (fixture("site-chain.pem"), fixture("site.key"));
    let identity = Identity {
        certificate: &certificate,
        key: &key,
    };
    let cluster = Cluster::start(Some(&identity)).unwrap();
    let site = FakeSite::start_in_thread();
    let home = Home::with_site(&site);
    for name in ["root.pem", "other.pem"] {
        home.write(name, fixture(name));
    }
    let run = |settings: &str, arguments: &[&str]| -> Run {
        let port = cluster.port();
        home.write(
            "conf/application.conf",
            format!(
                "store.url = \"postgresql://postgres@127.0.0.1:{port}/postgres\"\n\
                 store.password = \"{SUPERUSER_PASSWORD}\"\n{settings}\n"
            ),
        );
        let run = home.run(arguments);
        no_secret(&run);
        run
    };
    let trusts = "store.tls.truststore.path = root.pem";
    for refused in [
        "store.tls.truststore.path = other.pem",
        // The system's certificates do not include the test's authority.
        "store.tls.disabled = false",
    ] {
        says(&run(refused, &["check"]), 4, "no secure connection");
        run(refused, &["scan"]).check(4, &["no secure connection"]);
    }
    says(&run(trusts, &["check"]), 0, "with TLS");
    run(trusts, &["scan"]).check(0, &["complete"]);
    assert_eq!(items(&run(trusts, &LIST).check(0, &[]).output).len(), 53);
    psql_at(cluster.port(), "postgres", NOTE);
    run(trusts, &["scan"]).check(0, &["complete"]);
    run("store.tls.disabled = true", &["scan"]).check(0, &["complete"]);
    let bypass = "store.tls.bypass_certificate_validation = true";
    run(bypass, &["check"]).check(0, &["certificates are not checked"]);
    run(bypass, &["scan"]).check(0, &["complete"]);
    let seen = psql_at(cluster.port(), "postgres", "SELECT ssl FROM seen");
    assert_eq!(seen, "t\nf\nt\n");
}
