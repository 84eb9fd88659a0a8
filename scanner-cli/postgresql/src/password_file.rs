//! The file of passwords that PostgreSQL's own programs use, `~/.pgpass`.
//!
//! Source of the format: the documentation of PostgreSQL, "The Password File".

use secrecy::SecretString;

use crate::settings::Target;

/// The password in a file of passwords for the first server of a target that it names.
#[must_use]
pub fn password_in(file: &str, target: &Target) -> Option<SecretString> {
    target.hosts.iter().find_map(|at| {
        let host = at.host.trim_matches(['[', ']']);
        let port = at.port.to_string();
        let wanted = [host, &port, &target.database, &target.user];
        file.lines().find_map(|line| password_of(line, &wanted))
    })
}

/// The password of a line, if its other fields are as wanted or `*`.
fn password_of(line: &str, wanted: &[&str; 4]) -> Option<SecretString> {
    if line.starts_with('#') {
        return None;
    }
    let mut fields = fields(line).into_iter();
    let fits = wanted.iter().all(|wanted| {
        let field = fields.next();
        field.is_some_and(|field| field == "*" || field == *wanted)
    });
    fields.next().filter(|_| fits).map(SecretString::from)
}

/// The fields between colons. A backslash makes the next character an ordinary one.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut chars = line.chars();
    while let Some(char) = chars.next() {
        match char {
            ':' => fields.push(String::new()),
            char => {
                let char = if char == '\\' {
                    chars.next().unwrap_or(char)
                } else {
                    char
                };
                if let Some(field) = fields.last_mut() {
                    field.push(char);
                }
            }
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn the_first_line_that_fits_has_the_password() {
        let wanted = ["db.example.com", "5432", "catalog", "scanner"];
        for (line, expected) in [
            ("db.example.com:5432:catalog:scanner:secret", Some("secret")),
            ("*:*:*:*:se\\:cr\\\\et", Some("se:cr\\et")),
            ("*:*:*:scanner:", Some("")),
            ("#*:*:*:*:secret", None),
            ("other:5432:catalog:scanner:secret", None),
            ("*:*:*", None),
            ("", None),
        ] {
            let found = password_of(line, &wanted);
            assert_eq!(
                found.as_ref().map(|one| one.expose_secret()),
                expected,
                "{line}"
            );
        }
    }
}
