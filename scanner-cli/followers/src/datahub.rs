//! The follower that delivers to a DataHub server. [`mapping`] says what DataHub knows items and containers as, and is
//! shared with the follower that writes files.

use async_trait::async_trait;
use catalog_model::{
    Feed, FollowError, Follower, FollowerKind, FollowerName, ItemKey, Settings, Stage,
    follower::{Delivery, EntityKind, Example, Plan},
    settings::{DeclarationGroup, Invalid},
};

use crate::{
    declared,
    remote::{Advice, RemoteSettings, Server, Token, check::CATALOG_STAGES},
    sync::{Unacknowledged, hash},
};
use delivery::Context;
use mapping::Mapping;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

mod api;
mod change;
mod check;
mod delivery;
mod echo;
pub mod mapping;
mod once;
mod same_json;
pub mod settings;
mod window;

/// The id of the kind.
pub const KIND: &str = "datahub";

/// The kind `datahub`.
#[derive(Debug)]
pub struct DatahubKind;

/// Delivers to a server.
#[derive(Debug)]
pub struct Datahub {
    name: FollowerName,
    remote: RemoteSettings,
    mapping: Mapping,
}

impl FollowerKind for DatahubKind {
    fn id(&self) -> &str {
        KIND
    }

    fn stages(&self) -> &[&'static str] {
        &CATALOG_STAGES
    }

    fn settings(&self) -> &'static [DeclarationGroup] {
        declared::DATAHUB
    }

    fn open(
        &self,
        name: FollowerName,
        settings: &mut Settings,
    ) -> Result<Box<dyn Follower>, Invalid> {
        Ok(Box::new(Datahub::open(name, settings)?))
    }
}

#[async_trait]
impl Follower for Datahub {
    fn name(&self) -> &FollowerName {
        &self.name
    }

    /// Another server needs everything, as another mapping does.
    fn revision(&self) -> u32 {
        let hash = hash(&[
            self.remote.url.as_str(),
            &self.mapping.revision().to_string(),
        ]);
        u32::from_str_radix(&hash[..8], 16).unwrap_or_default()
    }

    async fn check(&self, example: Option<&Example>) -> Vec<Stage> {
        check::check(&self.remote, &self.mapping, example).await
    }

    async fn follow(&self, feed: &dyn Feed) -> Result<Delivery, FollowError> {
        self.deliver(feed, self.remote.server.clone()).await
    }

    fn identifier(&self, of: EntityKind, key: &ItemKey) -> Option<String> {
        mapping::urn_of(change::type_of(of), key).ok()
    }

    /// Only the frontend has pages for people. Its address is known if the requests go through it.
    fn link(&self, of: EntityKind, key: &ItemKey) -> Option<String> {
        let frontend = self.remote.url.as_str().strip_suffix("api/gms/")?;
        let of = change::type_of(of);
        let urn = mapping::urn_of(of, key).ok()?;
        let urn = utf8_percent_encode(&urn, NON_ALPHANUMERIC);
        Some(format!("{frontend}{}/{urn}", of.name()))
    }

    fn target(&self) -> Option<String> {
        Some(self.remote.url.to_string())
    }

    /// Requests that only read are sent, because it depends on the catalog what is to be written.
    async fn dry_run(&self, feed: &dyn Feed, plan: &Plan) -> Result<Delivery, FollowError> {
        let server = self.remote.server.clone().recording(plan.clone());
        let delivery = self.deliver(&Unacknowledged(feed), server.clone()).await?;
        Ok(server.planned(delivery))
    }
}

impl Datahub {
    /// The follower with these settings.
    ///
    /// # Errors
    /// If a setting is missing or wrong.
    pub fn open(name: FollowerName, settings: &mut Settings) -> Result<Self, Invalid> {
        let mapping = settings::mapping(settings);
        let remote = RemoteSettings::read(settings, "DataHub", Token::Optional);
        settings.check()?;
        let mut remote = settings.checked(remote)?;
        remote.server = remote.server.advise(advice(!settings.lacks("token")));
        Ok(Self {
            name,
            remote,
            mapping,
        })
    }

    async fn deliver(&self, feed: &dyn Feed, server: Server) -> Result<Delivery, FollowError> {
        let context = Context {
            feed,
            mapping: &self.mapping,
            url: &self.remote.url,
            parallel: self.remote.parallel,
        };
        delivery::deliver(&context, server).await
    }
}

/// What people can do if the server refuses requests.
fn advice(has_token: bool) -> Advice {
    let with_token = Advice {
        page: "check `url`: for the frontend (port 9002), append `/api/gms`; otherwise name the metadata service (port 8080). \
               A gateway in front of the server may also answer like this",
        ..Advice::new("DataHub")
    };
    let missing = "`token` is not set: create one in DataHub (Settings, Access Tokens)";
    match has_token {
        true => with_token,
        false => Advice {
            unauthorized: missing,
            forbidden: missing,
            ..with_token
        },
    }
}
