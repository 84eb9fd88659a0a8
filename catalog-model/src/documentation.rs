//! References to the documentation in messages.

/// How a message names a page of the documentation that the program contains, or a section of it:
/// `` `scanner-cli docs qlik-setup#4-the-read-rule` ``. `scanner-cli` tests that every one exists.
#[macro_export]
macro_rules! documentation {
    ($topic:literal) => {
        concat!("`scanner-cli docs ", $topic, "`")
    };
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_reference_is_a_command_and_can_be_part_of_a_constant() {
        const HINT: &str = concat!("see ", documentation!("filters"), " and try again");
        assert_eq!(HINT, "see `scanner-cli docs filters` and try again");
    }
}
