//! The command line of `catalog`.

use std::path::PathBuf;

use crate::{
    changes_since::ChangesSince,
    item_filter::{APP, Conditions, STREAM},
    records::AddressFilter,
};
use catalog_model::AccountStatus;
use clap::{Args, Subcommand, ValueEnum};

use super::{Form, row_count};
use crate::store::ItemState;

#[derive(Debug, Subcommand)]
pub(crate) enum CatalogCommand {
    #[command(flatten)]
    List(Box<Catalog>),
    /// Write the catalog as files that open in a browser without a server
    Export(Export),
    /// Delete a connection: its items, history, exports, session and lock
    Forget(Forget),
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Folder for the pages: a new one, an empty one, or one that an earlier export wrote, which is replaced
    #[arg(long, value_name = "DIR")]
    pub(crate) html: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Forget {
    /// Code of the connection. Remove its connection file first
    #[arg(value_name = "CODE")]
    pub(crate) code: String,
    /// Do not send the removals to followers: their catalogs keep the items
    #[arg(long)]
    pub(crate) keep_in_catalogs: bool,
    /// Do not ask for confirmation
    #[arg(long)]
    pub(crate) yes: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Catalog {
    /// List items, sorted by key
    List {
        #[command(flatten)]
        options: ItemOptions,
        #[command(flatten)]
        form: Form,
    },
    /// Show one item, app or stream with all its fields
    Show {
        /// Key, as in the list
        key: String,
        #[command(flatten)]
        form: Form,
    },
    /// List changes, oldest first: items that were added, changed, removed, excluded or returned
    Changes {
        /// Only changes since a scan (its number or id) or a time: `17`, `7d`, `yesterday`, `2026-11-24`,
        /// `2026-11-24T07:30:00Z`
        #[arg(long, value_name = "SCAN|TIME", value_parser = ChangesSince::parse)]
        since: Option<ChangesSince>,
        /// Only the last N changes
        #[arg(long, value_name = "N", value_parser = row_count)]
        limit: Option<u64>,
        #[command(flatten)]
        of: OfConnection,
        #[command(flatten)]
        form: Form,
    },
    /// List scans, oldest first
    Scans {
        /// Only the last N scans
        #[arg(long, value_name = "N", value_parser = row_count)]
        limit: Option<u64>,
        #[command(flatten)]
        of: OfConnection,
        #[command(flatten)]
        form: Form,
    },
    /// List the owners of the stored items with their e-mail addresses
    Owners {
        /// Only owners with an address, without one, or whose address could not be read
        #[arg(long, value_enum)]
        email: Option<Email>,
        /// Only owners whose accounts have one of these statuses; without a value, those who can no longer log in
        #[arg(
            long,
            value_enum,
            value_delimiter = ',',
            num_args = 0..=1,
            default_missing_values = ["inactive", "blocked", "removed"],
            value_name = "STATUS"
        )]
        status: Vec<OwnerStatus>,
        #[command(flatten)]
        of: OfConnection,
        #[command(flatten)]
        form: Form,
    },
    /// List the followers, and how many changes each is behind
    Followers {
        #[command(flatten)]
        form: Form,
    },
}

impl Catalog {
    /// The output format of the list.
    pub(crate) fn form(&self) -> &Form {
        match self {
            Self::List { form, .. }
            | Self::Show { form, .. }
            | Self::Changes { form, .. }
            | Self::Scans { form, .. }
            | Self::Owners { form, .. }
            | Self::Followers { form } => form,
        }
    }
}

#[derive(Debug, Args)]
pub(crate) struct OfConnection {
    /// Only this connection
    #[arg(long, value_name = "CODE")]
    pub(crate) connection: Option<String>,
}

/// Selects items: those that meet all conditions.
#[derive(Debug, Args)]
pub(crate) struct ItemOptions {
    /// What to list
    #[arg(long = "type", value_enum, value_name = "TYPE", default_value_t = WantedType::Sheet)]
    pub(crate) wanted_type: WantedType,
    #[command(flatten)]
    pub(crate) of: OfConnection,
    /// Only items of this app, by id or full name, in any case
    #[arg(long, value_name = "ID|NAME")]
    pub(crate) app: Option<String>,
    /// Only items of this stream, by full name, in any case
    #[arg(long, value_name = "NAME")]
    pub(crate) stream: Option<String>,
    /// Only items of this owner, by `DIRECTORY\user`, full name or e-mail address, in any case
    #[arg(long, value_name = "OWNER")]
    pub(crate) owner: Option<String>,
    /// Only items in these states
    #[arg(long, value_enum, value_delimiter = ',', default_values_t = [WantedState::Present])]
    pub(crate) state: Vec<WantedState>,
    /// Only items with this text in key, label, name or description, in any case
    #[arg(long, value_name = "TEXT")]
    pub(crate) search: Option<String>,
    /// Only items that changed since a scan (its number or id) or a time: `7d`, `yesterday`, `2026-11-24`
    #[arg(long, value_name = "SCAN|TIME", value_parser = ChangesSince::parse)]
    pub(crate) since: Option<ChangesSince>,
    /// Only the first N items
    #[arg(long, value_name = "N", value_parser = row_count)]
    pub(crate) limit: Option<u64>,
}

impl ItemOptions {
    /// The conditions for apps, streams, owners and texts.
    pub(crate) fn conditions(&self) -> Conditions {
        Conditions {
            app: self.app.clone(),
            stream: self.stream.clone(),
            owner: self.owner.clone(),
            search: self.search.clone(),
        }
    }
}

/// What to list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WantedType {
    Sheet,
    App,
    Stream,
}

impl WantedType {
    /// The id of the kind of containers. Not set for items.
    pub(crate) fn container_kind(self) -> Option<&'static str> {
        match self {
            Self::Sheet => None,
            Self::App => Some(APP),
            Self::Stream => Some(STREAM),
        }
    }
}

/// The state of an item in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WantedState {
    /// The last complete scan, or a later scan, saw it
    Present,
    /// There, but its record could not be read; the store has what it was before
    Unreadable,
    /// Excluded by a filter
    #[value(alias = "filtered")]
    Excluded,
    /// Not seen any more by a complete scan
    Gone,
}

impl From<WantedState> for ItemState {
    fn from(wanted: WantedState) -> Self {
        match wanted {
            WantedState::Present => Self::Present,
            WantedState::Unreadable => Self::Unreadable,
            WantedState::Excluded => Self::Excluded,
            WantedState::Gone => Self::Gone,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Email {
    With,
    Without,
    /// Could not be read
    Unknown,
}

impl From<Email> for AddressFilter {
    fn from(email: Email) -> Self {
        match email {
            Email::With => Self::With,
            Email::Without => Self::Without,
            Email::Unknown => Self::Unknown,
        }
    }
}

/// Whether an owner can log in to the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OwnerStatus {
    Active,
    Inactive,
    Blocked,
    /// No longer in the user directory
    Removed,
    /// Could not be read
    Unknown,
}

impl From<OwnerStatus> for Option<AccountStatus> {
    fn from(status: OwnerStatus) -> Self {
        match status {
            OwnerStatus::Active => Some(AccountStatus::Active),
            OwnerStatus::Inactive => Some(AccountStatus::Inactive),
            OwnerStatus::Blocked => Some(AccountStatus::Blocked),
            OwnerStatus::Removed => Some(AccountStatus::Removed),
            OwnerStatus::Unknown => None,
        }
    }
}
