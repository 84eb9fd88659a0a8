//! The settings that all kinds of followers share.

use std::{io, sync::Arc};

use async_trait::async_trait;
use catalog_model::{
    ConnectionCode, Feed, FollowError, Follower, FollowerKind, FollowerName, FollowerRegistry,
    Place, Settings, Stage,
    follower::{ConnectionScope, Delivery, Example},
    settings::{Declaration, DeclarationGroup, FileSource, Invalid, Node, SettingKind, Value},
};

struct NoFiles;

impl FileSource for NoFiles {
    fn read(&self, _path: &str) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// A kind with one mandatory setting.
struct Web;

struct WebFollower(FollowerName);

impl FollowerKind for Web {
    fn id(&self) -> &str {
        "webhook"
    }

    fn stages(&self) -> &[&'static str] {
        &[]
    }

    fn settings(&self) -> &'static [DeclarationGroup] {
        const URL: &[Declaration] = &[Declaration::new("url", SettingKind::Url, "").mandatory()];
        const { &[DeclarationGroup::always(URL)] }
    }

    fn open(
        &self,
        name: FollowerName,
        settings: &mut Settings,
    ) -> Result<Box<dyn Follower>, Invalid> {
        settings.required_text("url");
        settings.check()?;
        Ok(Box::new(WebFollower(name)))
    }
}

#[async_trait]
impl Follower for WebFollower {
    fn name(&self) -> &FollowerName {
        &self.0
    }

    async fn check(&self, _example: Option<&Example>) -> Vec<Stage> {
        Vec::new()
    }

    async fn follow(&self, _feed: &dyn Feed) -> Result<Delivery, FollowError> {
        Ok(Delivery::default())
    }
}

/// Opens a follower. Returns its name and scope, or the problems.
fn open(settings: &[(&str, Value)]) -> Result<Option<(String, ConnectionScope)>, Vec<String>> {
    let place = |line| Place::new("application.conf", line, 1);
    let root = settings.iter().zip(1..).map(|((name, value), line)| {
        let value = value.clone();
        let place = place(line);
        ((*name).to_owned(), Node::new(value, place))
    });
    let mut settings = Settings::new("application.conf", root.collect(), Arc::new(NoFiles));
    let registry = FollowerRegistry::default().with(Box::new(Web));
    match registry.open(&mut settings) {
        Ok(opened) => Ok(opened.map(|opened| (opened.follower.name().to_string(), opened.scope))),
        Err(_) => Err(settings
            .problems()
            .iter()
            .map(|problem| match &problem.hint {
                Some(hint) => format!("{problem}; {hint}"),
                None => problem.to_string(),
            })
            .collect()),
    }
}

fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

#[test]
fn a_follower_without_a_name_has_that_of_its_kind_and_receives_all_connections() {
    let opened = open(&[("kind", text("webhook")), ("url", text("x"))]).unwrap();
    assert_eq!(opened, Some(("webhook".to_owned(), ConnectionScope::All)));
}

#[test]
fn a_follower_may_have_a_name_and_receive_some_connections() {
    let code = ConnectionCode::new("prod").unwrap();
    let opened = open(&[
        ("kind", text("webhook")),
        ("url", text("x")),
        ("name", text(" glue ")),
        ("connections", text("prod")),
    ]);
    let (name, scope) = opened.unwrap().unwrap();
    assert_eq!(name, "glue");
    assert!(scope.includes(&code));
    assert!(!scope.includes(&ConnectionCode::new("test").unwrap()));
}

#[test]
fn a_follower_that_is_not_enabled_is_not_opened() {
    let off = [("kind", text("webhook")), ("enabled", Value::Bool(false))];
    assert_eq!(open(&off), Ok(None));
}

fn refused(settings: &[(&str, Value)], expected: &[&str]) {
    assert_eq!(open(settings).unwrap_err(), expected);
}

#[test]
fn blank_connections_are_refused() {
    refused(
        &[
            ("kind", text("webhook")),
            ("url", text("https://catalog.example")),
            ("connections", text("")),
        ],
        &[
            "application.conf:3:1: `connections` is empty; remove the setting to deliver all connections, or set \
           `enabled = false`",
        ],
    );
}

#[test]
fn all_problems_are_found_together() {
    refused(
        &[("url", text("x"))],
        &["application.conf:1:1: `kind` is mandatory and missing; add `kind = \"…\"`"],
    );
    refused(
        &[("kind", text("wehook"))],
        &["application.conf:1:1: `wehook` is not a kind of follower; did you mean `webhook`?"],
    );
    refused(
        &[("kind", text("zip"))],
        &["application.conf:1:1: `zip` is not a kind of follower; the only kind is `webhook`"],
    );
    refused(
        &[
            ("kind", text("webhook")),
            ("name", text("a\nb")),
            ("connections", Value::List(Vec::new())),
        ],
        &[
            "application.conf:1:1: `url` is mandatory and missing; add `url = \"…\"`",
            "application.conf:2:1: `name` is not valid: it contains a control character",
            "application.conf:3:1: `connections` is empty; remove the setting to deliver all connections, or set \
             `enabled = false`",
        ],
    );
}
