//! The settings of the way to a server, for the documentation and the JSON Schemas.

use catalog_model::settings::{Declaration, SettingKind::Duration};

/// The declarations of the settings of trust stores and proxies, with a prefix for a block: `"store."`.
#[macro_export]
macro_rules! tls_and_proxy {
    ($prefix:literal) => {
        &[
            $crate::Declaration::new(
                concat!($prefix, "tls.truststore.path"),
                $crate::SettingKind::Path,
                "A [file with the certificates](trust-stores.md) to trust. With it, **only these** certificates are trusted. \
                 A relative path starts at the home.",
            )
            .default("the operating system's CA certificates"),
            $crate::Declaration::new(
                concat!($prefix, "tls.truststore.password"),
                $crate::SettingKind::Secret,
                "The password of the store. PEM and PKCS7 have none.",
            ),
            $crate::Declaration::new(
                concat!($prefix, "tls.truststore.type"),
                $crate::SettingKind::Choice(&["PKCS12", "JKS", "PEM", "PKCS7"]),
                "The content decides; a type or an extension that does not match it causes a warning.",
            )
            .default("by the content of the file"),
            $crate::Declaration::new(
                concat!($prefix, "tls.bypass_certificate_validation"),
                $crate::SettingKind::Boolean,
                "With `true`, every certificate is accepted, even an unreadable one. An attacker can then read and change \
                 everything in transit, also the header or password, and use the account. Each report warns about it. Only for tests.",
            )
            .default("`false`"),
            $crate::Declaration::new(
                concat!($prefix, "proxy.scheme"),
                $crate::SettingKind::Choice(&["http", "https"]),
                "The protocol between the scanner and the proxy.",
            ),
            $crate::Declaration::new(
                concat!($prefix, "proxy.hostname"),
                $crate::SettingKind::Text,
                "The name or address of the proxy, without scheme and port. An IPv6 address may be in brackets: `\"::1\"`, \
                 `\"[::1]\"`.",
            ),
            $crate::Declaration::new(
                concat!($prefix, "proxy.port"),
                $crate::SettingKind::Integer(1, 65_535),
                "The port of the proxy.",
            ),
            $crate::Declaration::new(
                concat!($prefix, "proxy.username"),
                $crate::SettingKind::Text,
                "Together with `proxy.password`. A `:` is refused: Basic authentication cannot send it.",
            ),
            $crate::Declaration::new(
                concat!($prefix, "proxy.password"),
                $crate::SettingKind::Secret,
                "For Basic authentication at the proxy. An empty password is sent as it is.",
            ),
            $crate::Declaration::new(
                concat!($prefix, "proxy.windows.domain"),
                $crate::SettingKind::Text,
                "The domain of a Windows user who logs in at the proxy with NTLM, alone or within Negotiate: `\"ACME\"`. Not \
                 set if the user is a principal name. Instead of `proxy.username` and `proxy.password`, and only if the \
                 server's URL has `https`.",
            ),
            $crate::Declaration::new(
                concat!($prefix, "proxy.windows.user"),
                $crate::SettingKind::Text,
                "The user: `\"scanner\"`, or `\"scanner@acme.example\"` without a domain.",
            ),
            $crate::Declaration::new(
                concat!($prefix, "proxy.windows.password"),
                $crate::SettingKind::Secret,
                "The password. If the proxy refuses it, it is not sent again until the file changes.",
            ),
        ]
    };
}

/// The settings of trust stores and proxies.
pub const TLS_AND_PROXY: &[Declaration] = tls_and_proxy!("");

/// The time limits of a server that is not a site.
pub const TIME_LIMITS: &[Declaration] = &[
    Declaration::new(
        "time_limits.connect",
        Duration,
        "Maximum time to connect to the server or its proxy.",
    )
    .default("`10 s`"),
    Declaration::new(
        "time_limits.first_byte",
        Duration,
        "Maximum time until a response begins.",
    ),
    Declaration::new(
        "time_limits.silence",
        Duration,
        "Maximum time between two pieces of a response.",
    )
    .default("`60 s`"),
    Declaration::new(
        "time_limits.total",
        Duration,
        "Maximum time for one whole response, including retries.",
    )
    .default("`60 m`"),
    Declaration::new(
        "time_limits.retry",
        Duration,
        "How long a request is retried after a temporary failure.",
    )
    .default("`10 s`"),
];
