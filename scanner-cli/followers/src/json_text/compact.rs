//! Writes values as JSON on one line, into a buffer.
//!
//! `serde_json` writes each part of a text on its own, and unprintable characters would need a second pass. Here, each text is
//! read once, and copied in spans that need no escapes.

use std::{fmt::Display, io::Write};

use catalog_model::is_unprintable;
use serde::{
    Serialize, Serializer,
    ser::{
        Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant,
        SerializeTuple, SerializeTupleStruct, SerializeTupleVariant,
    },
};
use serde_json::Error;

/// Appends values to a buffer.
pub(super) struct Compact<'a>(pub(super) &'a mut Vec<u8>);

/// An array or an object that is being written.
pub(super) struct Parts<'a> {
    line: &'a mut Vec<u8>,
    has_parts: bool,
    end: &'static [u8],
}

impl<'a> Compact<'a> {
    fn plain(self, value: impl Display) -> Result<(), Error> {
        write!(self.0, "{value}").map_err(Error::io)
    }

    fn begin(self, begin: u8, end: &'static [u8]) -> Result<Parts<'a>, Error> {
        self.0.push(begin);
        Ok(Parts {
            line: self.0,
            has_parts: false,
            end,
        })
    }

    /// Begins an object with one member, the name of a variant.
    fn variant(self, name: &str) -> Self {
        self.0.push(b'{');
        write_text(self.0, name);
        self.0.push(b':');
        self
    }
}

impl Parts<'_> {
    fn part(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        if self.has_parts {
            self.line.push(b',');
        }
        self.has_parts = true;
        value.serialize(Compact(self.line))
    }

    fn member(&mut self, name: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        self.part(name)?;
        self.line.push(b':');
        value.serialize(Compact(self.line))
    }

    fn finish(self) -> Result<(), Error> {
        self.line.extend_from_slice(self.end);
        Ok(())
    }
}

/// Appends a text in quotes. Unprintable characters are escaped.
fn write_text(line: &mut Vec<u8>, text: &str) {
    line.reserve(text.len() + 2);
    line.push(b'"');
    let mut rest = text;
    loop {
        let (plain, odd) = rest.split_at(plain_length(rest.as_bytes()));
        line.extend_from_slice(plain.as_bytes());
        let mut chars = odd.chars();
        let Some(char) = chars.next() else { break };
        write_char(line, char);
        rest = chars.as_str();
    }
    line.push(b'"');
}

/// Number of bytes at the beginning that are ASCII characters without a meaning in JSON.
fn plain_length(bytes: &[u8]) -> usize {
    let is_odd = |byte: u8| !(b' '..0x7f).contains(&byte) || byte == b'"' || byte == b'\\';
    let (blocks, _) = bytes.as_chunks::<16>();
    // Compared without a branch for each byte, so that the compiler compares all of them at once.
    let has_odd = |block: &&[u8; 16]| block.iter().fold(false, |odd, byte| odd | is_odd(*byte));
    let plain = 16 * blocks.iter().take_while(|block| !has_odd(block)).count();
    let rest = bytes[plain..].iter().position(|byte| is_odd(*byte));
    rest.map_or(bytes.len(), |rest| plain + rest)
}

fn write_char(line: &mut Vec<u8>, char: char) {
    let short = match char {
        '"' => b'"',
        '\\' => b'\\',
        '\u{8}' => b'b',
        '\u{c}' => b'f',
        '\n' => b'n',
        '\r' => b'r',
        '\t' => b't',
        char if is_unprintable(char) => {
            for unit in char.encode_utf16(&mut [0; 2]) {
                line.extend_from_slice(b"\\u");
                let digits = [12, 8, 4, 0].map(|shift| (*unit >> shift & 15) as u8);
                line.extend(digits.map(|digit| b"0123456789abcdef"[usize::from(digit)]));
            }
            return;
        }
        char => {
            line.extend_from_slice(char.encode_utf8(&mut [0; 4]).as_bytes());
            return;
        }
    };
    line.extend_from_slice(&[b'\\', short]);
}

macro_rules! plain {
    ($($method:ident: $type:ty),*) => {$(
        fn $method(self, value: $type) -> Result<(), Error> {
            self.plain(value)
        }
    )*};
}

impl<'a> Serializer for Compact<'a> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Parts<'a>;
    type SerializeTuple = Parts<'a>;
    type SerializeTupleStruct = Parts<'a>;
    type SerializeTupleVariant = Parts<'a>;
    type SerializeMap = Parts<'a>;
    type SerializeStruct = Parts<'a>;
    type SerializeStructVariant = Parts<'a>;

    plain! {
        serialize_bool: bool,
        serialize_i8: i8,
        serialize_i16: i16,
        serialize_i32: i32,
        serialize_i64: i64,
        serialize_i128: i128,
        serialize_u8: u8,
        serialize_u16: u16,
        serialize_u32: u32,
        serialize_u64: u64,
        serialize_u128: u128
    }

    fn serialize_f32(self, value: f32) -> Result<(), Error> {
        serde_json::to_writer(self.0, &value)
    }

    fn serialize_f64(self, value: f64) -> Result<(), Error> {
        serde_json::to_writer(self.0, &value)
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        write_text(self.0, value);
        Ok(())
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<(), Error> {
        self.collect_seq(value)
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.plain("null")
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let inner = self.variant(variant);
        value.serialize(Compact(&mut *inner.0))?;
        inner.0.push(b'}');
        Ok(())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Parts<'a>, Error> {
        self.begin(b'[', b"]")
    }

    fn serialize_tuple(self, _: usize) -> Result<Parts<'a>, Error> {
        self.begin(b'[', b"]")
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>, Error> {
        self.begin(b'[', b"]")
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'a>, Error> {
        self.variant(variant).begin(b'[', b"]}")
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Parts<'a>, Error> {
        self.begin(b'{', b"}")
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Parts<'a>, Error> {
        self.begin(b'{', b"}")
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Parts<'a>, Error> {
        self.variant(variant).begin(b'{', b"}}")
    }
}

macro_rules! elements {
    ($($trait:ident: $method:ident),*) => {$(
        impl $trait for Parts<'_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.part(value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        }
    )*};
}

elements! {
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
}

macro_rules! members {
    ($($trait:ident),*) => {$(
        impl $trait for Parts<'_> {
            type Ok = ();
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                value: &T,
            ) -> Result<(), Error> {
                self.member(name, value)
            }

            fn end(self) -> Result<(), Error> {
                self.finish()
            }
        }
    )*};
}

members!(SerializeStruct, SerializeStructVariant);

impl SerializeMap for Parts<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let begin = self.line.len();
        self.part(key)?;
        let is_text = self.line[begin..].ends_with(b"\"");
        is_text
            .then_some(())
            .ok_or_else(|| Error::custom("a key of an object must be a text"))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.line.push(b':');
        value.serialize(Compact(self.line))
    }

    fn end(self) -> Result<(), Error> {
        self.finish()
    }
}

#[cfg(test)]
mod tests;
