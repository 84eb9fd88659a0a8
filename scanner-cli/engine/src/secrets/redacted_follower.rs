//! Wraps a follower and redacts secrets. All texts of a follower pass through here.

use std::{error::Error, path::PathBuf};

use async_trait::async_trait;
use catalog_model::{
    ConnectionCode, Feed, FollowError, Follower, FollowerName, ItemKey, Stage,
    follower::{Delivery, EntityKind, Example, Plan, Planned},
};

use super::redactor::Redactor;

/// A follower with its secrets redacted in all texts.
pub(super) struct RedactedFollower {
    pub(super) follower: Box<dyn Follower>,
    pub(super) redactor: Redactor,
}

/// A cause of an error, as text.
#[derive(Debug, thiserror::Error)]
#[error("{text}")]
struct RedactedCause {
    text: String,
    source: Option<Box<Self>>,
}

#[async_trait]
impl Follower for RedactedFollower {
    fn name(&self) -> &FollowerName {
        self.follower.name()
    }

    fn revision(&self) -> u32 {
        self.follower.revision()
    }

    async fn check(&self, example: Option<&Example>) -> Vec<Stage> {
        self.redactor.stages(self.follower.check(example).await)
    }

    async fn follow(&self, feed: &dyn Feed) -> Result<Delivery, FollowError> {
        match self.follower.follow(feed).await {
            Ok(delivery) => Ok(self.delivery(delivery)),
            Err(error) => Err(self.error(error)),
        }
    }

    async fn dry_run(&self, feed: &dyn Feed, plan: &Plan) -> Result<Delivery, FollowError> {
        let (redactor, plan) = (self.redactor.clone(), plan.clone());
        let redacted = Plan::new(move |planned| plan.add(redact_planned(&redactor, planned)));
        match self.follower.dry_run(feed, &redacted).await {
            Ok(delivery) => Ok(self.delivery(delivery)),
            Err(error) => Err(self.error(error)),
        }
    }

    fn delivers(&self, of: EntityKind) -> bool {
        self.follower.delivers(of)
    }

    fn target(&self) -> Option<String> {
        let target = self.follower.target()?;
        Some(self.redactor.redact(target))
    }

    fn identifier(&self, of: EntityKind, key: &ItemKey) -> Option<String> {
        let identifier = self.follower.identifier(of, key)?;
        Some(self.redactor.redact(identifier))
    }

    fn link(&self, of: EntityKind, key: &ItemKey) -> Option<String> {
        let link = self.follower.link(of, key)?;
        // A link with stars leads nowhere.
        (self.redactor.redact(link.clone()) == link).then_some(link)
    }

    fn files_of(&self, code: &ConnectionCode) -> Vec<PathBuf> {
        self.follower.files_of(code)
    }

    fn redact(&self, text: String) -> String {
        self.redactor.redact(self.follower.redact(text))
    }
}

fn redact_planned(redactor: &Redactor, planned: Planned) -> Planned {
    let redact = |text: String| redactor.redact(text);
    match planned {
        Planned::Request {
            method,
            url,
            headers,
            body,
        } => Planned::Request {
            method,
            url: redact(url),
            headers: (headers.into_iter())
                .map(|(name, value)| (name, redact(value)))
                .collect(),
            body: body.map(redact),
        },
        Planned::File { path, items } => Planned::File {
            path: redact(path),
            items,
        },
        Planned::Statement { target, text, rows } => Planned::Statement {
            target: redact(target),
            text: redact(text),
            rows,
        },
        other => other,
    }
}

impl RedactedFollower {
    fn delivery(&self, mut delivery: Delivery) -> Delivery {
        for delivered in &mut delivery.delivered {
            delivered.target = self.redactor.redact(std::mem::take(&mut delivered.target));
        }
        for refusal in &mut delivery.refused {
            refusal.message = self.redactor.redact(std::mem::take(&mut refusal.message));
        }
        for notice in &mut delivery.notices {
            *notice = self.redactor.redact(std::mem::take(notice));
        }
        let assumed = delivery.assumed_empty.take();
        delivery.assumed_empty = assumed.map(|error| self.redactor.redact(error));
        delivery
    }

    fn error(&self, error: FollowError) -> FollowError {
        match error {
            FollowError::Target {
                message,
                hint,
                source,
            } => FollowError::Target {
                message: self.redactor.redact(message),
                hint: hint.map(|hint| self.redactor.redact(hint)),
                source: source.map(|source| self.cause(source.as_ref()).into()),
            },
            FollowError::Unreached { message, hint } => FollowError::Unreached {
                message: self.redactor.redact(message),
                hint: hint.map(|hint| self.redactor.redact(hint)),
            },
            FollowError::Rejected { message, hint } => FollowError::Rejected {
                message: self.redactor.redact(message),
                hint: hint.map(|hint| self.redactor.redact(hint)),
            },
            // Errors of the feed contain no secrets.
            error => error,
        }
    }

    fn cause(&self, error: &(dyn Error + 'static)) -> RedactedCause {
        RedactedCause {
            text: self.redactor.redact(error.to_string()),
            source: error.source().map(|source| Box::new(self.cause(source))),
        }
    }
}
