//! The kinds of containers that hold sheets.

use catalog_model::ContainerKind;

/// An app, which holds sheets.
pub(crate) const APP: ContainerKind = ContainerKind {
    id: "app",
    label: "App",
};

/// A stream, which holds published apps.
pub(crate) const STREAM: ContainerKind = ContainerKind {
    id: "stream",
    label: "Stream",
};

/// All kinds, from the outermost to the innermost.
pub(crate) const KINDS: &[ContainerKind] = &[STREAM, APP];
