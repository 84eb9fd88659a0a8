//! Opens a tunnel as a Windows user. The login belongs to the connection with the proxy: all requests are sent on it.

use tokio::io::{AsyncRead, AsyncWrite};
use url::Url;

use super::{Tunnel, TunnelError, ask, opened, other_credentials, target};
use crate::challenge::Challenge;
use crate::error::{Error, ErrorKind};
use crate::fact::Fact;
use crate::proxy::{Proxy, ProxyUser};
use crate::redactor::Redactor;
use crate::retry::FailureClass;
use crate::windows_login::WindowsHandshake;

const CHECK_PASSWORD: &str = "check the domain, the user and the password for the proxy, and whether the user is locked or the \
    password has expired";

/// Asks the proxy to connect to the server, as a Windows user. `None` if a new connection must be tried: the proxy offers
/// another scheme, which is used from then on.
pub(in crate::route) async fn open_as_user<S>(
    stream: &mut S,
    server: &Url,
    (proxy, user): (&Proxy, &ProxyUser),
    redactor: &Redactor,
) -> Result<Option<Tunnel>, TunnelError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let _turn = user.turn().await;
    if user.is_refused() {
        return Err(TunnelError::Refused(not_sent_again(user)));
    }
    let (target, scheme) = (target(server), user.scheme());
    let host = proxy.url().host_str().unwrap_or_default();
    let begun = WindowsHandshake::begin(&scheme, user.account(), host);
    let (handshake, first) = begun.map_err(TunnelError::Refused)?;
    let head = ask(stream, &target, Some(&first)).await?;
    if head.status != 407 {
        let tunnel = opened(stream, &head, target, proxy, redactor).await;
        return tunnel.map(Some);
    }
    let answer = match handshake.answer(head.values("proxy-authenticate")) {
        Ok(answer) => answer,
        Err(_) if user.learn(&scheme, &head.offers()) => return Ok(None),
        Err(error) => {
            return Err(TunnelError::Refused(no_challenge(
                &scheme,
                &head.offers(),
                &error,
            )));
        }
    };
    if !head.skip_body(stream).await {
        return Err(TunnelError::Refused(connection_closed(&scheme)));
    }
    let head = ask(stream, &target, Some(&answer)).await;
    let head = head.map_err(without_answer)?;
    if head.status == 407 {
        user.set_refused();
        return Err(TunnelError::Refused(password(user)));
    }
    let tunnel = opened(stream, &head, target, proxy, redactor).await;
    tunnel.map(Some)
}

/// The proxy does not continue the login.
fn no_challenge(scheme: &Challenge, offers: &[Challenge], cause: &Error) -> Error {
    if !offers.contains(scheme) {
        return other_credentials(offers).with_hint(
            "ask the proxy's owner for access with NTLM, with Basic authentication or without authentication",
        );
    }
    let message = format!("the proxy asks for `{scheme}` but does not continue the login");
    error(message)
        .with_status(407)
        .with_cause(cause.to_string())
        .with_hint("ask the proxy's owner whether it allows NTLM; Kerberos is not supported")
}

fn connection_closed(scheme: &Challenge) -> Error {
    error(format!(
        "the proxy closes the connection during the login with `{scheme}`"
    ))
    .with_hint("ask the proxy's owner to keep connections open during such a login")
}

/// Whether the proxy has accepted the password is unknown.
fn without_answer(error: TunnelError) -> TunnelError {
    let later = |error: Error| error.with_class(FailureClass::Later);
    match error {
        TunnelError::Refused(error) => TunnelError::Refused(later(error)),
        TunnelError::NotHttp(error) => TunnelError::Refused(later(error)),
    }
}

fn password(user: &ProxyUser) -> Error {
    let name = user.name();
    error(format!(
        "the proxy refuses the password of the Windows user `{name}`"
    ))
    .with_status(407)
    .with_fact(Fact::ProxyPasswordRefused)
    .with_hint(CHECK_PASSWORD)
}

fn not_sent_again(user: &ProxyUser) -> Error {
    let name = user.name();
    error(format!(
        "the proxy has refused the password of the Windows user `{name}` before; it was not sent again, because directories lock \
         users after several wrong passwords"
    ))
    .with_fact(Fact::ProxyPasswordRefused)
    .with_hint(CHECK_PASSWORD)
}

fn error(message: String) -> Error {
    Error::new(ErrorKind::Proxy, message).with_class(FailureClass::Permanent)
}
