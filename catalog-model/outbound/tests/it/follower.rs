//! A follower that sends requests: its settings contain those of the way to its catalog.

use async_trait::async_trait;
use catalog_model::{
    Feed, FollowError, Follower, FollowerKind, FollowerName, FollowerRegistry, Settings, Stage,
    follower::{Delivery, Example},
    settings::{DeclarationGroup, Invalid},
};
use outbound_settings::{Names, OutboundSettings, TIME_LIMITS, TLS_AND_PROXY};

use crate::settings::settings;

struct RemoteCatalogKind;

struct RemoteCatalog {
    name: FollowerName,
    outbound: OutboundSettings,
}

impl FollowerKind for RemoteCatalogKind {
    fn id(&self) -> &str {
        "remote"
    }

    fn stages(&self) -> &[&'static str] {
        &["trust store"]
    }

    fn settings(&self) -> &'static [DeclarationGroup] {
        const {
            &[
                DeclarationGroup::always(TLS_AND_PROXY),
                DeclarationGroup::always(TIME_LIMITS),
            ]
        }
    }

    fn open(
        &self,
        name: FollowerName,
        settings: &mut Settings,
    ) -> Result<Box<dyn Follower>, Invalid> {
        let outbound = OutboundSettings::read(settings, &Names::default());
        settings.check()?;
        Ok(Box::new(RemoteCatalog { name, outbound }))
    }
}

#[async_trait]
impl Follower for RemoteCatalog {
    fn name(&self) -> &FollowerName {
        &self.name
    }

    async fn check(&self, _example: Option<&Example>) -> Vec<Stage> {
        let seen = self.outbound.trust.describe();
        vec![Stage::ok("trust store", seen, std::time::Duration::ZERO)]
    }

    async fn follow(&self, _feed: &dyn Feed) -> Result<Delivery, FollowError> {
        Ok(Delivery::default())
    }
}

fn registry() -> FollowerRegistry {
    FollowerRegistry::default().with(Box::new(RemoteCatalogKind))
}

#[test]
fn a_follower_reads_the_settings_of_its_server() {
    let mut settings = settings(&[
        ("kind", "remote"),
        ("tls.truststore.path", "conf/trust.jks"),
        ("tls.truststore.password", "changeit"),
        ("proxy.scheme", "https"),
        ("proxy.hostname", "proxy.example.com"),
        ("proxy.port", "443"),
        ("time_limits.retry", "1 minute"),
    ]);
    assert!(matches!(registry().open(&mut settings), Ok(Some(_))));
    assert_eq!(settings.unknown(), []);
}

#[test]
fn a_misspelt_setting_of_a_follower_is_near_to_the_right_one() {
    let mut settings = settings(&[("kind", "remote"), ("tls.trustore.path", "conf/trust.jks")]);
    assert!(matches!(registry().open(&mut settings), Ok(Some(_))));
    let unknown = settings.unknown();
    assert_eq!(unknown.len(), 1);
    assert_eq!(unknown[0].key, "tls.trustore.path");
    assert_eq!(unknown[0].near.as_deref(), Some("tls.truststore.path"));
}

#[test]
fn problems_of_a_follower_name_the_setting() {
    let mut settings = settings(&[("kind", "remote"), ("proxy.port", "70000")]);
    assert!(registry().open(&mut settings).is_err());
    let problems = settings.problems();
    assert!(problems[0].message.contains("`proxy.port` must be a port"));
}
