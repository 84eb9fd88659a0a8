//! Access lists of Windows: who may read and write a file or a folder.
//!
//! They correspond to the modes of Unix. A private file is open to its owner, to Administrators, to SYSTEM, and to accounts that
//! have an entry of their own, such as the account of the service. Groups that many people belong to, such as `Users`, have no
//! access. New folders are private and pass this on to the files in them, so most files need no list of their own.
//!
//! Lists are read and written as text (SDDL), so that no memory of Windows is handled here.

#[cfg(windows)]
mod named;
mod sddl;

#[cfg(windows)]
pub use self::named::{give, keep, make_private, others_may_read, others_may_write};
