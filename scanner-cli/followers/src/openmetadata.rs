//! The follower that delivers to an OpenMetadata server. [`mapping`] says what OpenMetadata knows items and containers as.

use async_trait::async_trait;
use catalog_model::{
    ConnectionCode, Feed, FollowError, Follower, FollowerKind, FollowerName, ItemKey, Settings,
    Stage,
    follower::{Delivery, EntityKind, Example, Plan},
    settings::{DeclarationGroup, Invalid},
};

use crate::{
    declared,
    remote::{RemoteSettings, Server, Token, check::CATALOG_STAGES},
    sync::{Unacknowledged, hash},
};

mod api;
mod change;
mod check;
mod custom_properties;
mod dashboards;
mod delivery;
mod denied_names;
pub mod mapping;
mod patch;
mod people;
mod service;
mod state;
mod tags;
mod targets;
mod window;

use custom_properties::CustomProperties;
use mapping::name;

pub use patch::Wanted;

/// The id of the kind.
pub const KIND: &str = "openmetadata";

/// The setting that makes facts without a field custom properties.
const CUSTOM_PROPERTIES: &str = "custom_properties";

/// The kind `openmetadata`.
#[derive(Debug)]
pub struct OpenmetadataKind;

/// Delivers to a server.
#[derive(Debug)]
pub struct Openmetadata {
    name: FollowerName,
    remote: RemoteSettings,
    /// Whether custom properties are defined and delivered.
    has_custom_properties: bool,
}

impl FollowerKind for OpenmetadataKind {
    fn id(&self) -> &str {
        KIND
    }

    fn stages(&self) -> &[&'static str] {
        &CATALOG_STAGES
    }

    fn settings(&self) -> &'static [DeclarationGroup] {
        declared::OPENMETADATA
    }

    fn open(
        &self,
        name: FollowerName,
        settings: &mut Settings,
    ) -> Result<Box<dyn Follower>, Invalid> {
        Ok(Box::new(Openmetadata::open(name, settings)?))
    }
}

#[async_trait]
impl Follower for Openmetadata {
    fn name(&self) -> &FollowerName {
        &self.name
    }

    /// Another server needs everything, as another mapping and other properties do.
    fn revision(&self) -> u32 {
        let version = mapping::VERSION.to_string();
        let mut all = vec![service::server_of(&self.remote.url), &version];
        if self.has_custom_properties {
            all.push(CUSTOM_PROPERTIES);
        }
        let hash = hash(&all);
        u32::from_str_radix(&hash[..8], 16).unwrap_or_default()
    }

    async fn check(&self, example: Option<&Example>) -> Vec<Stage> {
        check::check(&self.remote, self.has_custom_properties, example).await
    }

    async fn follow(&self, feed: &dyn Feed) -> Result<Delivery, FollowError> {
        self.deliver(feed, self.remote.server.clone()).await
    }

    fn target(&self) -> Option<String> {
        Some(service::server_of(&self.remote.url).to_owned())
    }

    /// Requests that only read are sent, because it depends on the catalog what is to be written.
    async fn dry_run(&self, feed: &dyn Feed, plan: &Plan) -> Result<Delivery, FollowError> {
        let server = self.remote.server.clone().recording(plan.clone());
        let delivery = self.deliver(&Unacknowledged(feed), server.clone()).await?;
        Ok(server.planned(delivery))
    }

    /// Containers other than dashboards have no page of their own.
    fn link(&self, of: EntityKind, key: &ItemKey) -> Option<String> {
        let code = ConnectionCode::new(&key.parts().next()?).ok()?;
        let service = name::qualified(&[&name::service(&code)]);
        let (page, own) = match of {
            EntityKind::Item => ("chart", name::chart(key)),
            EntityKind::Container => ("dashboard", name::dashboard(key)),
        };
        let fqn = name::in_path(&format!("{service}.{own}"));
        Some(format!(
            "{}/{page}/{fqn}",
            service::server_of(&self.remote.url)
        ))
    }
}

impl Openmetadata {
    /// The follower with these settings.
    ///
    /// # Errors
    /// If a setting is missing or wrong.
    pub fn open(name: FollowerName, settings: &mut Settings) -> Result<Self, Invalid> {
        let remote = RemoteSettings::read(settings, "OpenMetadata", Token::Required);
        let has_custom_properties = settings.flag(CUSTOM_PROPERTIES, false);
        settings.check()?;
        let remote = settings.checked(remote)?;
        Ok(Self {
            name,
            remote,
            has_custom_properties,
        })
    }

    async fn deliver(&self, feed: &dyn Feed, server: Server) -> Result<Delivery, FollowError> {
        let custom = self.has_custom_properties.then(CustomProperties::default);
        let way = (server, &self.remote.url, self.remote.parallel);
        delivery::deliver(feed, way, custom).await
    }
}
