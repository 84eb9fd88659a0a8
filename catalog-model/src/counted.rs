//! Numbers of things in messages.

/// Formats a number with a noun whose plural ends in `s`: `1 sheet`, `2 sheets`, `3,318 sheets`.
#[must_use]
pub fn counted(count: u64, singular: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{} {singular}{plural}", grouped(count))
}

/// Formats a number with a comma before each group of three digits: `1,234,567`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_numbers_are_grouped_and_only_one_is_singular() {
        for (number, text) in [
            (0, "0 sheets"),
            (1, "1 sheet"),
            (999, "999 sheets"),
            (1000, "1,000 sheets"),
            (1_234_567, "1,234,567 sheets"),
        ] {
            assert_eq!(counted(number, "sheet"), text);
        }
    }
}
