//! Where a word stands in an encoded prompt.

use super::{Tokenizer, Tokens};

impl Tokenizer {
    /// The places in `tokens.ids` of every occurrence of a word, all its tokens among them: the pieces that
    /// byte-pair encoding parts it into, or the vectors of a placeholder. Several words are looked for as
    /// they stand one after the other. Start, end and padding are none of them. Empty if it is not there.
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
