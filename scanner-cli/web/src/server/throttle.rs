//! Limits how often credentials can be guessed: per address, and less often while many addresses fail.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Maximum number of failures of one address in a window.
const MAX_FAILURES: u32 = 10;
/// Maximum number of failures of one address in a window while all addresses together exceed `MAX_ALL_FAILURES`.
const MAX_FAILURES_UNDER_ATTACK: u32 = 3;
/// Number of failures of all addresses in a window from which on each address has fewer attempts. Addresses without
/// failures still have theirs, so that nobody else is locked out.
const MAX_ALL_FAILURES: u32 = 100;
/// How long failures count.
const WINDOW: Duration = Duration::from_secs(60);
/// Maximum number of addresses that are remembered.
const MAX_ADDRESSES: usize = 10_000;

/// Counts failed logins.
#[derive(Default)]
pub(super) struct Throttle(Mutex<Failures>);

#[derive(Default)]
struct Failures {
    of_address: HashMap<IpAddr, Count>,
    all: Option<Count>,
}

/// The failures since the start of a window.
#[derive(Clone, Copy)]
struct Count {
    since: Instant,
    failures: u32,
}

impl Throttle {
    /// How long an address must wait before its next attempt, if it must.
    pub(super) fn wait(&self, address: IpAddr, now: Instant) -> Option<Duration> {
        let failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_attacked =
            current(failures.all, now).is_some_and(|all| all.failures >= MAX_ALL_FAILURES);
        let limit = match is_attacked {
            true => MAX_FAILURES_UNDER_ATTACK,
            false => MAX_FAILURES,
        };
        let count = failures.of_address.get(&group(address)).copied();
        let count = current(count, now).filter(|count| count.failures >= limit)?;
        Some(WINDOW.saturating_sub(now.saturating_duration_since(count.since)))
    }

    /// Records a failure. Returns the number of failures of this address in the window.
    pub(super) fn failed(&self, address: IpAddr, now: Instant) -> u32 {
        let mut failures = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        failures.all = Some(one_more(failures.all, now));
        let of_address = &mut failures.of_address;
        if of_address.len() >= MAX_ADDRESSES {
            of_address.retain(|_, count| current(Some(*count), now).is_some());
        }
        if of_address.len() >= MAX_ADDRESSES {
            let oldest = of_address.iter().min_by_key(|(_, count)| count.since);
            let oldest = oldest.map(|(address, _)| *address);
            oldest.and_then(|oldest| of_address.remove(&oldest));
        }
        let group = group(address);
        let count = one_more(of_address.get(&group).copied(), now);
        of_address.insert(group, count);
        count.failures
    }
}

fn current(count: Option<Count>, now: Instant) -> Option<Count> {
    count.filter(|count| now.saturating_duration_since(count.since) < WINDOW)
}

fn one_more(count: Option<Count>, now: Instant) -> Count {
    let count = current(count, now).unwrap_or(Count {
        since: now,
        failures: 0,
    });
    Count {
        failures: count.failures.saturating_add(1),
        ..count
    }
}

/// Addresses that usually belong to one client: an IPv6 network of 64 bits.
fn group(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(last: u8) -> IpAddr {
        [10, 0, 0, last].into()
    }

    #[test]
    fn an_address_waits_after_its_failures_and_others_do_not() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for _ in 0..MAX_FAILURES {
            assert_eq!(throttle.wait(address(1), now), None);
            throttle.failed(address(1), now);
        }
        assert_eq!(throttle.wait(address(1), now), Some(WINDOW));
        assert_eq!(throttle.wait(address(2), now), None);
        assert_eq!(throttle.wait(address(1), now + WINDOW), None);
    }

    #[test]
    fn many_failing_addresses_have_fewer_attempts_and_others_still_have_theirs() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for last in 0..100 {
            throttle.failed(address(last), now);
        }
        throttle.failed(address(1), now);
        throttle.failed(address(1), now);
        assert!(throttle.wait(address(1), now).is_some());
        assert_eq!(throttle.wait(address(200), now), None);
    }

    #[test]
    fn memory_is_limited() {
        let (throttle, now) = (Throttle::default(), Instant::now());
        for number in 0..MAX_ADDRESSES as u32 + 100 {
            throttle.failed(IpAddr::V4(number.into()), now);
        }
        let failures = throttle.0.lock().unwrap();
        assert!(failures.of_address.len() <= MAX_ADDRESSES);
    }
}
