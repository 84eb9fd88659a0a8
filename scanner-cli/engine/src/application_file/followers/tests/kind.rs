//! A kind of follower whose texts all contain its secrets.

use std::{
    io,
    path::PathBuf,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use catalog_model::{
    ConnectionCode, Feed, FollowError, Follower, FollowerKind, FollowerName, ItemKey, Settings,
    Stage, Verdict,
    follower::{Delivered, Delivery, Example, FeedError, Refusal},
    settings::{Declaration, DeclarationGroup, Invalid, SettingKind},
};

/// What a follower got from its settings.
#[derive(Clone, Default)]
pub(super) struct Received {
    pub(super) token: String,
    pub(super) store: Option<Vec<u8>>,
    pub(super) password: String,
}

impl Received {
    /// A text with all secrets.
    fn text(&self) -> String {
        format!("token `{}`, password {}", self.token, self.password)
    }
}

/// Makes followers, and keeps what they got.
pub(super) struct WebKind {
    pub(super) received: Arc<Mutex<Vec<Received>>>,
}

/// How a delivery ends.
#[derive(Clone, Copy)]
enum Ending {
    Refuses,
    FailsAtTarget,
    FailsAtFeed,
}

struct Web {
    name: FollowerName,
    received: Received,
    ending: Ending,
}

impl FollowerKind for WebKind {
    fn id(&self) -> &str {
        "web"
    }

    fn stages(&self) -> &[&'static str] {
        &["catalog"]
    }

    fn settings(&self) -> &'static [DeclarationGroup] {
        const SETTINGS: &[Declaration] = &[
            Declaration::new("token", SettingKind::Secret, "").mandatory(),
            Declaration::new("tls.truststore.path", SettingKind::Path, ""),
            Declaration::new("tls.truststore.password", SettingKind::Secret, ""),
            Declaration::new("ending", SettingKind::Text, ""),
            Declaration::new("invalid", SettingKind::Boolean, ""),
        ];
        const { &[DeclarationGroup::always(SETTINGS)] }
    }

    fn open(
        &self,
        name: FollowerName,
        settings: &mut Settings,
    ) -> Result<Box<dyn Follower>, Invalid> {
        let token = settings.required_text("token").map(|token| token.value);
        let store = settings.file_of("tls.truststore.path");
        let password = settings.text("tls.truststore.password");
        let endings = [
            ("refuses", Ending::Refuses),
            ("fails", Ending::FailsAtTarget),
            ("stops", Ending::FailsAtFeed),
        ];
        let ending = settings.choice("ending", &endings);
        let received = Received {
            token: token.unwrap_or_default(),
            store: store.map(|store| store.bytes),
            password: password.map(|password| password.value).unwrap_or_default(),
        };
        if settings.flag("invalid", false) {
            settings.refuse("invalid", received.text(), received.text());
        }
        settings.check()?;
        self.received.lock().unwrap().push(received.clone());
        Ok(Box::new(Web {
            name,
            received,
            ending: ending.map_or(Ending::Refuses, |ending| ending.value),
        }))
    }
}

#[async_trait]
impl Follower for Web {
    fn name(&self) -> &FollowerName {
        &self.name
    }

    fn revision(&self) -> u32 {
        7
    }

    async fn check(&self, _example: Option<&Example>) -> Vec<Stage> {
        let seen = Stage::ok("catalog", self.received.text(), std::time::Duration::ZERO);
        vec![seen.but(Verdict::Failed, self.received.text())]
    }

    async fn follow(&self, feed: &dyn Feed) -> Result<Delivery, FollowError> {
        let text = self.received.text();
        match self.ending {
            Ending::FailsAtFeed => Err(FeedError::Store(text.into()).into()),
            Ending::FailsAtTarget => Err(FollowError::Target {
                message: text.clone(),
                hint: Some(text.clone()),
                source: Some(io::Error::other(io::Error::other(text)).into()),
            }),
            Ending::Refuses => {
                let connection = feed.connections()[0].code.clone();
                let mut delivery = Delivery::new(vec![Delivered {
                    connection,
                    items: 1,
                    target: text.clone(),
                }]);
                delivery.refused.push(Refusal {
                    key: ItemKey::new(["c", "a"]).unwrap(),
                    message: text,
                });
                Ok(delivery)
            }
        }
    }

    fn files_of(&self, code: &ConnectionCode) -> Vec<PathBuf> {
        vec![PathBuf::from(format!("{}-{code}", self.name))]
    }

    /// A secret that only the follower knows, such as a part of its URL.
    fn redact(&self, text: String) -> String {
        text.replace("own-s3cr3t", "****")
    }
}
