//! CLIP's tokenizer: prompts → the 77 token ids that the text encoder takes.
//!
//! Byte-pair encoding is the `tokenizers` crate's, put together as transformers' `CLIPTokenizer` does
//! from `vocab.json` and `merges.txt` (`pipeline.rs`), with the special tokens of the model's config
//! (`config.rs`). Placeholders such as `<my-dog>` are added tokens whose ids follow the vocabulary's;
//! one with n vectors stands for the n tokens `<my-dog>`, `<my-dog>_1`, … `<my-dog>_{n−1}`, as in
//! diffusers' textual inversion: the prompt's word `<my-dog>` becomes all of them.
//!
//! A prompt is read literally and cut to length ([`Tokenizer::encode`]), or with emphasis and in as many
//! chunks as it takes ([`Tokenizer::encode_chunks`]; `emphasis.rs`, `chunks.rs`).

mod chunks;
mod config;
mod emphasis;
mod error;
mod pipeline;
mod words;

use tokenizers::{AddedToken, AddedVocabulary, Model};

pub use chunks::WeightedTokens;
pub use emphasis::{PromptPiece, parse_emphasis};
pub use error::Error;

use crate::weights::{self, ByteSource, read_text};
use config::TokenizerConfig;
use pipeline::{ClipPipeline, build_pipeline};

/// A model's tokenizer, with the placeholders added so far.
#[derive(Clone)]
pub struct Tokenizer {
    pipeline: ClipPipeline,
    special_tokens: Vec<AddedToken>,
    placeholders: Vec<Placeholder>,
    start: u32,
    end: u32,
    padding: u32,
    /// Number of ids of one encoded prompt, start and end included.
    length: usize,
}

#[derive(Clone, Debug)]
struct Placeholder {
    word: String,
    vectors: usize,
    /// Its first token's id; the others' follow.
    first_id: u32,
}

/// An encoded prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tokens {
    /// Start, the prompt's tokens, end, padding: as many as the text encoder has positions. Ids of
    /// placeholders lie beyond the text encoder's table.
    pub ids: Vec<u32>,
    /// Where placeholders' vectors belong, from left to right.
    pub placeholders: Vec<PlaceholderSpan>,
    /// The end of the prompt that did not fit.
    pub truncated: Option<String>,
}

/// Consecutive vectors of a placeholder in a prompt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceholderSpan {
    /// As it was added, such as `<my-dog>`.
    pub placeholder: String,
    /// Where the first one stands in [`Tokens::ids`].
    pub position: usize,
    /// Which vector that is: 0, unless the prompt names `<my-dog>_1` or a later one itself.
    pub first_vector: usize,
    /// How many stand there: all, unless the prompt was cut or names one itself.
    pub vectors: usize,
}

impl Tokenizer {
    /// From the texts of `vocab.json`, `merges.txt` and `tokenizer_config.json`; CLIP's own settings
    /// where the config is silent.
    ///
    /// # Errors
    /// A text is not what it should be, or the vocabulary lacks a token that the others name.
    pub fn new(vocabulary_json: &str, merges: &str, config_json: Option<&str>) -> Result<Self, Error> {
        let config = match config_json {
            Some(json) => TokenizerConfig::parse(json)?,
            None => TokenizerConfig::default(),
        };
        Self::from_config(vocabulary_json, merges, &config)
    }

    /// From a model's folder, such as "tokenizer", or "" where the files lie at the top;
    /// `special_tokens_map.json` is heeded too.
    ///
    /// # Errors
    /// A file is missing or unreadable, or as [`new`](Self::new).
    pub async fn load(source: &dyn ByteSource, folder: &str) -> Result<Self, Error> {
        let path = |name: &str| match folder {
            "" => name.to_owned(),
            folder => format!("{folder}/{name}"),
        };
        let vocabulary = read_text(source, &path("vocab.json")).await?;
        let merges = read_text(source, &path("merges.txt")).await?;
        let mut config = TokenizerConfig::default();
        if let Some(json) = read_if_present(source, &path("tokenizer_config.json")).await? {
            config = TokenizerConfig::parse(&json)?;
        }
        if let Some(json) = read_if_present(source, &path("special_tokens_map.json")).await? {
            config.override_special_tokens(&json)?;
        }
        Self::from_config(&vocabulary, &merges, &config)
    }

    fn from_config(vocabulary_json: &str, merges: &str, config: &TokenizerConfig) -> Result<Self, Error> {
        let pipeline = build_pipeline(vocabulary_json, merges, config.unknown_token())?;
        let id = |token: &str| {
            let missing = || Error::MissingToken { token: token.to_owned() };
            pipeline.get_model().token_to_id(token).ok_or_else(missing)
        };
        let mut tokenizer = Self {
            start: id(config.start_token())?,
            end: id(config.end_token())?,
            padding: id(config.padding_token())?,
            length: config.length(),
            special_tokens: config.special_tokens(),
            placeholders: Vec::new(),
            pipeline,
        };
        tokenizer.refresh();
        Ok(tokenizer)
    }

    /// Makes `placeholder` a word of its own, with at most as many vectors as a prompt has room for. Upper
    /// and lower case are the same.
    ///
    /// # Errors
    /// It is empty, holds white space, is one token already (a word of the vocabulary or a piece of one, another
    /// placeholder), is not found whole in a prompt (with emphasis, too), or the number of vectors is out of bounds.
    pub fn add_placeholder(&mut self, placeholder: &str, vectors: usize) -> Result<(), Error> {
        if placeholder.is_empty() {
            return Err(Error::EmptyPlaceholder);
        }
        if placeholder.contains(char::is_whitespace) {
            return Err(Error::PlaceholderWithSpace { placeholder: placeholder.to_owned() });
        }
        let most = self.length - 2;
        if !(1..=most).contains(&vectors) {
            return Err(Error::VectorCount { vectors, most });
        }
        for token in token_names(placeholder, vectors) {
            // A piece of words is no token in a prompt, but a placeholder of its name would get its id.
            let is_piece = self.pipeline.get_model().token_to_id(&token).is_some();
            if is_piece || self.raw_tokens(&token).len() == 1 {
                return Err(Error::KnownWord { word: token });
            }
        }
        self.placeholders.push(Placeholder { word: placeholder.to_owned(), vectors, first_id: 0 });
        self.refresh();
        // The syntax of emphasis and special tokens, such as Stable Diffusion 2's `!`, are cut out first.
        let whole =
            PlaceholderSpan { placeholder: placeholder.to_owned(), position: 1, first_vector: 0, vectors };
        if self.encode_chunks(placeholder)[0].tokens.placeholders != [whole] {
            self.placeholders.pop();
            self.refresh();
            return Err(Error::SplitPlaceholder { placeholder: placeholder.to_owned() });
        }
        Ok(())
    }

    /// Forgets a placeholder; nothing happens if there is none of that name. Ids of the placeholders
    /// that were added after it move down.
    pub fn remove_placeholder(&mut self, placeholder: &str) {
        self.placeholders.retain(|known| known.word != placeholder);
        self.refresh();
    }

    /// Number of ids of one encoded prompt, start and end included; the text encoder needs as many positions.
    pub fn length(&self) -> usize {
        self.length
    }

    /// The ids of a prompt: cut or padded to the text encoder's length.
    pub fn encode(&self, prompt: &str) -> Tokens {
        let room = self.length - 2;
        let mut ids = vec![self.start];
        let mut placeholders = Vec::new();
        let mut truncated = None;
        for (id, offset) in self.raw_tokens(prompt) {
            let (placeholder, first_vector, wanted) = match self.placeholder_of(id) {
                Some((placeholder, 0)) => (Some(placeholder), 0, placeholder.vectors),
                Some((placeholder, vector)) => (Some(placeholder), vector, 1),
                None => (None, 0, 1),
            };
            let vectors = wanted.min(room + 1 - ids.len());
            if let Some(placeholder) = placeholder.filter(|_| vectors > 0) {
                let placeholder = placeholder.word.clone();
                placeholders.push(PlaceholderSpan {
                    placeholder,
                    position: ids.len(),
                    first_vector,
                    vectors,
                });
            }
            ids.extend((id..).take(vectors));
            if vectors < wanted {
                truncated = prompt.get(offset..).map(str::to_owned);
                break;
            }
        }
        ids.push(self.end);
        ids.resize(self.length, self.padding);
        Tokens { ids, placeholders, truncated }
    }

    /// The ids of a text, without start, end, cut and padding, each with the byte at which its text begins.
    fn raw_tokens(&self, text: &str) -> Vec<(u32, usize)> {
        let encoding = self.pipeline.encode(text, false).expect(
            "only an unknown token outside of the vocabulary makes a step fail, and it was sought there",
        );
        let starts = encoding.get_offsets().iter().map(|&(start, _)| start);
        encoding.get_ids().iter().copied().zip(starts).collect()
    }

    /// The id of a comma that ends a word; some vocabularies lack it.
    fn comma(&self) -> Option<u32> {
        self.pipeline.get_model().token_to_id(",</w>")
    }

    fn placeholder_of(&self, id: u32) -> Option<(&Placeholder, usize)> {
        self.placeholders.iter().find_map(|placeholder| {
            let vector = id.checked_sub(placeholder.first_id)? as usize;
            (vector < placeholder.vectors).then_some((placeholder, vector))
        })
    }

    /// Tells the pipeline the tokens beyond the vocabulary; they get their ids in this order.
    fn refresh(&mut self) {
        let (model, normalizer) = (self.pipeline.get_model(), self.pipeline.get_normalizer());
        let mut added = AddedVocabulary::new();
        added.add_tokens(&self.special_tokens, model, normalizer);
        for placeholder in &mut self.placeholders {
            let tokens: Vec<_> = token_names(&placeholder.word, placeholder.vectors)
                .map(|token| AddedToken::from(token, false))
                .collect();
            added.add_tokens(&tokens, model, normalizer);
            placeholder.first_id = added.token_to_id(&placeholder.word, model).unwrap_or_default();
        }
        self.pipeline.with_added_vocabulary(added);
    }
}

/// `<my-dog>`, `<my-dog>_1`, …
fn token_names(placeholder: &str, vectors: usize) -> impl Iterator<Item = String> {
    let more = (1..vectors).map(move |vector| format!("{placeholder}_{vector}"));
    std::iter::once(placeholder.to_owned()).chain(more)
}

async fn read_if_present(source: &dyn ByteSource, path: &str) -> Result<Option<String>, weights::Error> {
    match source.length(path).await? {
        Some(_) => read_text(source, path).await.map(Some),
        None => Ok(None),
    }
}
