//! Prompts of any length, as chunks that the text encoder reads one at a time, by the conventions of
//! the A1111 web UI.
//!
//! * A chunk holds 75 tokens (the text encoder's length less start and end), and is padded to that.
//! * A chunk that is full ends at its last comma, if one stands among its last 20 tokens: what follows
//!   the comma opens the next chunk, so that a phrase stays together.
//! * BREAK ends a chunk at once.
//! * The vectors of a placeholder are never separated.
//! * Each token carries the weight of its piece of the prompt (`emphasis.rs`); start, end and padding
//!   carry 1.

use super::{PlaceholderSpan, PromptPiece, Tokenizer, Tokens, parse_emphasis};

/// Number of tokens at the end of a full chunk that are searched for a comma.
const COMMA_BACKTRACK: usize = 20;

/// One chunk of a prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct WeightedTokens {
    /// Nothing is cut off: [`Tokens::truncated`] is `None`.
    pub tokens: Tokens,
    /// One for each of the tokens' ids.
    pub weights: Vec<f32>,
}

/// A token in a chunk.
#[derive(Clone)]
struct Place {
    id: u32,
    weight: f32,
    /// Set where a placeholder begins; its position is filled in when the chunk ends.
    span: Option<PlaceholderSpan>,
}

/// The chunks so far, and the one that is being filled.
struct Chunks {
    room: usize,
    full: Vec<Vec<Place>>,
    open: Vec<Place>,
    last_comma: Option<usize>,
}

impl Tokenizer {
    /// The chunks of a prompt with emphasis: at least one.
    pub fn encode_chunks(&self, prompt: &str) -> Vec<WeightedTokens> {
        let room = self.length() - 2;
        let mut chunks = Chunks { room, full: Vec::new(), open: Vec::new(), last_comma: None };
        let comma = self.comma();
        for piece in parse_emphasis(prompt) {
            match piece {
                PromptPiece::Break => chunks.close(),
                PromptPiece::Text { text, weight } => {
                    for (id, _) in self.raw_tokens(&text) {
                        chunks.push(self.places(id, weight as f32, room), Some(id) == comma);
                    }
                }
            }
        }
        if !chunks.open.is_empty() || chunks.full.is_empty() {
            chunks.close();
        }
        chunks.full.into_iter().map(|places| self.chunk(places)).collect()
    }

    /// A token, or all vectors of a placeholder.
    fn places(&self, id: u32, weight: f32, room: usize) -> Vec<Place> {
        let plain = Place { id, weight, span: None };
        let Some((placeholder, first_vector)) = self.placeholder_of(id) else { return vec![plain] };
        let wanted = if first_vector == 0 { placeholder.vectors } else { 1 };
        let vectors = wanted.min(room);
        let mut places: Vec<Place> = (id..).take(vectors).map(|id| Place { id, ..plain.clone() }).collect();
        if let Some(first) = places.first_mut() {
            let placeholder = placeholder.word.clone();
            first.span = Some(PlaceholderSpan { placeholder, position: 0, first_vector, vectors });
        }
        places
    }

    fn chunk(&self, places: Vec<Place>) -> WeightedTokens {
        let mut tokens = Tokens { ids: vec![self.start], placeholders: Vec::new(), truncated: None };
        let mut weights = vec![1.0];
        for Place { id, weight, span } in places {
            tokens
                .placeholders
                .extend(span.map(|span| PlaceholderSpan { position: tokens.ids.len(), ..span }));
            tokens.ids.push(id);
            weights.push(weight);
        }
        tokens.ids.push(self.end);
        tokens.ids.resize(self.length(), self.padding);
        weights.resize(self.length(), 1.0);
        WeightedTokens { tokens, weights }
    }
}

impl Chunks {
    fn push(&mut self, places: Vec<Place>, is_comma: bool) {
        if self.room == 0 {
            return;
        }
        if is_comma {
            self.last_comma = Some(self.open.len());
        } else if self.open.len() == self.room {
            let comma = self.last_comma.filter(|comma| self.open.len() - comma <= COMMA_BACKTRACK);
            if let Some(comma) = comma {
                let moved = self.open.split_off(comma + 1);
                self.close();
                self.open = moved;
            }
        }
        if self.open.len() + places.len() > self.room {
            self.close();
        }
        self.open.extend(places);
    }

    fn close(&mut self) {
        self.full.push(std::mem::take(&mut self.open));
        self.last_comma = None;
    }
}
