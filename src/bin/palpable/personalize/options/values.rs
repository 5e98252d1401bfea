//! Values of options that are more than one number.

use std::str::FromStr;

/// Two numbers: `20,980`.
#[derive(Clone, Copy, Debug)]
pub struct Pair<T>([T; 2]);

impl<T: FromStr> FromStr for Pair<T> {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let numbers = text.split_once(',').and_then(|(first, second)| {
            let [first, second] = [first, second].map(|number| number.trim().parse().ok());
            Some([first?, second?])
        });
        numbers.map(Self).ok_or_else(|| "write two numbers with a comma between them".to_owned())
    }
}

impl<T> From<Pair<T>> for [T; 2] {
    fn from(pair: Pair<T>) -> Self {
        pair.0
    }
}

/// A number, or `none`.
#[derive(Clone, Copy, Debug)]
pub struct OrNone(Option<f64>);

impl FromStr for OrNone {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "none" => Ok(Self(None)),
            number => number
                .parse()
                .map(|number| Self(Some(number)))
                .map_err(|_| "write a number, or none to do without".to_owned()),
        }
    }
}

impl From<OrNone> for Option<f64> {
    fn from(given: OrNone) -> Self {
        given.0
    }
}
