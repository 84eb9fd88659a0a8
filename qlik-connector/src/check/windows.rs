//! What a login as a Windows user has shown: the page that asks for it, and whether the password was accepted.

use qrs_client::QrsClient;

/// What the stages of the virtual proxy and of the authentication show, if the site asked a Windows user to log in.
pub(super) fn seen(client: &QrsClient, session: &str) -> Option<(String, String)> {
    #[cfg(feature = "windows-login")]
    if let qrs_client::Credentials::Windows(windows) = client.credentials()
        && let Some(challenge) = client.windows_challenge()
    {
        let (url, scheme, name) = (challenge.url, challenge.scheme, windows.name());
        return Some((
            format!("asks for Windows authentication ({scheme}) at {url}"),
            format!("accepts the password of `{name}`; {session}"),
        ));
    }
    let _ = (client, session);
    None
}
