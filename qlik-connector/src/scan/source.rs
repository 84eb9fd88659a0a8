//! The data of a connection that a scan needs.

use catalog_model::{ConnectionCode, filter::ItemFilter};
use outbound_settings::TrustSettings;
use qrs_client::{QrsClient, SiteUrl};

use crate::{
    items::apps::WithOwners, people::addresses::Addresses, scan::changes::Incremental,
    site::counts::Counts,
};

/// A site, and the settings for reading it.
pub(crate) struct Source {
    pub(crate) code: ConnectionCode,
    pub(crate) client: QrsClient,
    /// The base URL of links for people.
    pub(crate) links: SiteUrl,
    pub(crate) counts: Counts,
    /// Maximum number of requests at once (`connection.parallel`). The client keeps it.
    pub(crate) parallel: usize,
    pub(crate) trust: TrustSettings,
    pub(crate) filter: Option<ItemFilter>,
    pub(crate) addresses: Addresses,
    pub(crate) with_owners: WithOwners,
    /// Set if scans may read only changes.
    pub(crate) incremental: Option<Incremental>,
}
