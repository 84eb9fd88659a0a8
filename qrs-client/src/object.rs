//! Records are JSON objects only.

/// Makes record types with `#[serde(remote = "Self")]` deserializable from JSON objects only.
///
/// The code that `serde` derives for a struct also accepts an array, field by field. A struct with defaults for all fields would
/// then read `[]` as a record in which everything is missing.
///
/// ```
/// use serde::Deserialize;
///
/// #[derive(Debug, Default, Deserialize)]
/// #[serde(default, remote = "Self")]
/// struct Sheet {
///     name: String,
/// }
///
/// qrs_client::objects_only!(Sheet);
///
/// assert!(serde_json::from_str::<Sheet>("{}").is_ok());
/// assert!(serde_json::from_str::<Sheet>("[]").is_err());
/// ```
///
/// A type that borrows is written with its lifetime: `objects_only!(Sheet<'a>)`.
#[macro_export]
macro_rules! objects_only {
    ($($record:ident $(<$borrowed:lifetime>)?),* $(,)?) => {$(
        impl<'de $(: $borrowed, $borrowed)?> ::serde::Deserialize<'de> for $record $(<$borrowed>)? {
            fn deserialize<D: ::serde::Deserializer<'de>>(
                deserializer: D,
            ) -> ::core::result::Result<Self, D::Error> {
                struct Object $(<$borrowed>)? (
                    ::core::marker::PhantomData<fn() -> $record $(<$borrowed>)?>,
                );
                impl<'de $(: $borrowed, $borrowed)?> ::serde::de::Visitor<'de>
                    for Object $(<$borrowed>)?
                {
                    type Value = $record $(<$borrowed>)?;

                    fn expecting(
                        &self,
                        f: &mut ::core::fmt::Formatter<'_>,
                    ) -> ::core::fmt::Result {
                        f.write_str("an object")
                    }

                    fn visit_map<A: ::serde::de::MapAccess<'de>>(
                        self,
                        map: A,
                    ) -> ::core::result::Result<Self::Value, A::Error> {
                        // The type's own derived method, not the trait's method, which calls this one.
                        $record::deserialize(
                            ::serde::de::value::MapAccessDeserializer::new(map),
                        )
                    }
                }
                deserializer.deserialize_map(Object(::core::marker::PhantomData))
            }
        }
    )*};
}

/// Implements `Serialize` for types with `#[serde(remote = "Self")]`.
macro_rules! serialize_by_field {
    ($($record:ident),* $(,)?) => {$(
        impl ::serde::Serialize for $record {
            fn serialize<S: ::serde::Serializer>(
                &self,
                serializer: S,
            ) -> ::core::result::Result<S::Ok, S::Error> {
                // The type's own derived method, not the trait's method, which calls this one.
                $record::serialize(self, serializer)
            }
        }
    )*};
}

pub(crate) use serialize_by_field;
