//! What it takes to derive the keys of a PKCS12 file, found out before any is derived: each part of a file has
//! parameters of its own, and a hundred parts of a million rounds take half a minute.

use super::der::{self, Element, INTEGER, OBJECT_IDENTIFIER, SEQUENCE};

/// Maximum number of rounds of all parts together. Usual files have 2,048 to 600,000 in each of three parts. The fuzz
/// target allows few, so that a file whose rounds are not counted stands out by its time.
const MAX_ROUNDS: u64 = if cfg!(fuzzing) { 50_000 } else { 3_000_000 };

/// Maximum number of bytes that scrypt may take at a time. `openssl` takes 16 MiB.
const MAX_SCRYPT_MEMORY: u64 = 64 << 20;

/// Maximum amount of work of scrypt in all parts together, as N · r · p: some four times what `openssl` asks for in one.
const MAX_SCRYPT_WORK: u64 = if cfg!(fuzzing) { 1 << 16 } else { 1 << 20 };

/// Maximum number of elements that are looked at. A file with a thousand certificates has some 30,000.
const MAX_ELEMENTS: usize = 500_000;

/// How deep elements may nest. PKCS12 has some 20 levels.
const MAX_DEPTH: usize = 64;

const OCTET_STRING: u8 = 0x04;
const CONSTRUCTED: u8 = 0x20;

/// 1.2.840.113549.1.5.12
const PBKDF2: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x05, 0x0C];
/// 1.3.6.1.4.1.11591.4.11
const SCRYPT: &[u8] = &[0x2B, 0x06, 0x01, 0x04, 0x01, 0xDA, 0x47, 0x04, 0x0B];
/// 1.2.840.113549.1.12.1, with one more number: the older ways of encryption.
const PBE: &[u8] = &[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x0C, 0x01];

/// Whether deriving the keys of a file takes too long, or too much memory.
pub(super) fn is_excessive(file: &[u8]) -> bool {
    let mut work = Work::default();
    work.add_rounds(mac_rounds(file));
    work.look_at(file, 0);
    work.is_excessive
}

#[derive(Default)]
struct Work {
    rounds: u64,
    scrypt: u64,
    elements: usize,
    is_excessive: bool,
}

impl Work {
    /// Adds what the elements of `bytes` ask for, one after the other.
    fn look_at(&mut self, mut bytes: &[u8], depth: usize) {
        while let Ok(element) = der::element(bytes) {
            self.elements += 1;
            if self.elements > MAX_ELEMENTS || depth > MAX_DEPTH {
                self.is_excessive = true;
            }
            if self.is_excessive {
                return;
            }
            if element.tag == SEQUENCE {
                self.add_parameters(element.content);
            }
            // Parts are octet strings with DER in them.
            if element.tag & CONSTRUCTED != 0 || element.tag == OCTET_STRING {
                self.look_at(element.content, depth + 1);
            }
            bytes = element.rest;
        }
    }

    /// Adds what an algorithm asks for: a sequence of its identifier and its parameters.
    fn add_parameters(&mut self, sequence: &[u8]) {
        let Ok(Element {
            tag: OBJECT_IDENTIFIER,
            content: algorithm,
            rest,
        }) = der::element(sequence)
        else {
            return;
        };
        let Ok(parameters) = der::element(rest) else {
            return;
        };
        // Before the numbers stands the salt.
        let after_salt = der::element(parameters.content).map(|salt| salt.rest);
        let numbers = integers(after_salt.unwrap_or_default());
        let is_older = algorithm.len() == PBE.len() + 1 && algorithm.starts_with(PBE);
        match (algorithm, numbers) {
            (PBKDF2, [rounds, ..]) => self.add_rounds(rounds),
            (SCRYPT, [n, r, p]) => self.add_scrypt(n, r, p),
            (_, [rounds, ..]) if is_older => self.add_rounds(rounds),
            _ => {}
        }
    }

    fn add_rounds(&mut self, rounds: u64) {
        self.rounds = self.rounds.saturating_add(rounds);
        self.is_excessive |= self.rounds > MAX_ROUNDS;
    }

    fn add_scrypt(&mut self, n: u64, r: u64, p: u64) {
        let block = n.saturating_mul(r);
        self.scrypt = self.scrypt.saturating_add(block.saturating_mul(p));
        let memory = block.saturating_mul(128);
        self.is_excessive |= memory > MAX_SCRYPT_MEMORY || self.scrypt > MAX_SCRYPT_WORK;
    }
}

/// The rounds of the MAC: what comes third in the file is a sequence of the digest, the salt and their number.
fn mac_rounds(file: &[u8]) -> u64 {
    let rest = |bytes| der::element(bytes).map(|element| element.rest);
    let outer = der::element(file).map(|outer| outer.content);
    let mac = outer.and_then(rest).and_then(rest).and_then(der::element);
    let after_salt = mac.and_then(|mac| rest(mac.content)).and_then(rest);
    let [rounds, ..] = integers(after_salt.unwrap_or_default());
    rounds
}

/// The first integers of `bytes`; 0 where there is none.
fn integers(mut bytes: &[u8]) -> [u64; 3] {
    let mut numbers = [0; 3];
    for number in &mut numbers {
        match der::element(bytes) {
            Ok(element) if element.tag == INTEGER => {
                *number = unsigned(element.content);
                bytes = element.rest;
            }
            _ => break,
        }
    }
    numbers
}

/// An integer that should not be negative; one that is too large, or negative, counts as the largest.
fn unsigned(digits: &[u8]) -> u64 {
    let is_negative = digits.first().is_some_and(|first| first & 0x80 != 0);
    let digits = match digits {
        [0, rest @ ..] => rest,
        digits => digits,
    };
    if is_negative || digits.len() > 8 {
        return u64::MAX;
    }
    digits
        .iter()
        .fold(0, |number, digit| number << 8 | u64::from(*digit))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = u32::try_from(content.len()).unwrap().to_be_bytes();
        [&[tag, 0x84][..], &length, content].concat()
    }

    fn algorithm(identifier: &[u8], numbers: &[u64]) -> Vec<u8> {
        let salt = element(OCTET_STRING, b"salt");
        let numbers = numbers
            .iter()
            .flat_map(|number| element(INTEGER, &[&[0], &number.to_be_bytes()[..]].concat()));
        let parameters = element(SEQUENCE, &[salt, numbers.collect()].concat());
        element(
            SEQUENCE,
            &[element(OBJECT_IDENTIFIER, identifier), parameters].concat(),
        )
    }

    /// A file with these parts, each in an octet string.
    fn file(parts: &[Vec<u8>]) -> Vec<u8> {
        let parts: Vec<u8> = (parts.iter())
            .flat_map(|part| element(SEQUENCE, &element(OCTET_STRING, part)))
            .collect();
        element(SEQUENCE, &parts)
    }

    #[test]
    fn the_parts_of_a_file_are_added_up() {
        let older = [PBE, &[3]].concat();
        for (identifier, numbers, most) in [
            (PBKDF2, &[1_000_000][..], 3),
            (&older, &[500_000], 6),
            (SCRYPT, &[1 << 14, 8, 1], 8),
        ] {
            let part = algorithm(identifier, numbers);
            assert!(
                !is_excessive(&file(&vec![part.clone(); most])),
                "{numbers:?}"
            );
            assert!(is_excessive(&file(&vec![part; most + 1])), "{numbers:?}");
        }
        for (n, r) in [(1 << 20, 8), (1 << 14, 65_535), (u64::MAX, u64::MAX)] {
            assert!(is_excessive(&file(&[algorithm(SCRYPT, &[n, r, 1])])));
        }
    }

    #[test]
    fn files_that_nest_too_deep_or_have_too_many_elements_are_excessive() {
        let deep = (0..100).fold(Vec::new(), |inner, _| element(SEQUENCE, &inner));
        assert!(is_excessive(&deep));
        let many = [INTEGER, 0].repeat(MAX_ELEMENTS + 1);
        assert!(is_excessive(&element(SEQUENCE, &many)));
        assert!(!is_excessive(b"hello"));
        assert!(!is_excessive(&[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF]));
    }
}
