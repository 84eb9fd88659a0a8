//! The follower that posts events to a webhook: `CloudEvents` in batches, signed by the scheme of Standard Webhooks. So it
//! feeds catalogs without a follower of their own, automation tools and scripts.

use std::fmt;

use async_trait::async_trait;
use catalog_model::{
    Feed, FollowError, Follower, FollowerKind, FollowerName, Settings, Stage,
    follower::{Delivery, EntityKind, Example, Plan},
    settings::{DeclarationGroup, Invalid},
};

use crate::{declared, remote::Server, sync::Unacknowledged};
use delivery::Deliverer;
use receiver::Receiver;
use settings::WebhookSettings;

mod batch;
mod check;
mod delivery;
mod event;
mod receiver;
mod settings;
mod signature;
mod snapshot;

/// The id of the kind.
pub const KIND: &str = "webhook";

/// The kind `webhook`.
#[derive(Debug)]
pub struct WebhookKind;

/// Posts events to a webhook.
pub struct Webhook {
    name: FollowerName,
    settings: WebhookSettings,
}

impl FollowerKind for WebhookKind {
    fn id(&self) -> &str {
        KIND
    }

    fn stages(&self) -> &[&'static str] {
        &check::STAGES
    }

    fn secret_settings(&self) -> &[&'static str] {
        // Services such as chats identify a channel by a key in the path.
        &["url"]
    }

    fn settings(&self) -> &'static [DeclarationGroup] {
        declared::WEBHOOK
    }

    fn open(
        &self,
        name: FollowerName,
        settings: &mut Settings,
    ) -> Result<Box<dyn Follower>, Invalid> {
        Ok(Box::new(Webhook::open(name, settings)?))
    }
}

#[async_trait]
impl Follower for Webhook {
    fn name(&self) -> &FollowerName {
        &self.name
    }

    /// The version of the events. It does not depend on `url`: an address that moves is the same receiver.
    fn revision(&self) -> u32 {
        event::REVISION
    }

    async fn check(&self, _example: Option<&Example>) -> Vec<Stage> {
        check::check(&self.name, &self.settings).await
    }

    async fn follow(&self, feed: &dyn Feed) -> Result<Delivery, FollowError> {
        self.deliver(feed, self.settings.remote.server.clone())
            .await
    }

    async fn dry_run(&self, feed: &dyn Feed, plan: &Plan) -> Result<Delivery, FollowError> {
        let server = self.settings.remote.server.clone().recording(plan.clone());
        self.deliver(&Unacknowledged(feed), server).await
    }

    fn target(&self) -> Option<String> {
        Some(self.settings.shown_url())
    }

    fn delivers(&self, of: EntityKind) -> bool {
        of == EntityKind::Item && self.settings.events.item
    }

    fn redact(&self, text: String) -> String {
        self.settings
            .remote
            .server
            .client()
            .redactor()
            .redact(&text)
    }
}

impl Webhook {
    /// The follower with these settings.
    ///
    /// # Errors
    /// If a setting is missing or wrong.
    pub fn open(name: FollowerName, settings: &mut Settings) -> Result<Self, Invalid> {
        let own = WebhookSettings::read(settings);
        settings.check()?;
        let settings = settings.checked(own)?;
        Ok(Self { name, settings })
    }

    async fn deliver(&self, feed: &dyn Feed, server: Server) -> Result<Delivery, FollowError> {
        let receiver = Receiver::new(&self.settings, server, feed);
        let deliverer = Deliverer::begin(feed, &self.settings, receiver).await?;
        deliverer.deliver().await
    }
}

impl fmt::Debug for Webhook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Webhook")
            .field("name", &self.name)
            .field("url", &self.settings.shown_url())
            .finish_non_exhaustive()
    }
}
