//! What a scan needs to know of its connection.

use catalog_model::{ConnectionCode, filter::ItemFilter};
use outbound_settings::TrustSettings;
use qrs_client::{QrsClient, SiteUrl};

use crate::{items::apps::WithOwners, people::addresses::Addresses, site::counts::Counts};

/// A site that an account may read.
pub(crate) struct Source {
    pub(crate) code: ConnectionCode,
    pub(crate) client: QrsClient,
    /// The base of people's links.
    pub(crate) links: SiteUrl,
    pub(crate) counts: Counts,
    pub(crate) trust: TrustSettings,
    pub(crate) filter: Option<ItemFilter>,
    pub(crate) addresses: Addresses,
    pub(crate) with_owners: WithOwners,
}
