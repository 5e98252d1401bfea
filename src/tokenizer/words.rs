//! Where a word stands in an encoded prompt.

use super::{Tokenizer, Tokens};

impl Tokenizer {
    /// Positions in `tokens.ids` of all tokens of every occurrence of a word: the tokens that byte-pair
    /// encoding splits it into, or the vectors of a placeholder. Several words are found where they stand one
    /// after the other. Start, end and padding never match. Empty if the word is not there.
    pub fn word_positions(&self, tokens: &Tokens, word: &str) -> Vec<usize> {
        let mut wanted = Vec::new();
        for (id, _) in self.raw_tokens(word) {
            let vectors = match self.placeholder_of(id) {
                Some((placeholder, 0)) => placeholder.vectors,
                _ => 1,
            };
            wanted.extend((id..).take(vectors));
        }
        let words = tokens.ids.iter().skip(1).position(|&id| id == self.end).unwrap_or(0);
        let mut positions = Vec::new();
        if !wanted.is_empty() {
            for (offset, window) in tokens.ids[1..=words].windows(wanted.len()).enumerate() {
                if window == wanted {
                    positions.extend((1 + offset..).take(wanted.len()));
                }
            }
        }
        positions.sort_unstable();
        positions.dedup();
        positions
    }
}
