//! The settings of `conf/application.conf`, for the documentation and the JSON Schema.

use catalog_model::settings::{
    Declaration, DeclarationGroup,
    SettingKind::{Block, Boolean, Choice, Duration, Integer, Other, Path, Secret, Text, Texts},
};

/// All settings.
pub const GROUPS: &[DeclarationGroup] = &[
    DeclarationGroup::always(SETTINGS),
    DeclarationGroup::always(STORE_SERVER),
    DeclarationGroup::always(STORE_TLS_AND_PROXY),
    DeclarationGroup::always(HTTP),
];

/// All settings but those of the pages.
pub const SETTINGS: &[Declaration] = &[
    Declaration::new(
        "followers",
        Other("list of blocks"),
        "The [followers](#followers), which receive the changes of the store. If you set it, only these exist: name \
         `ndjson` as well to keep the export. `[]` turns all off.",
    )
    .default("one follower: `{ kind = \"ndjson\", path = \"export\" }`"),
    Declaration::new(
        "automation.synchronize",
        Text,
        "When `run` scans: a [Quartz expression](service.md#expressions) such as `\"0 0 2 * * ?\"`, or `@hourly`, \
         `@daily`, `@weekly`, `@monthly`. `launch-inventory` and `update-schema` are aliases.",
    )
    .default("every 24 hours"),
    Declaration::new(
        "automation.launch-inventory",
        Text,
        "The same as `automation.synchronize`, as the Zeenea scanner names it.",
    ),
    Declaration::new(
        "automation.update-schema",
        Text,
        "The same as `automation.synchronize`, as the Zeenea scanner names it.",
    ),
    Declaration::new(
        "automation.time_zone",
        Text,
        "The time zone of all schedules: `Europe/Berlin`, `UTC`. See [daylight saving \
         time](service.md#time-zone-and-daylight-saving-time).",
    )
    .default("that of the machine"),
    Declaration::new(
        "automation.parallel",
        Integer(1, 64),
        "How many connections `run` scans in parallel.",
    )
    .default("`4`"),
    Declaration::new(
        "automation.look_interval",
        Duration,
        "How often `run` polls the files for changes: from 10 ms to 24 h.",
    )
    .default("`10 s`"),
    Declaration::new(
        "automation.retry_after",
        Texts,
        "The delays after which `run` [repeats a scan](service.md#repeating-failed-scans) that failed for a temporary \
         reason. `[]` turns this off.",
    )
    .default("`[1 m, 5 m, 15 m, 60 m]`"),
    Declaration::new(
        "secret-manager.provider",
        Choice(&["file", "files"]),
        "Where [secrets](secrets.md#the-secret-manager) are: in one `file`, or each in one of the `files` of a \
         folder.",
    ),
    Declaration::new(
        "secret-manager.key",
        Text,
        "The section of the file for connections that name none.",
    ),
    Declaration::new(
        "secret-manager.configuration.file-path",
        Path,
        "With `file`: the file with the secrets. A relative path starts at the home.",
    ),
    Declaration::new(
        "secret-manager.configuration.folder",
        Path,
        "With `files`: the folder of the [secrets](secrets.md#secrets-as-files).",
    )
    .default("`$CREDENTIALS_DIRECTORY`, which systemd sets"),
    Declaration::new(
        "secret-manager.configuration.codes",
        Block,
        "With `files`: the codes of the connections that may use a secret, for each secret.",
    ),
    Declaration::new(
        "config.restrict",
        Boolean,
        "Restricts what [connection files may use](secrets.md#restrictions): includes, environment variables, unbound \
         encrypted values.",
    )
    .default("`false`"),
    Declaration::new(
        "config.variables",
        Other("list"),
        "The environment variables that connection files may use if `config.restrict` is set: names, or `{ name, \
         codes }`.",
    )
    .default("`[]`"),
    Declaration::new(
        "encryption.key-file",
        Path,
        "The key for [encrypted values](secrets.md#encrypted-values). A relative path starts at the home.",
    )
    .default("`conf/encryption.key`"),
    Declaration::new(
        "store.max_size",
        Other("size"),
        "From 1 MB: `\"2 GB\"`, `\"500 MiB\"`. Maximum size of `data/catalog.db`. A scan that would exceed it fails \
         (exit code 4) and removes nothing; what is stored stays usable, and followers receive it. The write-ahead \
         log (up to about 64 MB, more during a backup) and former stores are not included. Not for a store in PostgreSQL.",
    )
    .default("no limit"),
    Declaration::new(
        "store.keep_gone",
        Duration,
        "With a unit, up to 36500 days: `365d`. How long items that are gone are kept. Later scans delete them and \
         their changes, also from the free pages of the database file. An item that comes back after that is *added*. \
         A follower that has not received the removal by then is reset: it receives all items again.",
    )
    .default("forever"),
    Declaration::new(
        "store.keep_changes_days",
        Integer(1, 36_500),
        "How long `catalog changes` keeps a change, and `catalog scans` a scan. The last scan of each connection and \
         outcome, and those that saw an item last, are kept. Changes and scans are deleted after later scans, a \
         limited number at once. They are kept longer while the [clock](service.md#when-the-clock-is-wrong) may be \
         wrong.",
    )
    .default("`365`"),
];

/// The settings of a store on a server.
pub const STORE_SERVER: &[Declaration] = &[
    Declaration::new(
        "store.url",
        Text,
        "`\"postgresql://USER@HOST:PORT/DATABASE\"`: the store is in this database of PostgreSQL, which several \
         [scanners](fleet.md) may share. Several hosts, `USER@HOST1,HOST2`, are the primary server and its standbys: \
         one that can be written is used (`?target_session_attrs=any`: the first one that accepts the \
         login). A password in it is an error. A change needs a restart of `run`.",
    )
    .default("the store is the file `data/catalog.db`"),
    Declaration::new(
        "store.password",
        Secret,
        "The password of the role.",
    )
    .default("`PGPASSWORD`, else the file `PGPASSFILE` or `~/.pgpass`"),
    Declaration::new("store.schema", Text, "The schema of the store in the database.").default("`qlik_store`"),
    Declaration::new(
        "store.lease",
        Duration,
        "From 3 s to 1 h. Within this time, another scanner takes over the connections of one that is killed or \
         loses the database.",
    )
    .default("`30 s`"),
    Declaration::new(
        "store.tls.disabled",
        Boolean,
        "`true` turns TLS off; the password and all items can then be read in transit. `false` requires TLS on this \
         machine, too.",
    ),
    Declaration::new(
        "store.time_limits.connect",
        Duration,
        "Maximum time to connect to one of the servers.",
    )
    .default("`10 s`"),
];

/// The way to that server.
pub const STORE_TLS_AND_PROXY: &[Declaration] = outbound_settings::tls_and_proxy!("store.");

/// The settings of the pages.
pub const HTTP: &[Declaration] = &[
    Declaration::new(
        "http.listen",
        Text,
        "IP address and port: `\"127.0.0.1:9464\"`, `\"[::1]:9464\"`, `\"0.0.0.0:9464\"`. The [monitoring \
         pages](service.md#monitoring) are there, too.",
    )
    .default("no pages"),
    Declaration::new(
        "http.catalog",
        Boolean,
        "Whether the catalog is shown.",
    )
    .default("`false`"),
    Declaration::new(
        "http.auth.kind",
        Choice(&["token", "basic", "proxy_header"]),
        "[Who may see the catalog](#logins).",
    )
    .default("no login"),
    Declaration::new(
        "http.auth.token",
        Secret,
        "With `token`: the token, of visible ASCII characters.",
    ),
    Declaration::new(
        "http.auth.user",
        Text,
        "With `basic`: the name of the user.",
    ),
    Declaration::new(
        "http.auth.password",
        Secret,
        "With `basic`: the password of the user.",
    ),
    Declaration::new(
        "http.auth.header",
        Text,
        "With `proxy_header`: the header with the user.",
    ),
    Declaration::new(
        "http.auth.trusted",
        Texts,
        "With `proxy_header`: the addresses or networks of the proxies.",
    ),
    Declaration::new(
        "http.auth.metrics",
        Boolean,
        "Whether `/metrics` needs the login, too, also without `catalog = true`.",
    )
    .default("`false`"),
    Declaration::new(
        "http.tls.certificate",
        Path,
        "The server's certificate and then its intermediate certificates, in PEM.",
    )
    .default("no TLS"),
    Declaration::new(
        "http.tls.key",
        Path,
        "The private key of the certificate in PEM, without a password.",
    ),
    Declaration::new(
        "http.plain",
        Boolean,
        "With `true`, logins on unencrypted connections are allowed, because a reverse proxy encrypts them.",
    )
    .default("`false`"),
    Declaration::new(
        "http.base_path",
        Text,
        "The path under which a reverse proxy shows the catalog: `\"/catalog\"`.",
    ),
    Declaration::new(
        "http.hosts",
        Texts,
        "Names under which browsers reach the catalog: `[\"catalog.example.com\"]`.",
    )
    .default("`[]`"),
];
