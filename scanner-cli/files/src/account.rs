//! The user of this process, for messages about missing permissions.

/// The user of this process: ``the user `scanner` ``.
#[cfg(unix)]
#[must_use]
pub fn account() -> String {
    let id = rustix::process::geteuid().as_raw();
    // Users of a directory service are not in this file.
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    match name_of(id, &users) {
        Some(name) => format!("the user `{name}`"),
        None => format!("the user with the id {id}"),
    }
}

/// The user of this process.
#[cfg(not(unix))]
#[must_use]
pub fn account() -> String {
    "the account of the scanner".to_owned()
}

/// The name of a user in the lines of `/etc/passwd`.
#[cfg(unix)]
fn name_of(id: u32, users: &str) -> Option<&str> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(id)).then_some(name)
    })
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_its_id() {
        let users = "root:x:0:0:root:/root:/bin/sh\n# comment\nscanner:x:998:998::/:/bin/false\n";
        assert_eq!(name_of(998, users), Some("scanner"));
        assert_eq!(name_of(0, users), Some("root"));
        assert_eq!(name_of(1, users), None);
    }
}
