//! A fake site for each way to log in, and a home of the scanner for it: a connection file, and the files that it names.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use qrs_client::fake_site::{Authority, FakeSite, FakeSiteBuilder, Issued, JwtLogin, WindowsLogin};

/// The ways to log in.
pub(crate) const KINDS: [&str; 7] = [
    "header",
    "certificate",
    "jwt",
    "token",
    "windows",
    "ticket",
    "session",
];

const PASSWORD: &str = "s3cret of the scanner";

/// A running site, and how a connection logs in at it.
pub(crate) struct LoginHome {
    pub(crate) site: FakeSite,
    /// What `connection.url` is.
    pub(crate) url: String,
    /// The connection file.
    pub(crate) connection: String,
}

/// Starts a site that logs in by this way, and writes the files that a connection needs. With `ticket`, `fetch` is the command
/// that fetches a ticket.
///
/// # Panics
///
/// If the port is in use.
pub(crate) fn start(kind: &str, home: &Path, port: u16, fetch: &str) -> io::Result<LoginHome> {
    let conf = home.join("conf");
    fs::create_dir_all(&conf)?;
    fs::create_dir_all(home.join("connections"))?;
    let builder = FakeSite::builder().port(port);
    let (site, auth) = match kind {
        "certificate" => certificate(builder, &conf)?,
        "jwt" => jwt(builder, &conf)?,
        "token" => token(builder, &conf)?,
        "windows" => windows(builder, &conf)?,
        "ticket" => (
            builder.tickets().start_in_thread(),
            format!("auth.ticket.command = {fetch}"),
        ),
        "session" => session(builder, &conf)?,
        "header" => header(builder),
        _ => {
            let message = format!("`{kind}` is not one of {KINDS:?}");
            return Err(io::Error::other(message));
        }
    };
    let url = match kind {
        "certificate" => site.repository_url(),
        _ => site.url(),
    };
    let connection = connection(&url, &format!("http://{}", site.address()), &auth, kind);
    write_secret(&home.join("connections/demo.conf"), &connection)?;
    Ok(LoginHome {
        site,
        url,
        connection,
    })
}

fn connection(url: &str, links: &str, auth: &str, kind: &str) -> String {
    let trust = match kind {
        "certificate" => "tls.truststore.path = \"conf/root.pem\"\n",
        _ => "",
    };
    format!(
        "name = \"Demonstration\"\ncode = \"demo\"\nconnector_id = \"qlik-sense\"\nconnection {{\n  url = \"{url}\"\n  \
         link_url = \"{links}\"\n  {auth}\n}}\n{trust}"
    )
}

fn header(builder: FakeSiteBuilder) -> (FakeSite, String) {
    let site = builder.start_in_thread();
    let name = site.header_name();
    let auth = format!("auth.key = \"{name}\"\n  auth.value = \"ACME\\\\scanner\"");
    (site, auth)
}

fn certificate(builder: FakeSiteBuilder, conf: &Path) -> io::Result<(FakeSite, String)> {
    let authority = Authority::new();
    let client = authority.client();
    fs::write(conf.join("client.pem"), client.certificate)?;
    write_secret(&conf.join("client_key.pem"), &client.key)?;
    fs::write(conf.join("root.pem"), authority.pem())?;
    let auth = "auth.certificate = \"conf/client.pem\"\n  auth.key = \"conf/client_key.pem\"\n  \
                auth.user = \"ACME\\\\scanner\"";
    let site = builder.repository(&authority).start_in_thread();
    Ok((site, auth.to_owned()))
}

fn jwt(builder: FakeSiteBuilder, conf: &Path) -> io::Result<(FakeSite, String)> {
    let issued = Authority::new().client();
    write_secret(&conf.join("jwt_key.pem"), &issued.key)?;
    let auth = "auth.jwt {\n    key = \"conf/jwt_key.pem\"\n    algorithm = ES256\n    \
                user_id = \"scanner\"\n    user_directory = \"ACME\"\n  }";
    let site = builder.jwt(JwtLogin::new(&issued.certificate));
    Ok((site.start_in_thread(), auth.to_owned()))
}

fn token(builder: FakeSiteBuilder, conf: &Path) -> io::Result<(FakeSite, String)> {
    let issued = Authority::new().client();
    let token = token_of_a_day(&issued);
    write_secret(&conf.join("token"), &token)?;
    let site = builder.jwt(JwtLogin::new(&issued.certificate));
    Ok((site.start_in_thread(), format!("auth.token = \"{token}\"")))
}

/// A token of the scanner that ends tomorrow.
fn token_of_a_day(issued: &Issued) -> String {
    #[expect(clippy::disallowed_methods, reason = "the site's clock is real")]
    let end = SystemTime::now() + Duration::from_secs(24 * 60 * 60);
    let end = end
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    let end = end.as_secs();
    issued.token(&format!(
        r#"{{"userId":"scanner","userDirectory":"ACME","exp":{end}}}"#
    ))
}

fn windows(builder: FakeSiteBuilder, conf: &Path) -> io::Result<(FakeSite, String)> {
    write_secret(&conf.join("password"), PASSWORD)?;
    let auth = format!(
        "auth.windows {{\n    domain = \"ACME\"\n    user = \"scanner\"\n    password = \"{PASSWORD}\"\n  }}"
    );
    let login = WindowsLogin::new("ACME", "scanner", PASSWORD).negotiate_and_ntlm();
    Ok((builder.windows(login).start_in_thread(), auth))
}

fn session(builder: FakeSiteBuilder, conf: &Path) -> io::Result<(FakeSite, String)> {
    let site = builder.start_in_thread();
    let cookie = site.open_session(r"ACME\scanner");
    write_secret(&conf.join("session"), &cookie)?;
    Ok((site, format!("auth.session = \"{cookie}\"")))
}

/// Writes a file that only its owner can read.
fn write_secret(path: &Path, text: &str) -> io::Result<()> {
    fs::write(path, text)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}
