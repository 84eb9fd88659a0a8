//! Which scanner should scan which connection. All scanners compute it from the same facts.

use std::collections::{BTreeMap, BTreeSet};

/// The scanners that have a file of a connection, each with the digest of its settings; by code.
pub(super) type Candidates = BTreeMap<String, BTreeMap<String, String>>;

/// The scanner that should have each connection. A connection whose digests differ has none. As few connections as
/// possible move, and none that is being scanned.
pub(super) fn spread(
    candidates: &Candidates,
    held: &BTreeMap<String, String>,
    busy: &BTreeSet<String>,
) -> BTreeMap<String, String> {
    let agreed = candidates.iter().filter(|(_, scanners)| agree(scanners));
    let mut wanted: BTreeMap<String, String> = BTreeMap::new();
    let mut loads: BTreeMap<&str, usize> = BTreeMap::new();
    for scanner in candidates.values().flat_map(BTreeMap::keys) {
        loads.entry(scanner).or_default();
    }
    let mut free = Vec::new();
    for (code, scanners) in agreed {
        match held
            .get(code)
            .filter(|holder| scanners.contains_key(*holder))
        {
            Some(holder) => {
                *loads.entry(holder).or_default() += 1;
                wanted.insert(code.clone(), holder.clone());
            }
            None => free.push((code, scanners)),
        }
    }
    for (code, scanners) in free {
        if let Some(least) = scanners.keys().min_by_key(|scanner| load(&loads, scanner)) {
            *loads.entry(least).or_default() += 1;
            wanted.insert(code.clone(), least.clone());
        }
    }
    while let Some((code, from, to)) = next_move(&wanted, candidates, &loads, busy) {
        *loads.entry(to).or_default() += 1;
        if let Some(count) = loads.get_mut(from.as_str()) {
            *count -= 1;
        }
        wanted.insert(code, to.to_owned());
    }
    wanted
}

/// Whether all scanners have the same settings.
fn agree(scanners: &BTreeMap<String, String>) -> bool {
    let mut digests = scanners.values();
    let first = digests.next();
    first.is_some_and(|first| digests.all(|digest| digest == first))
}

fn load(loads: &BTreeMap<&str, usize>, scanner: &str) -> usize {
    loads.get(scanner).copied().unwrap_or_default()
}

/// A connection that moves from a scanner to one that has at least two fewer.
fn next_move<'a>(
    wanted: &BTreeMap<String, String>,
    candidates: &'a Candidates,
    loads: &BTreeMap<&str, usize>,
    busy: &BTreeSet<String>,
) -> Option<(String, String, &'a str)> {
    let movable = wanted.iter().filter(|(code, _)| !busy.contains(*code));
    let moves = movable.filter_map(|(code, from)| {
        let to = candidates.get(code)?.keys();
        let to = to.min_by_key(|scanner| load(loads, scanner))?;
        let gain = load(loads, from).checked_sub(load(loads, to))?;
        (gain >= 2).then_some((gain, code, from, to))
    });
    let (_, code, from, to) = moves.max_by_key(|(gain, ..)| *gain)?;
    Some((code.clone(), from.clone(), to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(scanners: &[&str], codes: &[&str]) -> Candidates {
        let scanners = scanners
            .iter()
            .map(|one| ((*one).to_owned(), "d".to_owned()));
        let scanners: BTreeMap<_, _> = scanners.collect();
        let codes = codes
            .iter()
            .map(|code| ((*code).to_owned(), scanners.clone()));
        codes.collect()
    }

    fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        let pairs = pairs
            .iter()
            .map(|(code, by)| ((*code).to_owned(), (*by).to_owned()));
        pairs.collect()
    }

    #[test]
    fn connections_are_spread_evenly_and_as_few_as_possible_move() {
        let none = BTreeSet::new();
        let three = all(&["a", "b", "c"], &["1", "2", "3", "4", "5"]);
        let first = spread(&three, &BTreeMap::new(), &none);
        assert_eq!(
            first,
            map(&[("1", "a"), ("2", "b"), ("3", "c"), ("4", "a"), ("5", "b")])
        );
        assert_eq!(
            spread(&three, &first, &none),
            first,
            "nothing moves without a reason"
        );
        // `a` is gone.
        let two = all(&["b", "c"], &["1", "2", "3", "4", "5"]);
        let after = spread(&two, &first, &none);
        assert_eq!(
            after,
            map(&[("1", "c"), ("2", "b"), ("3", "c"), ("4", "b"), ("5", "b")])
        );
        // It comes back.
        let again = spread(&three, &after, &none);
        let moved = again
            .iter()
            .filter(|(code, by)| after.get(*code) != Some(*by));
        assert_eq!(moved.count(), 1);
        assert_eq!(again.values().filter(|by| *by == "a").count(), 1);
    }

    #[test]
    fn a_connection_that_is_scanned_does_not_move() {
        let held = map(&[("1", "a"), ("2", "a"), ("3", "a")]);
        let busy = ["1", "2"].map(str::to_owned).into_iter().collect();
        let wanted = spread(&all(&["a", "b"], &["1", "2", "3"]), &held, &busy);
        assert_eq!(wanted, map(&[("1", "a"), ("2", "a"), ("3", "b")]));
        let busy = ["1", "2", "3"].map(str::to_owned).into_iter().collect();
        assert_eq!(
            spread(&all(&["a", "b"], &["1", "2", "3"]), &held, &busy),
            held
        );
    }

    #[test]
    fn a_connection_whose_settings_differ_is_nobodys() {
        let mut candidates = all(&["a", "b"], &["1", "2"]);
        let of_one = candidates.get_mut("1").unwrap();
        of_one.insert("b".to_owned(), "other".to_owned());
        let held = map(&[("1", "a")]);
        assert_eq!(
            spread(&candidates, &held, &BTreeSet::new()),
            map(&[("2", "a")])
        );
    }

    #[test]
    fn a_scanner_has_only_connections_whose_files_it_has() {
        let mut candidates = all(&["a"], &["1", "2", "3"]);
        candidates.extend(all(&["b"], &["4"]));
        let wanted = spread(&candidates, &BTreeMap::new(), &BTreeSet::new());
        assert_eq!(
            wanted,
            map(&[("1", "a"), ("2", "a"), ("3", "a"), ("4", "b")])
        );
    }
}
