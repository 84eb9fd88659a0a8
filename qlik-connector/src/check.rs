//! The check of a connection: finds the stage that fails on the way to the site's lists.

mod windows;

use std::time::{Duration, Instant};

use catalog_model::{Stage, Verdict, counted, filter::ItemFilter};
use outbound_settings::{TrustSettings, weak};
use qrs_client::{
    Credentials, Error, Fact, Field, QrsClient, SessionState,
    diagnosis::{self, Step},
};

use crate::{
    credentials::sent_in_clear,
    people::addresses::UserList,
    scan::source::Source,
    site::{describe::describe, failure::advice, hint::RULE, session::session_is_not_kept},
};

const TRUST_STORE: &str = "trust store";
const NAME_RESOLUTION: &str = "name resolution";
const TCP: &str = "tcp";
const PROXY: &str = "proxy";
const TLS: &str = "tls";
const VIRTUAL_PROXY: &str = "virtual proxy";
const AUTHENTICATION: &str = "authentication";
const ABOUT: &str = "xrfkey and /qrs/about";
const RIGHTS: &str = "rights";

/// A stage of checks that send no request.
const FILTERS: &str = "filters";

/// All stages, in order.
pub(crate) const STAGES: &[&str] = &[
    TRUST_STORE,
    NAME_RESOLUTION,
    TCP,
    PROXY,
    TLS,
    VIRTUAL_PROXY,
    AUTHENTICATION,
    ABOUT,
    RIGHTS,
];

/// Whether a connection uses a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Direct,
    Proxy,
}

/// The stages so far. The check ends with the first stage that fails.
struct Passed(Vec<Stage>);

pub(crate) async fn check(
    client: &QrsClient,
    trust: &TrustSettings,
    route: Route,
    users: UserList,
) -> Vec<Stage> {
    let mut passed = Passed(vec![trust_store(trust)]);
    passed.way(client, route).await;
    if passed.goes_on() {
        passed.site(client).await;
    }
    if passed.goes_on() {
        passed.0.push(rights(client, users).await);
    }
    passed.session(client.session_state());
    let mut stages = passed.0;
    let missing = STAGES
        .iter()
        .filter(|name| !stages.iter().any(|stage| stage.name == **name));
    let missing: Vec<_> = missing.map(|name| Stage::not_reached(name)).collect();
    stages.extend(missing);
    stages.sort_by_key(|stage| STAGES.iter().position(|name| *name == stage.name));
    stages
}

/// Adds to the last stage whether scans can read only changes.
pub(crate) async fn with_table(source: &Source, mut stages: Vec<Stage>) -> Vec<Stage> {
    let mut passed = stages.iter_mut();
    let rights = passed.find(|stage| {
        stage.name == RIGHTS && matches!(stage.verdict, Verdict::Ok | Verdict::Warning)
    });
    if let Some(stage) = rights {
        let seen = match source.try_table().await {
            Ok(()) => "scans can read only changes".to_owned(),
            Err(error) => {
                stage.verdict = Verdict::Warning;
                let hint = "remove `connection.incremental`, or allow `POST /qrs/app/object/table`, which only reads";
                stage.hint.get_or_insert_with(|| hint.to_owned());
                let why = describe(&error);
                format!("scans read everything, because the table of sheets cannot be read: {why}")
            }
        };
        stage.seen = format!("{}; {seen}", stage.seen);
    }
    stages
}

/// Tests the stages that need no site.
pub(crate) fn check_offline(trust: &TrustSettings, filter: Option<&ItemFilter>) -> Vec<Stage> {
    let rules = filter.map(|filter| counted(filter.rules().len() as u64, "rule"));
    let filters = rules.unwrap_or_else(|| "not set: all sheets become items".to_owned());
    vec![
        trust_store(trust),
        Stage::ok(FILTERS, filters, Duration::ZERO),
    ]
}

fn trust_store(trust: &TrustSettings) -> Stage {
    let stage = Stage::ok(TRUST_STORE, trust.describe(), Duration::ZERO);
    match trust.warnings() {
        [] => stage,
        [first, ..] => {
            let seen = trust
                .warnings()
                .iter()
                .map(|warning| warning.message.as_str());
            let seen = format!("{}; {}", stage.seen, seen.collect::<Vec<_>>().join("; "));
            Stage { seen, ..stage }.but(Verdict::Warning, first.hint.clone())
        }
    }
}

impl Passed {
    fn goes_on(&self) -> bool {
        !self.0.iter().any(|stage| stage.verdict == Verdict::Failed)
    }

    /// Tests the stages from name resolution to TLS, step by step.
    async fn way(&mut self, client: &QrsClient, route: Route) {
        for step in client.diagnose().await {
            let stage = stage(&step, client);
            // TLS with the proxy and the tunnel through it are one stage.
            match self.0.iter_mut().find(|known| known.name == stage.name) {
                Some(known) => {
                    known.took += stage.took;
                    known.seen = format!("{}; {}", known.seen, stage.seen);
                    known.verdict = stage.verdict;
                    known.hint = stage.hint;
                }
                None => self.0.push(stage),
            }
        }
        self.weaknesses(client);
        let passed = |name: &str| {
            let mut stages = self.0.iter();
            stages.any(|stage| stage.name == name && stage.verdict != Verdict::Failed)
        };
        let known = |name: &str| self.0.iter().any(|stage| stage.name == name);
        let (proxy, tls) = (known(PROXY), known(TLS));
        if passed(TCP) && !proxy {
            let seen = match route {
                Route::Direct => "not set",
                Route::Proxy => {
                    "forwards each request, because the connection to the site is not encrypted (http)"
                }
            };
            self.0.push(Stage::ok(PROXY, seen, Duration::ZERO));
        }
        if self.goes_on() && !tls {
            let secret = sent_in_clear(client.credentials());
            let seen =
                format!("the connection is not encrypted (http): {secret} can be read in transit");
            let hint = "use `https` in `connection.url`".to_owned();
            let stage = Stage::ok(TLS, seen, Duration::ZERO);
            self.0.push(stage.but(Verdict::Warning, hint));
        }
    }

    /// Warns about weaknesses of the accepted certificates.
    fn weaknesses(&mut self, client: &QrsClient) {
        for weakness in client.weaknesses() {
            let Some(stage) = self.0.iter_mut().find(|stage| stage.name == TLS) else {
                return;
            };
            let warning = weak(&weakness);
            stage.seen = format!("{}; {}", stage.seen, warning.message);
            if stage.verdict == Verdict::Ok {
                stage.verdict = Verdict::Warning;
                stage.hint = warning.hint;
            }
        }
    }

    /// Warns about a session that the site does not keep. The responses to all requests show this.
    fn session(&mut self, state: SessionState) {
        let Some(lost) = session_is_not_kept(state) else {
            return;
        };
        let mut stages = self.0.iter_mut();
        let stage =
            stages.find(|stage| stage.name == AUTHENTICATION && stage.verdict == Verdict::Ok);
        if let Some(stage) = stage {
            stage.seen = lost.message;
            stage.hint = lost.hint;
            stage.verdict = Verdict::Warning;
        }
    }

    /// Tests the virtual proxy, the account and the repository with one small request.
    async fn site(&mut self, client: &QrsClient) {
        let (is_kept, renewals) = (client.session().is_some(), client.session_renewals());
        let asked = Instant::now();
        let about = client.about().await;
        let session = match is_kept {
            true if client.session_renewals() == renewals => "reused the saved session",
            true => "opened a session: the site had ended the saved one",
            false => "opened a session",
        };
        let took = asked.elapsed();
        let zero = Duration::ZERO;
        let at = client.site().to_string();
        let fails_at = about.as_ref().err().map(failing_stage);
        if let Err(error) = &about
            && was_not_sent(error)
        {
            self.0.push(failed(AUTHENTICATION, error, client, took));
            return;
        }
        let (answers, session) = match client.credentials() {
            Credentials::Certificate(_) => (
                format!("not used: the repository answers at {at}"),
                "by client certificate, without a session",
            ),
            Credentials::Session(_) => (format!("answers at {at}"), "the session is open"),
            _ => (format!("answers at {at}"), session),
        };
        let windows = windows::seen(client, session);
        let (answers, session) = windows.unwrap_or_else(|| (answers, session.to_owned()));
        for (name, seen) in [
            (VIRTUAL_PROXY, answers),
            (AUTHENTICATION, session),
            (ABOUT, String::new()),
        ] {
            match &about {
                Err(error) if fails_at == Some(name) => {
                    self.0.push(failed(name, error, client, took));
                    return;
                }
                Ok(about) if name == ABOUT => {
                    let seen = format!("version {}", about.build_version);
                    self.0.push(Stage::ok(name, seen, took));
                }
                _ => self.0.push(Stage::ok(name, seen, zero)),
            }
        }
    }
}

/// Whether there was nothing valid to log in with, so that no request was sent.
fn was_not_sent(error: &Error) -> bool {
    matches!(
        error.fact(),
        Fact::TokenEnded | Fact::TokenNotYetValid | Fact::NoToken
    )
}

/// The stage at which the first request failed. If this is unknown, it is the first stage, so that no stage is
/// reported as passed without evidence.
fn failing_stage(error: &Error) -> &'static str {
    match error.fact() {
        Fact::RedirectToLogin(_)
        | Fact::RedirectToIdentityProvider
        | Fact::CredentialsRequested(_)
        | Fact::AccountInactive
        | Fact::Forbidden
        | Fact::TooManySessions
        | Fact::TicketRefused
        | Fact::PasswordRefused
        | Fact::LoginInterrupted
        | Fact::SessionEnded
        | Fact::UserHeaderRefused => AUTHENTICATION,
        Fact::XrfkeyMissing => ABOUT,
        _ => VIRTUAL_PROXY,
    }
}

fn stage(step: &Step, client: &QrsClient) -> Stage {
    let name = match step.stage {
        diagnosis::Stage::Resolve => NAME_RESOLUTION,
        diagnosis::Stage::Connect => TCP,
        diagnosis::Stage::ProxyTls | diagnosis::Stage::Tunnel => PROXY,
        _ => TLS,
    };
    match &step.seen {
        Ok(seen) => Stage::ok(name, seen.to_string(), step.took),
        Err(error) => failed(name, error, client, step.took),
    }
}

fn failed(name: &'static str, error: &Error, client: &QrsClient, took: Duration) -> Stage {
    Stage::ok(name, describe(error), took).but(Verdict::Failed, advice(error, client))
}

/// The repository accepts any name.
const USER_OF_CERTIFICATE: &str =
    "check `connection.auth.user`: as a user that the site does not know, nothing is visible";

/// Tests what the account may see. Lists are only counted, not read; all counts are requested at once.
async fn rights(client: &QrsClient, list: UserList) -> Stage {
    let asked = Instant::now();
    let sheets = Field::OBJECT_TYPE.equals("sheet");
    let (apps, sheets, users) = tokio::join!(
        client.app_count(None),
        client.app_object_count(Some(&sheets)),
        client.user_count(None),
    );
    let (apps, sheets) = match (apps, sheets) {
        (Ok(apps), Ok(sheets)) => (apps, sheets),
        (Err(error), _) | (_, Err(error)) => {
            return failed(RIGHTS, &error, client, asked.elapsed());
        }
    };
    let visible = format!("{}, {}", counted(apps, "app"), counted(sheets, "sheet"));
    let seen = match &users {
        Ok(users) => format!("{visible}, {} are visible", counted(*users, "user")),
        Err(error) => format!(
            "{visible} are visible; users are not readable: {}",
            describe(error)
        ),
    };
    let stage = Stage::ok(RIGHTS, seen, asked.elapsed());
    let rule = match client.credentials() {
        Credentials::Certificate(_) => format!("{RULE}\n{USER_OF_CERTIFICATE}"),
        _ => RULE.to_owned(),
    };
    if apps == 0 || sheets == 0 {
        return stage.but(Verdict::Warning, rule);
    }
    match users {
        _ if list == UserList::Unwanted => stage,
        Ok(users) if users > 0 => stage,
        // A site omits or refuses records that are not visible to the account.
        Ok(_) => stage.but(Verdict::Warning, rule),
        Err(error) if *error.fact() == Fact::Forbidden => stage.but(Verdict::Warning, rule),
        Err(error) => stage.but(Verdict::Warning, advice(&error, client)),
    }
}
