//! What to do about an error of the client, with the settings of the connection file: a table from facts to advice.
//!
//! Advice depends on what was observed ([`Fact`]), not on the kind of the error, because two causes of one kind need
//! different actions. The client's own advice is shown if no setting must be named. Each line is one piece of advice.

use catalog_model::documentation;
use qrs_client::{Challenge, Error, Fact, LoginPage, SiteUrl, TimeLimit};

use crate::site::describe::setting;

mod prefix;

use self::prefix::{header_prefix, host_name, other_prefix};

/// What to do about an error of a request to `site`.
pub(crate) fn hint(error: &Error, site: &SiteUrl) -> String {
    // The step that was too slow is a fact of its own. A port that does not respond in the TLS handshake does not need
    // a longer limit.
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

/// The same for a connection that logs in by another way than a header, with this setting. What concerns the login is in the
/// client's own advice.
pub(crate) fn hint_without_header(error: &Error, site: &SiteUrl, auth: &str) -> String {
    let hint = hint_of_login(error, site);
    let is_of_setting = matches!(
        error.fact(),
        Fact::CredentialsRequested(_)
            | Fact::RedirectToLogin(_)
            | Fact::LoginForm
            | Fact::TicketRefused
            | Fact::ClientCertificateRefused
    );
    if !is_of_setting || hint.contains(auth) {
        return hint;
    }
    match hint.split_once("\nor ") {
        Some((check, otherwise)) => format!("{check}\ncheck {auth}\nor {otherwise}"),
        None => format!("{hint}\ncheck {auth}"),
    }
}

fn hint_of_login(error: &Error, site: &SiteUrl) -> String {
    let is_of_login = matches!(
        error.fact(),
        Fact::CredentialsRequested(_)
            | Fact::RedirectToLogin(_)
            | Fact::RedirectToIdentityProvider
            | Fact::LoginForm
            | Fact::RedirectElsewhere
            | Fact::Forbidden
    );
    match error.hint().filter(|_| is_of_login) {
        Some(own) => own.to_owned(),
        None => hint(error, site),
    }
}

/// Advice for credentials that are not valid any more.
fn of_credentials(fact: &Fact) -> Option<String> {
    let text = match fact {
        Fact::TokenEnded => {
            "put a new token into `connection.auth.token`, or let the scanner sign tokens: `connection.auth.jwt`\n\
             check this machine's clock"
        }
        Fact::PasswordRefused => {
            "check `connection.auth.windows`: domain, user and password\ncheck whether the user is locked, or its password has \
             expired\nthen save the connection file: a running service does not try this password again before"
        }
        Fact::SessionEnded => "put the cookie of a new session into `connection.auth.session`",
        Fact::NoToken => {
            "check `connection.auth.ticket.command`: run it by hand as the scanner's account"
        }
        Fact::UserHeaderRefused => "check `connection.auth.user`",
        _ => return None,
    };
    Some(text.to_owned())
}

/// The advice for a fact that concerns settings. `None` if the client's own advice is enough.
fn of_fact(error: &Error, site: &SiteUrl) -> Option<String> {
    of_connection(error.fact(), site)
        .or_else(|| of_proxy(error.fact(), site))
        .or_else(|| of_credentials(error.fact()))
        .or_else(|| of_answer(error.fact()))
        .or_else(|| of_lost_login(error))
        .or_else(|| of_login(error.fact(), site))
        .or_else(|| of_refusal(error, site))
}

/// Advice for a proxy that asks for a Windows user.
fn of_proxy(fact: &Fact, site: &SiteUrl) -> Option<String> {
    let text = match fact {
        Fact::ProxyNeedsWindows if site.as_url().scheme() != "https" => {
            "write `https://` in `connection.url`, and set `proxy.windows`: a Windows user can log in at a proxy for `https` only"
        }
        Fact::ProxyNeedsWindows => {
            "set `proxy.windows { domain, user, password }` instead of `proxy.username` and `proxy.password`\n\
             or ask the proxy's owner for access without authentication"
        }
        Fact::ProxyPasswordRefused => {
            "check `proxy.windows`: domain, user and password\ncheck whether the user is locked, or its password has expired\n\
             then save the connection file: a running service does not try this password again before"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// Advice for failures of the connection or TLS.
fn of_connection(fact: &Fact, site: &SiteUrl) -> Option<String> {
    let port = site.as_url().port_or_known_default().unwrap_or(443);
    Some(match fact {
        Fact::HostUnresolved => format!(
            "check the spelling of `{}` in `connection.url`, and that this machine's DNS server knows the name\n\
             if the site is behind a proxy, set `proxy`",
            site.host()
        ),
        Fact::ConnectionRefused => format!(
            "check host and port of `connection.url`: nothing listens at port {port} there, or a firewall refuses the \
             connection\ncheck that the site's proxy service runs"
        ),
        Fact::HostUnreachable => {
            "check host and port of `connection.url`\ncheck this machine's network, and that the site's machine is on\n\
             if the site is behind a proxy, set `proxy`"
                .to_owned()
        }
        Fact::ConnectionFailed | Fact::ConnectionTimedOut => {
            "check host and port of `connection.url`\ncheck that no firewall blocks the connection\n\
             if the site is behind a proxy, check the `proxy` settings"
                .to_owned()
        }
        Fact::TlsSilent => format!(
            "check the port of `connection.url`: the server at port {port} may not speak TLS, or hangs; the site's proxy \
             service usually has port 443"
        ),
        Fact::TlsClosed | Fact::NotTls => format!(
            "check the port of `connection.url`: the server at port {port} is not a site with `https`; the site's proxy \
             service usually has port 443"
        ),
        Fact::PlainHttp => format!(
            "write the port of `https` in `connection.url`, usually 443, instead of {port}\n\
             if the site has no `https`, write `http://` instead of `https://`"
        ),
        Fact::ClientCertificateRequired => format!(
            "use the port of the site's proxy in `connection.url`, usually 443, instead of {port}, which is the repository's\n\
             or log in with a client certificate: `connection.auth.certificate`"
        ),
        Fact::TlsExpected => "write `https://` instead of `http://` in `connection.url`".to_owned(),
        Fact::ClosedWithoutAnswer => format!(
            "check the port of `connection.url`: the server at port {port} closes connections without a response\n\
             check whether a firewall or gateway between the scanner and the site closes them"
        ),
        Fact::NotHttp => format!(
            "check the port of `connection.url`: the server at port {port} is not a web server"
        ),
        _ => return None,
    })
}

/// Advice for a response that cannot be read.
fn of_answer(fact: &Fact) -> Option<String> {
    let text = match fact {
        Fact::AnswerCut => {
            "run the command again, if necessary when the site is less busy\ncheck whether a gateway or firewall between the scanner \
             and the site ends long responses"
        }
        Fact::CompressedAnswerCut | Fact::CompressedAnswerDamaged => {
            "ask the owner of the gateway in front of the site to forward compressed responses unchanged, and the request \
             header `Accept-Encoding`"
        }
        Fact::HeadersTooLarge | Fact::AnswerTooLarge => {
            "check that `connection.url` is the URL of a Qlik Sense site: no site sends such a response\n\
             check whether a gateway in front of the site changes responses"
        }
        Fact::NotJson | Fact::UnexpectedJson | Fact::NotQrs => {
            "check that `connection.url` is the URL of a Qlik Sense Enterprise on Windows site, with the prefix of its \
             virtual proxy\nif it is, ask the owner of the gateway in front of the site whether it changes responses"
        }
        Fact::ListDamaged => {
            "run the command again\nask the owner of the gateway or proxy in front of the site whether it changes responses"
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// Advice if the site requests a login although it accepted the account before.
fn of_lost_login(error: &Error) -> Option<String> {
    let asks_for_login = matches!(
        error.fact(),
        Fact::CredentialsRequested(_)
            | Fact::RedirectToLogin(_)
            | Fact::RedirectToIdentityProvider
            | Fact::LoginForm
    );
    (asks_for_login && !is_about(error)).then(|| {
        "run the command again: the site accepted the account for earlier requests, so its session was ended, or five others are open\n\
         give the scanner an account that nothing else uses"
            .to_owned()
    })
}

/// Advice if the site did not accept the account.
fn of_login(fact: &Fact, site: &SiteUrl) -> Option<String> {
    const HEADER: &str = "check that `connection.auth.key` is the header name set in that virtual proxy\ncheck that \
        `connection.auth.value` is an active account in the form that the virtual proxy expects, such as `DOMAIN\\user`";
    const SESSIONS: &str = "or wait 30 minutes: if five sessions of the account are open, the site responds in the same way";
    Some(match fact {
        Fact::CredentialsRequested(challenges) if challenges.iter().any(Challenge::is_windows) => {
            format!("{}\n{HEADER}", other_prefix(site))
        }
        Fact::CredentialsRequested(challenges) if !challenges.is_empty() => format!(
            "ask the owner of the gateway in front of the site to let the scanner through: no virtual proxy of Qlik Sense \
             asks for this\nor {}",
            header_prefix(site)
        ),
        Fact::CredentialsRequested(_) => format!("{}\n{HEADER}", other_prefix(site)),
        Fact::RedirectToLogin(LoginPage::Windows) => format!("{}\n{HEADER}", other_prefix(site)),
        Fact::RedirectToLogin(_) => format!("{}\n{HEADER}\n{SESSIONS}", header_prefix(site)),
        Fact::RedirectToIdentityProvider => header_prefix(site),
        Fact::SiteMoved(moved) => format!("write `connection.url = \"{moved}\"`"),
        Fact::RedirectElsewhere => format!(
            "if the site has moved there, write this address as `connection.url`\nor {}",
            header_prefix(site)
        ),
        Fact::LoginForm => format!(
            "{}\ncheck whether a gateway in front of the site asks for a login",
            header_prefix(site)
        ),
        Fact::WebPage => format!(
            "check that `connection.url` is the URL of a Qlik Sense site\n{}\ncheck whether a gateway in front of the \
             site sends this page",
            header_prefix(site)
        ),
        Fact::AccountInactive => {
            "activate the account in the QMC under Users: remove the mark `Inactive`, or synchronize its user directory \
             again"
                .to_owned()
        }
        Fact::TooManySessions => TOO_MANY_SESSIONS.to_owned(),
        _ => return None,
    })
}

const TOO_MANY_SESSIONS: &str = "wait 30 minutes, or ask the Qlik administrator to end the sessions: a site allows a user five at a time, and \
    each ends 30 minutes after its last request\n\
    give the scanner an account that nothing else uses\n\
    run `check`, which warns if the site does not keep the session\n\
    if nothing else helps, set `connection.logout = true`";

/// What to do if an account sees nothing.
pub(crate) const RULE: &str = concat!(
    "add the security rule of ",
    documentation!("qlik-setup#4-the-read-rule"),
    ": resource filter `App_*,App.Object_*,Stream_*,User_*`, action Read, context `Both in hub and QMC`, for this account"
);

/// Advice if the account may not do something.
const FORBIDDEN: &str = concat!(
    "check in the QMC that the account is active and not blocked\ncheck that the account may read: ",
    documentation!("qlik-setup#4-the-read-rule"),
    " has the rule\nor wait 30 minutes: the account may have five open sessions"
);

/// Advice if the site refused the request, or could not process it.
fn of_refusal(error: &Error, site: &SiteUrl) -> Option<String> {
    let text = match error.fact() {
        Fact::XrfkeyMissing => {
            "ask the owner of the proxy or gateway between the scanner and the site whether it removes the query or the \
             header `X-Qlik-Xrfkey`"
        }
        Fact::Forbidden => FORBIDDEN,
        Fact::PrefixOrHostUnknown => {
            return Some(format!("{}\n{}", linked_prefix(site), host_name(site)));
        }
        Fact::HostNameRefused => return Some(host_name(site)),
        Fact::RequestRefused if is_about(error) => {
            let host = host_name(site);
            return Some(match site.prefix() {
                Some(_) => format!("{}\n{host}", linked_prefix(site)),
                None => host,
            });
        }
        Fact::RequestRefused => {
            "check whether a gateway in front of the site changes or refuses this request: the site accepted others"
        }
        Fact::NothingHere if is_about(error) => {
            "check that `connection.url` is the URL of a Qlik Sense Enterprise on Windows site, with the prefix of its \
             virtual proxy"
        }
        Fact::NothingHere => {
            "check whether a gateway in front of the site blocks this path\ncheck the site's version: it may be too old to \
             have this list"
        }
        Fact::RequestTooLong => {
            "check that `connection.auth.value` is not longer than intended\n\
             raise the limit for request headers on the gateway or load balancer in front of the site"
        }
        Fact::Throttled => "run the command again when the site is less busy",
        Fact::ServerFailed => {
            "run the command again later\nlook for the error in the log of the site's repository"
        }
        Fact::GatewayFailed => {
            "check that the site's services run\ncheck the gateway, the load balancer or the `proxy` of the connection: one \
             of them gets no response from the site"
        }
        Fact::ServiceUnavailable => {
            "check that the site's services run: they may be starting, stopped or overloaded"
        }
        Fact::UnexpectedStatus => {
            "check that `connection.url` is the URL of a Qlik Sense Enterprise on Windows site\n\
             check whether a gateway in front of the site refuses the request"
        }
        Fact::InvalidSetting | Fact::FilePassword => {
            return error
                .hint()
                .map(str::to_owned)
                .or(Some("correct this setting".to_owned()));
        }
        _ => return None,
    };
    Some(text.to_owned())
}

/// Whether the very first request failed, which every account of every site may send.
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
            "check host and port of `connection.url`\ncheck that no firewall blocks the connection\n\
             if the network is slow, set a longer `{setting}`"
        ),
        TimeLimit::FirstByte => format!(
            "check the port of `connection.url` and the load of the site\n\
             or set a longer `{setting}`: a site that was idle needs up to 20 s for its first response"
        ),
        TimeLimit::FirstByteOfList => format!(
            "check the load of the site\nor set a longer `{setting}`: a large site may need minutes until a list begins"
        ),
        TimeLimit::Silence => format!(
            "check the load of the site, and whether a gateway or firewall drops idle connections\n\
             or set a longer `{setting}`"
        ),
        _ => format!("set a longer `{setting}`\nor scan at a time when the site is less busy"),
    }
}
