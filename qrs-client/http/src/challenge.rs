//! The authentication schemes that a response with status 401 asks for (header `WWW-Authenticate`). Nothing here touches
//! the network.

use std::fmt;

/// An authentication scheme that a server or a gateway asks for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Challenge {
    /// Windows authentication: `NTLM`.
    Ntlm,
    /// Windows authentication: `Negotiate`, which is Kerberos or NTLM.
    Negotiate,
    /// Windows authentication: `Kerberos`.
    Kerberos,
    /// A user name and a password: `Basic`.
    Basic,
    /// A user name and a password: `Digest`.
    Digest,
    /// A token: `Bearer`.
    Bearer,
    /// Another scheme, by its name.
    Other(String),
}

/// Maximum length of a scheme's name, in bytes. Longer names are ignored.
const MAX_NAME: usize = 40;

impl Challenge {
    /// The schemes in the values of `WWW-Authenticate` headers, each once, in their order.
    #[must_use]
    pub fn all<'a>(headers: impl Iterator<Item = &'a str>) -> Vec<Self> {
        let mut challenges = Vec::new();
        for challenge in headers.flat_map(parts).filter_map(Self::from_part) {
            if !challenges.contains(&challenge) {
                challenges.push(challenge);
            }
        }
        challenges
    }

    /// What the schemes ask for, with their names: `Windows authentication (Negotiate, NTLM)`. `None` if there are no
    /// schemes.
    #[must_use]
    pub fn describe(challenges: &[Self]) -> Option<String> {
        let group = |description: &str, belongs: &dyn Fn(&Self) -> bool| {
            let names = challenges.iter().filter(|challenge| belongs(challenge));
            let names: Vec<_> = names.map(ToString::to_string).collect();
            (!names.is_empty()).then(|| format!("{description} ({})", names.join(", ")))
        };
        let groups = [
            group("Windows authentication", &Self::is_windows),
            group("a user name and a password", &Self::is_password),
            group("a token", &|challenge| *challenge == Self::Bearer),
            group("credentials of another kind", &|challenge| {
                matches!(challenge, Self::Other(_))
            }),
        ];
        let groups: Vec<_> = groups.into_iter().flatten().collect();
        (!groups.is_empty()).then(|| groups.join(" or "))
    }

    /// Whether the scheme asks for a Windows login.
    #[must_use]
    pub fn is_windows(&self) -> bool {
        matches!(self, Self::Ntlm | Self::Negotiate | Self::Kerberos)
    }

    /// Whether the scheme asks for a user name and a password.
    #[must_use]
    pub fn is_password(&self) -> bool {
        matches!(self, Self::Basic | Self::Digest)
    }

    /// The scheme at the start of a part; `None` if the part is a parameter of the scheme before it.
    fn from_part(part: &str) -> Option<Self> {
        let name = part.split_whitespace().next()?;
        let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_|~".contains(c);
        if name.len() > MAX_NAME || !name.chars().all(is_token) {
            return None;
        }
        // `realm = "x"` may have spaces around its sign.
        let rest = part.trim_start()[name.len()..].trim_start();
        if rest.starts_with('=') {
            return None;
        }
        Some(match name.to_ascii_lowercase().as_str() {
            "ntlm" => Self::Ntlm,
            "negotiate" => Self::Negotiate,
            "kerberos" => Self::Kerberos,
            "basic" => Self::Basic,
            "digest" => Self::Digest,
            "bearer" => Self::Bearer,
            _ => Self::Other(name.to_owned()),
        })
    }
}

/// The parts of a header between commas. Commas in quotes do not separate.
fn parts(header: &str) -> Vec<&str> {
    let (mut quoted, mut escaped) = (false, false);
    let parts = header.split(move |c: char| {
        let ends = c == ',' && !quoted;
        quoted ^= c == '"' && !escaped;
        escaped = c == '\\' && quoted && !escaped;
        ends
    });
    parts.map(str::trim).collect()
}

/// The scheme's name.
impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ntlm => "NTLM",
            Self::Negotiate => "Negotiate",
            Self::Kerberos => "Kerberos",
            Self::Basic => "Basic",
            Self::Digest => "Digest",
            Self::Bearer => "Bearer",
            Self::Other(name) => name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_are_read_from_one_header_or_several() {
        let cases = [
            (&["NTLM"][..], "Windows authentication (NTLM)"),
            (
                &["Negotiate", "NTLM"],
                "Windows authentication (Negotiate, NTLM)",
            ),
            (
                &["negotiate, ntlm, NTLM"],
                "Windows authentication (Negotiate, NTLM)",
            ),
            (
                &["NTLM TlRMTVNTUAACAAAA=="],
                "Windows authentication (NTLM)",
            ),
            (
                &[r#"Basic realm="a, NTLM", charset="UTF-8""#],
                "a user name and a password (Basic)",
            ),
            (
                &[r#"Basic realm="a \" , b", Negotiate"#],
                "Windows authentication (Negotiate) or a user name and a password (Basic)",
            ),
            (
                &[r#"Digest qop = "auth", nonce="1""#],
                "a user name and a password (Digest)",
            ),
            (
                &[r#"Bearer realm="x", error="invalid_token""#],
                "a token (Bearer)",
            ),
            (&["Hawk"], "credentials of another kind (Hawk)"),
        ];
        for (headers, expected) in cases {
            let challenges = Challenge::all(headers.iter().copied());
            assert_eq!(Challenge::describe(&challenges).as_deref(), Some(expected));
        }
        for header in ["", ",", "realm=\"x\"", "\u{1b}[31m", "a/b"] {
            assert_eq!(Challenge::all([header].into_iter()), [], "{header}");
        }
    }
}
