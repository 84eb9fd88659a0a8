//! How a gateway or load balancer in front of the site changes cookies.

use super::answer::Answer;
use super::request::Request;
use super::session;

/// How a gateway in front of the site changes cookies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Gateway {
    /// No gateway.
    None,
    /// Removes `Set-Cookie` from every response.
    StripsSetCookie,
    /// Removes `Cookie` from every request, so that the site opens a session for each.
    StripsCookie,
    /// Adds its own cookie before the site's, joined to one header by a comma.
    JoinsSetCookie,
    /// Sets a cookie with a new name in each response.
    AddsCookies,
    /// Sets its one cookie to a new value in each response, as load balancers do.
    RotatesCookie,
}

impl Gateway {
    /// The request as the site receives it.
    pub(super) fn forward(self, request: &Request) -> Request {
        let mut request = request.clone();
        if self == Self::StripsCookie {
            let is_cookie = |name: &String| name.eq_ignore_ascii_case("Cookie");
            request.headers.retain(|(name, _)| !is_cookie(name));
        }
        request
    }

    /// The response as the client receives it.
    pub(super) fn answer(self, mut answer: Answer) -> Answer {
        let is_set_cookie = |name: &String| name.eq_ignore_ascii_case("Set-Cookie");
        let add = |name: &str| {
            let cookie = format!("{name}={}; Path=/", session::guid());
            ("Set-Cookie".to_owned(), cookie)
        };
        match self {
            Self::None | Self::StripsCookie => {}
            Self::StripsSetCookie => answer.headers.retain(|(name, _)| !is_set_cookie(name)),
            Self::JoinsSetCookie => {
                for (name, value) in &mut answer.headers {
                    if is_set_cookie(name) {
                        *value = format!("gateway=1; Path=/, {value}");
                    }
                }
            }
            Self::AddsCookies => answer.headers.push(add(&format!("gw-{}", session::guid()))),
            Self::RotatesCookie => answer.headers.push(add("AWSALB")),
        }
        answer
    }
}
