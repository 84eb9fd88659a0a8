//! What to do about an error of the client, in the words of the connection file: one table from facts to advice.
//!
//! Advice is chosen from what was seen ([`Fact`]), never from the kind of the error: two causes of one kind need
//! different things done. Where the client's own advice needs no setting's name, it is shown as it is.

use qrs_client::{Challenge, Error, Fact, LoginPage, SiteUrl, TimeLimit};

use crate::site::describe::setting;

mod prefix;

use self::prefix::{header_prefix, host_name, other_prefix};

/// What to do about an error of a request to `site`.
pub(crate) fn hint(error: &Error, site: &SiteUrl) -> String {
    // The step that was too slow is a fact of its own: a port that is silent in the TLS handshake needs no longer
    // limit.
    let is_of_limit = !matches!(error.fact(), Fact::TlsSilent | Fact::ProxyFailed);
    if let Some((limit, _)) = error.time_limit().filter(|_| is_of_limit) {
        return of_limit(limit);
    }
    of_fact(error, site).unwrap_or_else(|| {
        let own = error.hint().map(str::to_owned);
        own.unwrap_or_else(|| {
            "run `check`, which shows each step on the way to the site".to_owned()
        })
    })
}

/// The advice for a fact about the settings. `None` if the client's own advice is enough.
fn of_fact(error: &Error, site: &SiteUrl) -> Option<String> {
    of_connection(error.fact(), site)
        .or_else(|| of_answer(error.fact()))
        .or_else(|| of_lost_login(error))
        .or_else(|| of_login(error.fact(), site))
        .or_else(|| of_refusal(error, site))
}

/// No connection, or no TLS.
fn of_connection(fact: &Fact, site: &SiteUrl) -> Option<String> {
    let port = site.as_url().port_or_known_default().unwrap_or(443);
    Some(match fact {
        Fact::HostUnresolved => format!(
            "check the spelling of `{}` in `connection.url`, and that this machine's name server knows it; if the site is \
             behind a proxy, set `proxy`",
            site.host()
        ),
        Fact::ConnectionRefused => format!(
            "check host and port of `connection.url`: nothing listens at port {port} there, or a firewall refuses the \
             connection; the site's proxy service may be down"
        ),
        Fact::HostUnreachable => {
            "check host and port of `connection.url`, and this machine's network: no route leads to the site's machine, or \
             it is off; if the site is behind a proxy, set `proxy`"
                .to_owned()
        }
        Fact::ConnectionFailed | Fact::ConnectionTimedOut => {
            "check host and port of `connection.url`, that a firewall lets the scanner through, and the `proxy` settings if \
             the site is behind a proxy"
                .to_owned()
        }
        Fact::TlsSilent => format!(
            "check the port of `connection.url`: what listens at port {port} may not speak TLS, or hangs; the site's proxy \
             service usually has port 443"
        ),
        Fact::TlsClosed | Fact::NotTls => format!(
            "check the port of `connection.url`: what listens at port {port} is not a site with `https`; the site's proxy \
             service usually has port 443"
        ),
        Fact::PlainHttp => format!(
            "write `http://` in place of `https://` in `connection.url`, or name the port of `https`, usually 443, in \
             place of {port}"
        ),
        Fact::TlsExpected => "write `https://` in place of `http://` in `connection.url`".to_owned(),
        Fact::ClosedWithoutAnswer => format!(
            "check the port of `connection.url`: what listens at port {port} closes connections without an answer; a \
             firewall or gateway on the way may do so, too"
        ),
        Fact::NotHttp => format!(
            "check the port of `connection.url`: what listens at port {port} is not a web server"
        ),
        _ => return None,
    })
}

/// An answer that cannot be read.
fn of_answer(fact: &Fact) -> Option<String> {
    let text = match fact {
        Fact::AnswerCut => {
            "the connection broke, or something on the way cut the answer: try again, if necessary when the site is less busy"
        }
        Fact::CompressedAnswerCut | Fact::CompressedAnswerDamaged => {
            "a gateway between the scanner and the site damages compressed answers: ask its owner to pass them on as they \
             are, or to pass the header `Accept-Encoding` on"
        }
        Fact::HeadersTooLarge | Fact::AnswerTooLarge => {
            "the answer is not what a Qlik Sense site sends: check what `connection.url` points to, and whether a gateway \
             on the way changes answers"
        }
        Fact::NotJson | Fact::UnexpectedJson | Fact::NotQrs => {
            "check that `connection.url` names a Qlik Sense Enterprise on Windows site and the prefix of its virtual \
             proxy; if it does, a gateway on the way changes answers"
        }
        Fact::ListDamaged => {
            "something on the way changed the answer: ask the owner of the gateway or proxy in front of the site, or try \
             again"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// The site requests a login although it accepted the account before.
fn of_lost_login(error: &Error) -> Option<String> {
    let asks_for_login = matches!(
        error.fact(),
        Fact::CredentialsRequested(_)
            | Fact::RedirectToLogin(_)
            | Fact::RedirectToIdentityProvider
            | Fact::LoginForm
    );
    (asks_for_login && !is_about(error)).then(|| {
        "the site accepted the account for earlier requests: its session was ended, or it has too many sessions, which end \
         after 30 minutes; give the scanner an account that nothing else uses, and try again"
            .to_owned()
    })
}

/// The site did not let the account in.
fn of_login(fact: &Fact, site: &SiteUrl) -> Option<String> {
    const HEADER: &str = "check that `connection.auth.key` is the header name set there, and that `connection.auth.value` is an active account in the form that its pattern expects, such as `DOMAIN\\user`";
    Some(match fact {
        Fact::CredentialsRequested(challenges) if challenges.iter().any(Challenge::is_windows) => {
            format!("{}; {HEADER}", other_prefix(site))
        }
        Fact::CredentialsRequested(challenges) if !challenges.is_empty() => format!(
            "no virtual proxy of Qlik Sense asks for this: a gateway in front of the site does; ask its owner to let the \
             scanner through, or {}",
            header_prefix(site)
        ),
        Fact::CredentialsRequested(_) => format!("{}; {HEADER}", other_prefix(site)),
        Fact::RedirectToLogin(LoginPage::Windows) => format!("{}; {HEADER}", other_prefix(site)),
        Fact::RedirectToLogin(_) => format!(
            "the virtual proxy did not accept the header: {}; {HEADER}; too many sessions of the account look the same, \
             and end after 30 minutes",
            header_prefix(site)
        ),
        Fact::RedirectToIdentityProvider => format!(
            "the virtual proxy uses the login of another system, such as SAML or OIDC, not a header: {}",
            header_prefix(site)
        ),
        Fact::SiteMoved(moved) => format!("write `connection.url = \"{moved}\"`"),
        Fact::RedirectElsewhere => format!(
            "if that is where the site is now, write that address as `connection.url`; else {}",
            header_prefix(site)
        ),
        Fact::LoginForm => format!(
            "a web page with a form comes from a login page or from a gateway in front of the site: {}",
            header_prefix(site)
        ),
        Fact::WebPage => format!(
            "check that `connection.url` names a Qlik Sense site, and that no gateway in front of it answers with a page of \
             its own; {}",
            header_prefix(site)
        ),
        Fact::AccountInactive => {
            "activate the account in the QMC under Users: remove the mark `Inactive`, or let its user directory be \
             synchronized again"
                .to_owned()
        }
        Fact::TooManySessions => TOO_MANY_SESSIONS.to_owned(),
        _ => return None,
    })
}

const TOO_MANY_SESSIONS: &str = "a site allows a user five sessions at a time, each of which ends 30 minutes after its last request: wait, \
    or let the Qlik administrator end them; give the scanner an account that nothing else uses, run `check`, \
    which warns if the site does not keep the session, and if that does not help set `connection.logout = true`";

/// The site refused the request, or could not serve it.
fn of_refusal(error: &Error, site: &SiteUrl) -> Option<String> {
    let text = match error.fact() {
        Fact::XrfkeyMissing => {
            "something between the scanner and the site drops the query or the header `X-Qlik-Xrfkey`: ask the owner of \
             the proxy or gateway there"
        }
        Fact::Forbidden => {
            "check in the QMC that the account is active and not blocked, that it may read (docs/qlik-setup.md has the \
             rule), and that it does not have five sessions open already, which end after 30 minutes"
        }
        Fact::PrefixOrHostUnknown => {
            return Some(format!("{}; {}", linked_prefix(site), host_name(site)));
        }
        Fact::HostNameRefused => return Some(host_name(site)),
        Fact::RequestRefused if is_about(error) => {
            let host = host_name(site);
            return Some(match site.prefix() {
                Some(_) => format!("{}; {host}", linked_prefix(site)),
                None => host,
            });
        }
        Fact::RequestRefused => {
            "the site understands other requests: a gateway in front of it may change or refuse this one"
        }
        Fact::NothingHere if is_about(error) => {
            "check that `connection.url` names a Qlik Sense Enterprise on Windows site and the prefix of its virtual proxy"
        }
        Fact::NothingHere => {
            "the site has no such list: a gateway in front of it may not let this path through, or the site's version is \
             too old"
        }
        Fact::RequestTooLong => {
            "raise the limit for request headers on the gateway or load balancer in front of the site, and check that \
             `connection.auth.value` is not longer than intended"
        }
        Fact::Throttled => "try later, or at a time when the site is less busy",
        Fact::ServerFailed => {
            "the site's repository failed: try later, and look at the repository's log"
        }
        Fact::GatewayFailed => {
            "a server between the scanner and the repository (a gateway, a load balancer, the site's proxy service, or \
             the `proxy` of the connection) gets no answer from it: check that the site's services run"
        }
        Fact::ServiceUnavailable => {
            "the site is starting, stopped or overloaded: check that its services run, or try later"
        }
        Fact::UnexpectedStatus => {
            "check that `connection.url` names a Qlik Sense Enterprise on Windows site, and whether a gateway in front of \
             it refuses the request"
        }
        Fact::InvalidSetting => {
            return error
                .hint()
                .map(str::to_owned)
                .or(Some("correct the setting that is named".to_owned()));
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// Whether the first request of all failed, which every account of every site may send.
fn is_about(error: &Error) -> bool {
    error.url().is_some_and(|url| url.ends_with("/qrs/about"))
}

fn linked_prefix(site: &SiteUrl) -> String {
    format!(
        "check in the QMC (Virtual proxies, column Prefix) that a virtual proxy has the prefix `{}`, and that it is linked \
         to the site's proxy",
        site.prefix().unwrap_or_default()
    )
}

fn of_limit(limit: TimeLimit) -> String {
    let setting = setting(limit);
    match limit {
        TimeLimit::Connect => format!(
            "check host and port of `connection.url`, and that a firewall lets the scanner through; if the network is that \
             slow, set a longer `{setting}`"
        ),
        TimeLimit::FirstByte => format!(
            "check the port of `connection.url` and the load of the site, or set a longer `{setting}`; a site that nobody \
             used for a while needs up to 20 s for its first answer"
        ),
        TimeLimit::FirstByteOfList => format!(
            "check the load of the site, or set a longer `{setting}`: a large site may need minutes until a list begins"
        ),
        TimeLimit::Silence => format!(
            "check the load of the site and whether a gateway or firewall drops idle connections, or set a longer \
             `{setting}`"
        ),
        _ => format!("set a longer `{setting}`, or scan at a time when the site is less busy"),
    }
}
