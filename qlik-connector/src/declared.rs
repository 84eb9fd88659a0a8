//! The settings of a connection to Qlik Sense, for the documentation and the JSON Schema.

use catalog_model::{
    filter::FILTERS,
    settings::{
        Declaration, DeclarationGroup,
        SettingKind::{Block, Boolean, Choice, Duration, Integer, Path, Secret, Text, Texts, Url},
    },
};
use outbound_settings::TLS_AND_PROXY;

use crate::credentials::AUTH;

/// All settings. Of the ways to log in, a connection has exactly one.
pub(crate) const GROUPS: &[DeclarationGroup] = &[
    DeclarationGroup::always(CONNECTION),
    DeclarationGroup::always(FILTERS),
    DeclarationGroup::always(TLS_AND_PROXY),
    DeclarationGroup::alternative(AUTH, "header", HEADER),
    DeclarationGroup::alternative(AUTH, "client certificate", CERTIFICATE)
        .about("`connection.url` has the port of the repository, usually 4242, and no prefix."),
    DeclarationGroup::alternative(AUTH, "JSON web token", TOKEN),
    DeclarationGroup::alternative(AUTH, "JSON web token that the scanner signs", SIGNED_TOKEN),
    DeclarationGroup::alternative(AUTH, "Windows user", WINDOWS),
    DeclarationGroup::alternative(AUTH, "ticket", TICKET),
    DeclarationGroup::alternative(AUTH, "session", SESSION),
];

const CONNECTION: &[Declaration] = &[
    Declaration::new(
        "connection.contacts.email_attributes",
        Texts,
        "The names of the user attributes with the e-mail address, in any case. The first attribute that contains an \
         address is used. With `[]`, users are not read: see [contacts](#contacts).",
    )
    .default("`[\"email\", \"mail\"]`"),
    Declaration::new(
        "connection.contacts.mapping",
        Path,
        "A file that maps accounts to addresses: see [contacts](#contacts).",
    ),
    Declaration::new(
        "connection.contacts.email_template",
        Text,
        "The address of users who have none in attributes or mapping: `\"{userId}@example.com\"`. `{userDirectory}` \
         is available, too. Use `\"{userId}\"` if user ids are addresses.",
    ),
    Declaration::new(
        "connection.contacts.app_owner",
        Boolean,
        "With `true`, the owner of the application is also a contact, in the role `application owner`. A person who \
         owns both has both roles.",
    )
    .default("`false`"),
    Declaration::new(
        "connection.url",
        Url,
        "`\"https://host[:port]/virtual-proxy\"`, without user name and password. You can paste a URL from the \
         browser: `/hub`, `/qmc` and `/sense/app/…` are removed. Write an IPv6 address in brackets, \
         `\"https://[2001:db8::7]/scanner\"`; without a port, brackets are optional. A prefix with capital letters, \
         spaces or letters other than `a` to `z` is refused, because no virtual proxy can have it.",
    )
    .mandatory(),
    Declaration::new(
        "connection.link_url",
        Url,
        "The base of links to sheets: the URL under which people open the hub, such as \
         `\"https://qlik.example.com\"`. People usually cannot log in through the scanner's virtual proxy, so `check` \
         and `scan` warn if `link_url` is not set and `connection.url` has a prefix. If you change it, every link \
         changes, so the next scan marks all items as *changed*.",
    )
    .default("`connection.url`; `https://<host>` if its port is 4242"),
    Declaration::new(
        "connection.verify_counts",
        Boolean,
        "Compares each list with the number of apps, users and sheets that the site counts. If they differ, the site \
         counts once more after the list. The scan is partial if the number of distinct records is outside of these \
         counts, or if the site does not count its apps or sheets. Set `false` for a site that cannot count.",
    )
    .default("`true`"),
    Declaration::new(
        "connection.parallel",
        Integer(1, 16),
        "Maximum number of requests at the same time: see [requests at the same time](#requests-at-the-same-time). \
         `1` sends one request after the other.",
    )
    .default("`6`"),
    Declaration::new(
        "connection.incremental",
        Boolean,
        "With `true`, scans read only the sheets that may have changed since the last complete scan: [incremental \
         reading](incremental.md).",
    )
    .default("`false`"),
    Declaration::new(
        "connection.full_every",
        Duration,
        "With `incremental`, a scan reads everything if the last scan of everything is this long ago. From 1 minute \
         to 366 days. Without `incremental = true`, it has no effect and causes a warning.",
    )
    .default("`7d`"),
    Declaration::new(
        "connection.logout",
        Boolean,
        "With `true`, the scanner ends the session after the last scan or check that uses it. This ends **all** \
         [sessions](qlik-setup.md#5-sessions) of the user, so set it only for an account that nothing else uses.",
    )
    .default("`false`"),
    Declaration::new(
        "connection.time_limits.connect",
        Duration,
        "Time to connect to the site or its proxy.",
    )
    .default("`10 s`"),
    Declaration::new(
        "connection.time_limits.first_byte",
        Duration,
        "Time until a response begins. A site that was idle needs up to 20 seconds; a list of some thousand sheets \
         may need minutes. If set, the value also applies to lists.",
    )
    .default("`120 s`, `15 m` for lists"),
    Declaration::new(
        "connection.time_limits.silence",
        Duration,
        "Time between two pieces of a response.",
    )
    .default("`60 s`"),
    Declaration::new(
        "connection.time_limits.list",
        Duration,
        "Time for one whole response, including retries.",
    )
    .default("`60 m`"),
    Declaration::new(
        "connection.time_limits.retry",
        Duration,
        "How long a request is retried after [a temporary failure](#what-is-retried).",
    )
    .default("`10 s`"),
];

const HEADER: &[Declaration] = &[
    Declaration::new(
        "connection.auth.key",
        Text,
        "The header name that is set in the virtual proxy: `\"X-Scanner-User\"`. Header names that belong to Qlik \
         Sense are refused.",
    )
    .mandatory(),
    Declaration::new(
        "connection.auth.value",
        Secret,
        "The header value: `\"ACME\\\\scanner\"`, or only the user id if the virtual proxy has a static user \
         directory. ASCII. It is sent unchanged.",
    )
    .mandatory(),
];

const CERTIFICATE: &[Declaration] = &[
    Declaration::new(
        "connection.auth.certificate",
        Path,
        "The client's certificate: PEM, such as `client.pem`, or PKCS12, such as `client.pfx`. A relative path starts \
         at the home.",
    )
    .mandatory(),
    Declaration::new(
        "connection.auth.key",
        Path,
        "The private key in PEM, such as `client_key.pem`: PKCS8, PKCS1 or SEC1, plain or encrypted. Not with PKCS12, \
         which contains the key. Not needed if the PEM file of the certificate also contains the key.",
    )
    .default("mandatory with PEM"),
    Declaration::new(
        "connection.auth.password",
        Secret,
        "The password of the key or of the PKCS12 file.",
    ),
    Declaration::new(
        "connection.auth.user",
        Text,
        "The user as whom the scanner reads: `\"ACME\\\\scanner\"`.",
    )
    .mandatory(),
];

const TOKEN: &[Declaration] = &[Declaration::new(
    "connection.auth.token",
    Secret,
    "A token that was signed elsewhere. When it ends, `check` and `scan` fail and name the date.",
)
.mandatory()];

const SIGNED_TOKEN: &[Declaration] = &[
    Declaration::new(
        "connection.auth.jwt.key",
        Path,
        "The private key in PEM whose certificate the virtual proxy has.",
    )
    .mandatory(),
    Declaration::new(
        "connection.auth.jwt.password",
        Secret,
        "The password of the key.",
    ),
    Declaration::new(
        "connection.auth.jwt.user_id",
        Text,
        "The id of the user of the token.",
    )
    .mandatory(),
    Declaration::new(
        "connection.auth.jwt.user_directory",
        Text,
        "The directory of the user of the token.",
    )
    .mandatory(),
    Declaration::new(
        "connection.auth.jwt.algorithm",
        Choice(&["RS256", "RS384", "RS512", "ES256"]),
        "How tokens are signed: `RS256`, `RS384` and `RS512` with a key of RSA, `ES256` with one of the curve P-256.",
    )
    .default("`RS256`"),
    Declaration::new(
        "connection.auth.jwt.lifetime",
        Duration,
        "How long a token is valid. A new one is signed shortly before. At least 10 s.",
    )
    .default("`5 m`"),
    Declaration::new(
        "connection.auth.jwt.claims.user_id",
        Text,
        "The name of the claim with the user id, as the virtual proxy names it.",
    )
    .default("`userId`"),
    Declaration::new(
        "connection.auth.jwt.claims.user_directory",
        Text,
        "The name of the claim with the user directory.",
    )
    .default("`userDirectory`"),
    Declaration::new(
        "connection.auth.jwt.attributes",
        Block,
        "More claims: attributes of the user that security rules use.",
    ),
];

const WINDOWS: &[Declaration] = &[
    Declaration::new(
        "connection.auth.windows.domain",
        Text,
        "The domain: `\"ACME\"`. Not set if the user is a principal name.",
    ),
    Declaration::new(
        "connection.auth.windows.user",
        Text,
        "The user: `\"scanner\"`, or `\"scanner@acme.example\"` without a domain.",
    )
    .mandatory(),
    Declaration::new(
        "connection.auth.windows.password",
        Secret,
        "The password. If the site refuses it, a service does not send it again until the file changes: directories \
         lock users.",
    )
    .mandatory(),
];

const TICKET: &[Declaration] = &[
    Declaration::new(
        "connection.auth.ticket.command",
        Texts,
        "The program that fetches a ticket, and its arguments: `[\"/opt/qlik/fetch-ticket\", \"scanner\"]`. It runs \
         in the home without a shell, for at most 60 s, whenever a session is opened. The first line of its output is \
         the ticket.",
    )
    .mandatory(),
];

const SESSION: &[Declaration] = &[
    Declaration::new(
        "connection.auth.session",
        Secret,
        "The cookie of an open session: `\"X-Qlik-Session-scanner=…\"`, or only its value if its name is \
         `X-Qlik-Session`. The scanner never opens another one.",
    )
    .mandatory(),
];
