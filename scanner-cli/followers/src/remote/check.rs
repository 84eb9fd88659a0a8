//! A check of the stages on the way to a server.

use std::time::{Duration, Instant};

use catalog_model::{Diagnostic, FollowError, Stage, Verdict, with_causes};
use outbound_http::{Error, Stage as Connecting, Step, Weakness};
use outbound_settings::weak;

use super::{CallError, RemoteSettings};

/// The stages on the way to a server, in their order. A kind adds its own ones after them.
pub const WAY: [&str; 4] = [NAME_RESOLUTION, TCP, PROXY, TLS];

/// Whether the server is what it should be, and its version.
pub(crate) const SERVER: &str = "server";
/// Whether the server accepts the token.
pub(crate) const TOKEN: &str = "token";
/// Whether the owner of the token may write.
pub(crate) const PERMISSIONS: &str = "permissions";
/// Whether an item can be described for the catalog.
pub(crate) const MAPPING: &str = "mapping";

/// The stages of a check of a catalog server, in their order.
pub(crate) const CATALOG_STAGES: [&str; 8] = [
    NAME_RESOLUTION,
    TCP,
    PROXY,
    TLS,
    SERVER,
    TOKEN,
    PERMISSIONS,
    MAPPING,
];

const NAME_RESOLUTION: &str = "name resolution";
const TCP: &str = "tcp";
/// The stage of the proxy.
pub(crate) const PROXY: &str = "proxy";
/// The stage of TLS.
pub(crate) const TLS: &str = "tls";

/// The stages of a check so far.
#[derive(Debug, Default)]
pub struct Stages(Vec<Stage>);

impl Stages {
    /// Connects step by step, up to the first stage that fails.
    pub async fn way(remote: &RemoteSettings) -> Self {
        let mut stages = Self::default();
        for step in remote.server.client().diagnose().await {
            stages.add_step(&step);
        }
        stages.add_unused(remote);
        let weak_certificates = remote.server.client().weaknesses();
        stages.add_warnings(remote.outbound.trust.warnings(), &weak_certificates);
        stages
    }

    /// Adds a stage, unless an earlier one failed: what the server answers, or why it fails.
    pub async fn then<E: Into<StageError>>(
        &mut self,
        name: &'static str,
        seen: impl Future<Output = Result<Seen, E>>,
    ) {
        if self.has_failed() {
            return;
        }
        let begun = Instant::now();
        let stage = match seen.await {
            Ok(Seen { text, doubt: None }) => Stage::ok(name, text, begun.elapsed()),
            Ok(Seen { text, doubt }) => {
                Stage::ok(name, text, begun.elapsed()).but(Verdict::Warning, doubt)
            }
            Err(error) => {
                let StageError { message, hint } = error.into();
                Stage::ok(name, message, begun.elapsed()).but(Verdict::Failed, hint)
            }
        };
        self.0.push(stage);
    }

    /// The stages with these names, in this order. Those that are missing were not reached.
    #[must_use]
    pub fn all(mut self, names: &[&'static str]) -> Vec<Stage> {
        let missing = names
            .iter()
            .filter(|name| !self.0.iter().any(|stage| stage.name == **name));
        let missing: Vec<_> = missing.map(|name| Stage::not_reached(name)).collect();
        self.0.extend(missing);
        self.0
            .sort_by_key(|stage| names.iter().position(|name| *name == stage.name));
        self.0
    }

    /// Adds a stage.
    pub(crate) fn push(&mut self, stage: Stage) {
        self.0.push(stage);
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.0.iter().any(|stage| stage.verdict == Verdict::Failed)
    }

    pub(crate) fn add_step(&mut self, step: &Step) {
        let name = match step.stage {
            Connecting::Resolve => NAME_RESOLUTION,
            Connecting::Connect => TCP,
            Connecting::ProxyTls | Connecting::Tunnel => PROXY,
            _ => TLS,
        };
        let stage = match &step.seen {
            Ok(seen) => Stage::ok(name, seen.to_string(), step.took),
            Err(error) => failed(name, error, step.took),
        };
        // TLS with the proxy and the connection through it are one stage.
        match self.0.iter_mut().find(|known| known.name == name) {
            Some(known) => {
                known.took += stage.took;
                known.seen = format!("{}; {}", known.seen, stage.seen);
                known.verdict = stage.verdict;
                known.hint = stage.hint;
            }
            None => self.0.push(stage),
        }
    }

    /// Adds the stages that are passed because they are not needed.
    fn add_unused(&mut self, remote: &RemoteSettings) {
        let known = |name| self.0.iter().any(|stage| stage.name == name);
        let (proxy, tls) = (!known(PROXY), !known(TLS));
        // With a failure in TLS, the way up to it was passed.
        if proxy && (!tls || !self.has_failed()) {
            let seen = match remote.outbound.proxy {
                None => "not set",
                Some(_) => "forwards each request, since the connection is not encrypted (http)",
            };
            self.0.push(Stage::ok(PROXY, seen, Duration::ZERO));
        }
        if tls && !self.has_failed() {
            let seen = "the connection is not encrypted (http)";
            let stage = Stage::ok(TLS, seen, Duration::ZERO);
            self.0.push(match remote.is_protected {
                true => stage,
                false => {
                    let hint = "use `https` in `url`: the token can be read in transit".to_owned();
                    stage.but(Verdict::Warning, hint)
                }
            });
        }
    }

    /// Warns about the trust store, and about weaknesses of certificates that were accepted.
    pub(crate) fn add_warnings(&mut self, trust: &[Diagnostic], weak_certificates: &[Weakness]) {
        let trust = trust.iter().cloned();
        for warning in trust.chain(weak_certificates.iter().map(weak)) {
            let Some(stage) = self.0.iter_mut().find(|stage| stage.name == TLS) else {
                return;
            };
            stage.seen = format!("{}; {}", stage.seen, warning.message);
            if stage.verdict == Verdict::Ok {
                stage.verdict = Verdict::Warning;
                stage.hint = warning.hint;
            }
        }
    }
}

fn failed(name: &'static str, error: &Error, took: Duration) -> Stage {
    let hint = error.hint().map(str::to_owned);
    Stage::ok(name, with_causes(error), took).but(Verdict::Failed, hint)
}

/// What was seen at a stage that was passed.
#[derive(Clone, Debug)]
pub struct Seen {
    text: String,
    /// What to do, if it is not certain that the stage was passed.
    doubt: Option<String>,
}

impl Seen {
    /// The stage was passed.
    pub fn ok(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            doubt: None,
        }
    }

    /// The stage was not tested, or passed with something that an administrator should know. The hint says what to do.
    pub fn doubtful(text: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            doubt: Some(hint.into()),
        }
    }
}

/// Why a stage failed.
#[derive(Clone, Debug)]
pub struct StageError {
    /// What was seen.
    pub message: String,
    /// What to do.
    pub hint: Option<String>,
}

impl From<FollowError> for StageError {
    fn from(error: FollowError) -> Self {
        Self {
            message: with_causes(&error),
            hint: error.hint().map(str::to_owned),
        }
    }
}

impl From<CallError> for StageError {
    fn from(error: CallError) -> Self {
        error.ended("the server refuses the request").into()
    }
}
