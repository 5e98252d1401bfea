//! A prompt's emphasis, by the conventions of the A1111 web UI.
//!
//! | written | means |
//! |---|---|
//! | `(words)` | weight · 1.1; brackets multiply: `((words))` is 1.21 |
//! | `[words]` | weight / 1.1 |
//! | `(words:1.3)` | weight · 1.3; the number must stand right before the closing bracket |
//! | `\(`, `\)`, `\[`, `\]`, `\\` | the character itself |
//! | `BREAK` | ends a chunk, see `chunks.rs` |
//!
//! Malformed input is read in the way that changes least: a bracket that is never closed acts to the end; a
//! bracket that was never opened, and a number outside of round brackets, are text. Unlike in the web UI,
//! BREAK inside brackets ends a chunk, too, and no weight is above 100.

/// A piece of a prompt.
#[derive(Clone, Debug, PartialEq)]
pub enum PromptPiece {
    /// Words of one weight, to be tokenized together.
    Text { text: String, weight: f64 },
    /// The word BREAK.
    Break,
}

/// The largest weight: far above what a picture survives, far below what numbers can't hold.
const MAX_WEIGHT: f64 = 100.0;
/// What one pair of brackets multiplies with.
const ROUND: f64 = 1.1;
const SQUARE: f64 = 1.0 / 1.1;

/// Splits a prompt by weight. Neighbours have different weights; there is at least one piece.
pub fn parse_emphasis(prompt: &str) -> Vec<PromptPiece> {
    let mut pieces = Vec::new();
    let (mut round, mut square) = (Vec::new(), Vec::new());
    let mut rest = prompt;
    while let Some(first) = rest.chars().next() {
        let explicit = if first == ':' && !round.is_empty() { explicit_weight(rest) } else { None };
        let length = match (first, explicit) {
            ('\\', _) => {
                let escaped = rest[1..].chars().next().filter(|next| "()[]\\".contains(*next));
                pieces.push(text(escaped.map(String::from).unwrap_or_default()));
                1 + escaped.map_or(0, char::len_utf8)
            }
            ('(', _) => {
                round.push(pieces.len());
                1
            }
            ('[', _) => {
                square.push(pieces.len());
                1
            }
            (_, Some((weight, length))) => {
                multiply(&mut pieces, round.pop(), weight);
                length
            }
            (')', _) if !round.is_empty() => {
                multiply(&mut pieces, round.pop(), ROUND);
                1
            }
            (']', _) if !square.is_empty() => {
                multiply(&mut pieces, square.pop(), SQUARE);
                1
            }
            _ => {
                let mut after_first = rest.char_indices().skip(1);
                let end = after_first.find(|(_, c)| "\\()[]:".contains(*c));
                let length = end.map_or(rest.len(), |(index, _)| index);
                push_words(&mut pieces, &rest[..length]);
                length
            }
        };
        rest = &rest[length..];
    }
    for start in round {
        multiply(&mut pieces, Some(start), ROUND);
    }
    for start in square {
        multiply(&mut pieces, Some(start), SQUARE);
    }
    merge(pieces)
}

fn text(text: String) -> PromptPiece {
    PromptPiece::Text { text, weight: 1.0 }
}

/// `:1.3)` at the start of `rest`, with spaces around the number: the weight, and the length of it all in
/// bytes.
fn explicit_weight(rest: &str) -> Option<(f64, usize)> {
    let (inside, _) = rest[1..].split_once(')')?;
    let number = inside.trim();
    let digits = number.strip_prefix(['+', '-']).unwrap_or(number);
    let plain = digits.chars().all(|c| c.is_ascii_digit() || c == '.');
    let weight = number.parse().ok().filter(|_| plain)?;
    Some((weight, inside.len() + 2))
}

fn multiply(pieces: &mut [PromptPiece], start: Option<usize>, factor: f64) {
    let bounded = |weight: f64| weight.clamp(-MAX_WEIGHT, MAX_WEIGHT);
    for piece in &mut pieces[start.unwrap_or_default()..] {
        if let PromptPiece::Text { weight, .. } = piece {
            *weight = bounded(*weight * bounded(factor));
        }
    }
}

/// Adds text, split at each word BREAK; the spaces around the word are dropped.
fn push_words(pieces: &mut Vec<PromptPiece>, words: &str) {
    const BREAK: &str = "BREAK";
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut start = 0;
    for (found, _) in words.match_indices(BREAK) {
        let end = found + BREAK.len();
        let alone = !words[..found].ends_with(in_word) && !words[end..].starts_with(in_word);
        if alone {
            pieces.push(text(words[start..found].trim_end().to_owned()));
            pieces.push(PromptPiece::Break);
            start = end + words[end..].len() - words[end..].trim_start().len();
        }
    }
    pieces.push(text(words[start..].to_owned()));
}

/// Joins neighbours of one weight: a word may be written across them.
fn merge(pieces: Vec<PromptPiece>) -> Vec<PromptPiece> {
    let mut merged: Vec<PromptPiece> = Vec::new();
    for piece in pieces {
        match (merged.last_mut(), piece) {
            (
                Some(PromptPiece::Text { text: before, weight: weight_before }),
                PromptPiece::Text { text, weight },
            ) if *weight_before == weight => before.push_str(&text),
            (_, piece) => merged.push(piece),
        }
    }
    if merged.is_empty() {
        merged.push(text(String::new()));
    }
    merged
}
