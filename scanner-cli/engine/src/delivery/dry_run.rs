//! Dry runs: what deliveries would write. Nothing is written, also not to the store, and no lock is taken.

use std::sync::Arc;

use catalog_model::{
    FollowError,
    follower::{ConfiguredFollower, Delivery, Plan},
};
use catalog_store::{FeedFollower, StoreFeed};
use tokio::{runtime::Handle, task::spawn_blocking};

use super::{Deliverer, DeliveryRun, store_failed, unless_crashed};

impl Deliverer {
    /// Adds to `plan` what a delivery to this follower would write now.
    pub async fn dry_run(&self, follower: &Arc<ConfiguredFollower>, plan: Plan) -> DeliveryRun {
        let (deliverer, handle) = (self.clone(), Handle::current());
        let name = follower.follower.name().clone();
        let follower = Arc::clone(follower);
        let planned =
            spawn_blocking(move || unless_crashed(|| deliverer.plan(&follower, &plan, &handle)));
        DeliveryRun {
            follower: name,
            outcome: match planned.await {
                Ok(outcome) => outcome,
                Err(crashed) => std::panic::resume_unwind(crashed.into_panic()),
            },
            unmaintained: Vec::new(),
        }
    }

    fn plan(
        &self,
        follower: &ConfiguredFollower,
        plan: &Plan,
        handle: &Handle,
    ) -> Result<Delivery, FollowError> {
        let of = FeedFollower::new(follower);
        let (path, stop) = (self.home.store(), &self.stop_reading);
        let feed = StoreFeed::open_to_read(&path, of, self.clock, stop).map_err(store_failed)?;
        let Some(feed) = feed.map(|feed| self.extended(feed)) else {
            return Ok(Delivery::default());
        };
        self.until_stopped(follower.follower.dry_run(&feed, plan), handle)
    }
}
