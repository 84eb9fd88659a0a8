//! What to check if a site does not accept the credentials, by their kind.

use crate::credentials::LoginKind;

/// For a redirect to the login page, or 401 without a challenge.
pub(super) fn check_credentials(login: LoginKind) -> &'static str {
    match login {
        LoginKind::Header => {
            "check the header's name and value, the virtual proxy's prefix, and that this virtual proxy authenticates by \
             header\nor wait 30 minutes: a site allows five sessions at a time"
        }
        LoginKind::Certificate => NOT_REPOSITORY,
        #[cfg(feature = "windows-login")]
        LoginKind::Windows => {
            "check the virtual proxy's prefix, that this virtual proxy authenticates Windows users, and that the user has access \
             to the site\nor wait 30 minutes: a site allows five sessions at a time"
        }
        LoginKind::Jwt => {
            "check the virtual proxy's prefix, that this virtual proxy authenticates by JWT, that its certificate belongs to \
             the key that signs the token, and the names of the claims for user id and directory\n\
             or wait 30 minutes: a site allows five sessions at a time"
        }
        LoginKind::Ticket => {
            "check the virtual proxy's prefix, that this virtual proxy authenticates by ticket, and that the ticket is new\n\
             or wait 30 minutes: a site allows five sessions at a time"
        }
        LoginKind::Session => "open a new session and use its cookie",
    }
}

/// For a virtual proxy that authenticates Windows users.
pub(super) fn windows_instead(login: LoginKind) -> &'static str {
    match login {
        LoginKind::Header => {
            "use the prefix of the virtual proxy with header authentication in the URL: the one that answered \
             authenticates Windows users"
        }
        LoginKind::Certificate => NOT_REPOSITORY,
        #[cfg(feature = "windows-login")]
        LoginKind::Windows => {
            "the site does not continue the session of the Windows user: wait 30 minutes, because a site allows five sessions at \
             a time\nor check whether a gateway in front of the site removes cookies"
        }
        LoginKind::Jwt => {
            "use the prefix of the virtual proxy with JWT authentication in the URL: the one that answered \
             authenticates Windows users"
        }
        LoginKind::Ticket => {
            "use the prefix of the virtual proxy with ticket authentication in the URL: the one that answered \
             authenticates Windows users"
        }
        LoginKind::Session => "open a new session and use its cookie",
    }
}

/// For a redirect to another system.
pub(super) fn identity_provider_instead(login: LoginKind) -> &'static str {
    match login {
        LoginKind::Header => "use the prefix of a virtual proxy that authenticates by header",
        LoginKind::Certificate => NOT_REPOSITORY,
        #[cfg(feature = "windows-login")]
        LoginKind::Windows => "use the prefix of a virtual proxy that authenticates Windows users",
        LoginKind::Jwt => "use the prefix of a virtual proxy that authenticates by JWT",
        LoginKind::Ticket => "use the prefix of a virtual proxy that authenticates by ticket",
        LoginKind::Session => "open a new session and use its cookie",
    }
}

/// For a login form instead of JSON.
pub(crate) fn form_instead(login: LoginKind) -> &'static str {
    match login {
        LoginKind::Header => {
            "check the virtual proxy's prefix, that this virtual proxy authenticates by header, and whether a gateway in \
             front of the site asks for a login"
        }
        LoginKind::Certificate => NOT_REPOSITORY,
        #[cfg(feature = "windows-login")]
        LoginKind::Windows => {
            "check the virtual proxy's prefix, that this virtual proxy authenticates Windows users, and whether a gateway in \
             front of the site asks for a login"
        }
        LoginKind::Jwt => {
            "check the virtual proxy's prefix, that this virtual proxy authenticates by JWT, and whether a gateway in \
             front of the site asks for a login"
        }
        LoginKind::Ticket => {
            "check the virtual proxy's prefix, that this virtual proxy authenticates by ticket, and whether a gateway in \
             front of the site asks for a login"
        }
        LoginKind::Session => {
            "open a new session and use its cookie; check whether a gateway in front of the site asks for a login"
        }
    }
}

/// For status 403.
pub(super) fn check_rights(login: LoginKind) -> &'static str {
    match login {
        LoginKind::Certificate => {
            "check that the user of the setting exists, with its directory, and has the right"
        }
        _ => {
            "check that the account has the right, is not blocked, and does not have five open sessions"
        }
    }
}

const NOT_REPOSITORY: &str = "use the port of the repository, usually 4242: the proxy answered at this port, which does not \
    accept client certificates";
