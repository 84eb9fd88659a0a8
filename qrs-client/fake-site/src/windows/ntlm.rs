//! NTLM as a server speaks it, written from its specification (MS-NLMP): only `NTLMv2`, with Unicode and a message integrity code.

use hmac::{Hmac, KeyInit, Mac};
use md4::{Digest, Md4};
use md5::Md5;

use super::bytes::{field, from_utf16, to_utf16, u16_at, u32_at};

/// A message that is not valid, or asks for something weaker than `NTLMv2`.
#[derive(Debug)]
pub(crate) struct Invalid(pub(crate) &'static str);

/// A login on one connection, after its first message.
pub(crate) struct Exchange {
    negotiate: Vec<u8>,
    challenge: Vec<u8>,
    nonce: [u8; 8],
    target_info: Vec<u8>,
}

/// The proof in the last message of a client.
pub(crate) struct Proof {
    pub(crate) domain: String,
    pub(crate) user: String,
    message: Vec<u8>,
    /// The proof itself, and what it is about.
    response: Vec<u8>,
}

const SIGNATURE: &[u8; 8] = b"NTLMSSP\0";
const UNICODE: u32 = 0x0000_0001;
const REQUEST_TARGET: u32 = 0x0000_0004;
const NTLM: u32 = 0x0000_0200;
const ALWAYS_SIGN: u32 = 0x0000_8000;
const TARGET_IS_DOMAIN: u32 = 0x0001_0000;
const EXTENDED_SECURITY: u32 = 0x0008_0000;
const TARGET_INFO: u32 = 0x0080_0000;
const VERSION: u32 = 0x0200_0000;
const KEY_EXCHANGE: u32 = 0x4000_0000;
const BITS_128: u32 = 0x2000_0000;

/// The version of Windows Server 2019, with revision 15 of NTLM.
const WINDOWS: [u8; 8] = [10, 0, 0x63, 0x45, 0, 0, 0, 15];
/// The place of the message integrity code in the last message.
const MIC: std::ops::Range<usize> = 72..88;
/// Names of pairs in the target information.
const END: u16 = 0;
const FLAGS: u16 = 6;
const TIMESTAMP: u16 = 7;

impl Exchange {
    /// Answers the first message of a client with a challenge.
    pub(crate) fn begin(negotiate: &[u8], domain: &str) -> Result<Self, Invalid> {
        check_header(negotiate, 1)?;
        let flags = u32_at(negotiate, 12).ok_or(Invalid("the first message is too short"))?;
        let needed = UNICODE | NTLM | EXTENDED_SECURITY;
        if flags & needed != needed {
            return Err(Invalid("the client does not offer NTLMv2 with Unicode"));
        }
        let nonce = fastrand::u64(..).to_le_bytes();
        let target_info = target_info(domain);
        Ok(Self {
            negotiate: negotiate.to_vec(),
            challenge: challenge(nonce, domain, &target_info),
            nonce,
            target_info,
        })
    }

    /// The challenge that answers the first message.
    pub(crate) fn challenge(&self) -> &[u8] {
        &self.challenge
    }

    /// Whether a client's proof shows that it knows the password.
    pub(crate) fn is_proved(&self, proof: &Proof, password: &str) -> Result<bool, Invalid> {
        let hash = Md4::digest(to_utf16(password));
        let name = proof.user.to_uppercase() + &proof.domain;
        let key = hmac(&hash, &[&to_utf16(&name)]);
        let (sent, about) = proof.response.split_at(16);
        let expected = hmac(&key, &[&self.nonce, about]);
        if sent != expected {
            return Ok(false);
        }
        self.check_target_info(about)?;
        let session_key = hmac(&key, &[&expected]);
        let mut unsigned = proof.message.clone();
        unsigned[MIC].fill(0);
        let mic = hmac(&session_key, &[&self.negotiate, &self.challenge, &unsigned]);
        if mic != proof.message[MIC] {
            return Err(Invalid("the message integrity code is wrong"));
        }
        Ok(true)
    }

    /// The client must repeat what the server said of itself, and say that its message has an integrity code.
    fn check_target_info(&self, about: &[u8]) -> Result<(), Invalid> {
        if about[..8] != [1, 1, 0, 0, 0, 0, 0, 0] {
            return Err(Invalid("the response is not one of NTLMv2"));
        }
        let known = pairs(&self.target_info).ok_or(Invalid("no target information"))?;
        let sent = pairs(about.get(28..).unwrap_or_default());
        let sent = sent.ok_or(Invalid("the target information has no end"))?;
        if known.iter().any(|pair| !sent.contains(pair)) {
            return Err(Invalid("the target information is not repeated"));
        }
        let timestamp = known.iter().find(|(id, _)| *id == TIMESTAMP);
        if timestamp.is_some_and(|(_, time)| about[8..16] != **time) {
            return Err(Invalid("the server's time is not used"));
        }
        match sent.iter().find(|(id, _)| *id == FLAGS) {
            Some((_, flags)) if flags.first().is_some_and(|flags| flags & 2 != 0) => Ok(()),
            _ => Err(Invalid("the integrity code is not announced")),
        }
    }
}

impl Proof {
    /// Reads the last message of a client.
    pub(crate) fn read(message: &[u8]) -> Result<Self, Invalid> {
        check_header(message, 3)?;
        let short = || Invalid("the last message is too short");
        let response = field(message, 20).ok_or_else(short)?;
        let (domain, user) = (field(message, 28), field(message, 36));
        let text = |bytes: Option<&[u8]>| from_utf16(bytes?);
        let flags = u32_at(message, 60).ok_or_else(short)?;
        if flags & KEY_EXCHANGE != 0 {
            return Err(Invalid("an exchange of keys was not offered"));
        }
        if message.len() < MIC.end {
            return Err(short());
        }
        // A response of NTLMv1 has 24 bytes.
        if response.len() < 16 + 28 + 4 {
            return Err(Invalid("the response is not one of NTLMv2"));
        }
        Ok(Self {
            domain: text(domain).ok_or(Invalid("the domain is not Unicode"))?,
            user: text(user).ok_or(Invalid("the user is not Unicode"))?,
            message: message.to_vec(),
            response: response.to_vec(),
        })
    }
}

/// The kind of a message: 1 to 3.
pub(crate) fn kind(message: &[u8]) -> Option<u32> {
    u32_at(message.strip_prefix(SIGNATURE)?, 0)
}

fn check_header(message: &[u8], expected: u32) -> Result<(), Invalid> {
    match kind(message) {
        Some(kind) if kind == expected => Ok(()),
        _ => Err(Invalid("not the expected message of NTLM")),
    }
}

fn challenge(nonce: [u8; 8], domain: &str, target_info: &[u8]) -> Vec<u8> {
    const HEAD: usize = 56;
    let target = to_utf16(domain);
    let flags = UNICODE
        | REQUEST_TARGET
        | NTLM
        | ALWAYS_SIGN
        | TARGET_IS_DOMAIN
        | EXTENDED_SECURITY
        | TARGET_INFO
        | VERSION
        | BITS_128;
    let mut message = SIGNATURE.to_vec();
    message.extend(2_u32.to_le_bytes());
    message.extend(place(target.len(), HEAD));
    message.extend(flags.to_le_bytes());
    message.extend(nonce);
    message.extend([0; 8]);
    message.extend(place(target_info.len(), HEAD + target.len()));
    message.extend(WINDOWS);
    message.extend(target);
    message.extend(target_info);
    message
}

/// The length and the offset of a field.
fn place(length: usize, offset: usize) -> Vec<u8> {
    let length = (length as u16).to_le_bytes();
    let offset = (offset as u32).to_le_bytes();
    [&length[..], &length, &offset].concat()
}

/// What the server says of itself: names of the domain and the server, and its time.
fn target_info(domain: &str) -> Vec<u8> {
    let pair = |id: u16, value: &[u8]| {
        let length = (value.len() as u16).to_le_bytes();
        [&id.to_le_bytes()[..], &length, value].concat()
    };
    let dns = format!("{}.example", domain.to_lowercase());
    let time = 0x01DA_0000_0000_0000_u64.wrapping_add(u64::from(fastrand::u32(..)));
    [
        pair(2, &to_utf16(domain)),
        pair(1, &to_utf16("QLIK")),
        pair(4, &to_utf16(&dns)),
        pair(3, &to_utf16(&format!("qlik.{dns}"))),
        pair(TIMESTAMP, &time.to_le_bytes()),
        pair(END, &[]),
    ]
    .concat()
}

/// The pairs of target information, without the one that ends it.
fn pairs(mut bytes: &[u8]) -> Option<Vec<(u16, &[u8])>> {
    let mut pairs = Vec::new();
    loop {
        let (id, length) = (u16_at(bytes, 0)?, usize::from(u16_at(bytes, 2)?));
        if id == END {
            return Some(pairs);
        }
        pairs.push((id, bytes.get(4..4 + length)?));
        bytes = &bytes[4 + length..];
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    let mut mac = Hmac::<Md5>::new_from_slice(key).expect("a key of HMAC may have any length");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of MS-NLMP, 4.2.4: user, domain and password.
    #[test]
    fn the_key_of_an_account_is_that_of_the_specification() {
        let hash = Md4::digest(to_utf16("Password"));
        let key = hmac(&hash, &[&to_utf16("USERDomain")]);
        let expected = [
            0x0c, 0x86, 0x8a, 0x40, 0x3b, 0xfd, 0x7a, 0x93, 0xa3, 0x00, 0x1e, 0xf2, 0x2e, 0xf0,
            0x2e, 0x3f,
        ];
        assert_eq!(key, expected);
    }

    #[test]
    fn messages_that_are_cut_off_are_refused() {
        let mut negotiate = SIGNATURE.to_vec();
        negotiate.extend(1_u32.to_le_bytes());
        negotiate.extend((UNICODE | NTLM | EXTENDED_SECURITY).to_le_bytes());
        assert!(Exchange::begin(&negotiate, "ACME").is_ok());
        for length in 0..negotiate.len() {
            assert!(Exchange::begin(&negotiate[..length], "ACME").is_err());
        }
        assert!(Proof::read(&negotiate).is_err());
        assert!(pairs(&[1, 0, 8, 0, 1]).is_none());
    }
}
