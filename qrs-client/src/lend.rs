//! Records that borrow from the response, and those that do not.

use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A record type that may borrow its texts from the response, for [`RecordList::for_each`](crate::RecordList::for_each).
///
/// Implement it for a type with a lifetime, and name the type with the lifetime of the response:
///
/// ```
/// use std::borrow::Cow;
///
/// use qrs_client::{Lend, lenient};
/// use serde::Deserialize;
///
/// #[derive(Default, Deserialize)]
/// #[serde(default)]
/// struct SheetName<'a> {
///     #[serde(borrow, deserialize_with = "lenient::borrowed_text")]
///     name: Cow<'a, str>,
/// }
///
/// impl Lend for SheetName<'_> {
///     type Record<'de> = SheetName<'de>;
/// }
/// ```
///
/// A type without a lifetime names itself: `type Record<'de> = Self`.
pub trait Lend {
    /// The record type, with the lifetime of the response that it borrows from.
    type Record<'de>: Deserialize<'de>;
}

/// Records that borrow nothing.
pub(crate) struct Owned<T>(PhantomData<fn() -> T>);

impl<T: DeserializeOwned> Lend for Owned<T> {
    type Record<'de> = T;
}
