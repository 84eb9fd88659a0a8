//! What commands do with the store.

#[cfg(windows)]
use super::Service;
use super::{CatalogCommand, Command, Config, Store};

/// What a command does with the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StoreUse {
    None,
    /// It only reads it, so that it may read another one.
    Read,
    /// It may write it, and so uses that of the home.
    Write,
}

impl Command {
    /// What the command does with the store.
    pub(crate) fn use_of_store(&self) -> StoreUse {
        match self {
            Self::Status(_)
            | Self::Serve(_)
            | Self::Explain(_)
            | Self::Store(Store::Copy { .. })
            | Self::Catalog(CatalogCommand::List(_) | CatalogCommand::Export(_)) => StoreUse::Read,
            Self::Run(_)
            | Self::Scan(_)
            | Self::Follow(_)
            | Self::Check(_)
            | Self::Store(_)
            | Self::Catalog(CatalogCommand::Forget(_))
            | Self::Hook(_)
            | Self::Filter(_)
            | Self::Config(Config::Check { .. }) => StoreUse::Write,
            #[cfg(windows)]
            Self::Service(Service::Run(_)) => StoreUse::Write,
            _ => StoreUse::None,
        }
    }
}
