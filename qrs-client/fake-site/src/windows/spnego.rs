//! SPNEGO as a server speaks it, with NTLM inside (RFC 4178): what `Negotiate` sends.

/// The object identifiers of SPNEGO and NTLM, with their tags.
const SPNEGO: [u8; 8] = [0x06, 0x06, 0x2b, 0x06, 0x01, 0x05, 0x05, 0x02];
const NTLM: [u8; 12] = [
    0x06, 0x0a, 0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x02, 0x02, 0x0a,
];

/// The message of NTLM in a client's first token (`NegTokenInit`), which must prefer NTLM.
pub(crate) fn first(token: &[u8]) -> Option<Vec<u8>> {
    let (outer, rest) = value(token, 0x60)?;
    let inner = outer.strip_prefix(&SPNEGO)?;
    let (init, _) = value(inner, 0xa0)?;
    let (sequence, _) = value(init, 0x30)?;
    let (mechanisms, _) = value(sequence, 0xa0)?;
    let (list, _) = value(mechanisms, 0x30)?;
    let is_ntlm = list.starts_with(&NTLM) && rest.is_empty();
    is_ntlm.then_some(())?;
    octets(member(sequence, 0xa2)?)
}

/// The message of NTLM in a client's next token (`NegTokenResp`).
pub(crate) fn next(token: &[u8]) -> Option<Vec<u8>> {
    let (response, _) = value(token, 0xa1)?;
    let (sequence, _) = value(response, 0x30)?;
    octets(member(sequence, 0xa2)?)
}

/// The token that contains the server's challenge.
pub(crate) fn challenge(message: &[u8]) -> Vec<u8> {
    const INCOMPLETE: [u8; 5] = [0xa0, 0x03, 0x0a, 0x01, 0x01];
    let mechanism = tagged(0xa1, &NTLM);
    let message = tagged(0xa2, &tagged(0x04, message));
    let sequence = [&INCOMPLETE[..], &mechanism, &message].concat();
    tagged(0xa1, &tagged(0x30, &sequence))
}

/// The token that ends a login.
pub(crate) fn accepted() -> Vec<u8> {
    tagged(0xa1, &tagged(0x30, &[0xa0, 0x03, 0x0a, 0x01, 0x00]))
}

fn octets(value_of_member: &[u8]) -> Option<Vec<u8>> {
    value(value_of_member, 0x04).map(|(octets, _)| octets.to_vec())
}

/// The member of a sequence with a tag.
fn member(mut sequence: &[u8], tag: u8) -> Option<&[u8]> {
    loop {
        let (content, rest) = value(sequence, *sequence.first()?)?;
        if sequence.first() == Some(&tag) {
            return Some(content);
        }
        sequence = rest;
    }
}

/// The content of the value at the start of DER, if it has this tag, and what follows it.
fn value(der: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let rest = der.strip_prefix(&[tag])?;
    let (first, rest) = rest.split_first()?;
    let (length, rest) = match usize::from(*first) {
        short @ ..0x80 => (short, rest),
        long => {
            let (digits, rest) = rest.split_at_checked(long - 0x80)?;
            let length = digits.iter().try_fold(0_usize, |length, digit| {
                length.checked_mul(256)?.checked_add(usize::from(*digit))
            })?;
            (length, rest)
        }
    };
    rest.split_at_checked(length)
}

fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len();
    let mut der = vec![tag];
    match length {
        ..0x80 => der.push(length as u8),
        0x80..0x100 => der.extend([0x81, length as u8]),
        _ => der.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    der.extend(content);
    der
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_contains_its_message_whatever_its_length() {
        for length in [0, 1, 100, 127, 128, 200, 255, 256, 1000] {
            let message = vec![7; length];
            assert_eq!(next(&challenge(&message)), Some(message));
        }
        assert_eq!(next(&accepted()), None);
        for junk in [&[][..], &[0xa1], &[0xa1, 0x84, 1], &[0x60, 0x80]] {
            assert!(first(junk).is_none() && next(junk).is_none());
        }
    }
}
