//! Numbers among the arguments.

use std::str::FromStr;

/// Reads a count that can't be none.
///
/// # Errors
/// It is no whole number, or 0.
pub fn at_least_one<Count: FromStr + PartialOrd + From<u8>>(text: &str) -> Result<Count, String> {
    let count = text.parse().ok().filter(|count| *count >= Count::from(1));
    count.ok_or_else(|| "write a whole number from 1 up".to_owned())
}
