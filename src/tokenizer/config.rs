//! `tokenizer_config.json` and `special_tokens_map.json`, read as transformers 5 reads them.
//!
//! A special token is a bare string, or an object that also says whether it is sought in the
//! normalized text. Models differ in the padding: Stable Diffusion 1 pads with the end token, 2 with
//! `!` (id 0), which there is then a special token in prompts as well.

use std::collections::BTreeMap;

use serde::Deserialize;
use tokenizers::AddedToken;

use super::Error;

const START: &str = "<|startoftext|>";
const END: &str = "<|endoftext|>";
/// CLIP's positions; some configs say 10³⁰ for "no limit".
const LONGEST: f64 = 77.0;

/// What the two files say.
#[derive(Default, Deserialize)]
pub(super) struct TokenizerConfig {
    bos_token: Option<SpecialToken>,
    eos_token: Option<SpecialToken>,
    unk_token: Option<SpecialToken>,
    pad_token: Option<SpecialToken>,
    model_max_length: Option<f64>,
    /// Newer files: every token beside the vocabulary, by id.
    added_tokens_decoder: Option<BTreeMap<String, Description>>,
}

#[derive(Clone, Deserialize)]
#[serde(untagged)]
enum SpecialToken {
    Bare(String),
    Described(Description),
}

#[derive(Clone, Deserialize)]
struct Description {
    content: String,
    #[serde(default)]
    lstrip: bool,
    #[serde(default)]
    rstrip: bool,
    #[serde(default)]
    single_word: bool,
    normalized: Option<bool>,
    #[serde(default)]
    special: bool,
}

impl TokenizerConfig {
    pub fn parse(json: &str) -> Result<Self, Error> {
        serde_json::from_str(json).map_err(|error| Error::BadConfig { problem: error.to_string() })
    }

    /// Takes over what `special_tokens_map.json` says, unless the config describes its tokens itself.
    pub fn override_special_tokens(&mut self, json: &str) -> Result<(), Error> {
        let map = Self::parse(json)?;
        if self.added_tokens_decoder.is_none() {
            self.bos_token = map.bos_token.or(self.bos_token.take());
            self.eos_token = map.eos_token.or(self.eos_token.take());
            self.unk_token = map.unk_token.or(self.unk_token.take());
            self.pad_token = map.pad_token.or(self.pad_token.take());
        }
        Ok(())
    }

    pub fn start_token(&self) -> &str {
        content(&self.bos_token, START)
    }

    pub fn end_token(&self) -> &str {
        content(&self.eos_token, END)
    }

    pub fn unknown_token(&self) -> &str {
        content(&self.unk_token, END)
    }

    pub fn padding_token(&self) -> &str {
        content(&self.pad_token, END)
    }

    /// Number of ids of one prompt, start and end included.
    pub fn length(&self) -> usize {
        self.model_max_length.unwrap_or(LONGEST).clamp(2.0, LONGEST) as usize
    }

    /// The tokens that are sought in a prompt before byte-pair encoding, in upstream's order.
    pub fn special_tokens(&self) -> Vec<AddedToken> {
        let mut tokens = Vec::new();
        if let Some(described) = &self.added_tokens_decoder {
            let mut by_id: Vec<_> = described.iter().collect();
            by_id.sort_by_key(|(id, _)| id.parse::<u32>().unwrap_or(u32::MAX));
            tokens.extend(by_id.into_iter().map(|(_, token)| token.added(token.special)));
        }
        let named = [
            (&self.bos_token, START),
            (&self.eos_token, END),
            (&self.unk_token, END),
            (&self.pad_token, END),
        ];
        for (token, default) in named {
            if tokens.iter().all(|known: &AddedToken| known.content != content(token, default)) {
                tokens.push(match token {
                    Some(SpecialToken::Described(token)) => token.added(true),
                    Some(SpecialToken::Bare(content)) => AddedToken::from(content, true),
                    None => AddedToken::from(default, true),
                });
            }
        }
        tokens
    }
}

impl Description {
    fn added(&self, special: bool) -> AddedToken {
        AddedToken::from(&self.content, special)
            .lstrip(self.lstrip)
            .rstrip(self.rstrip)
            .single_word(self.single_word)
            .normalized(self.normalized.unwrap_or(!special))
    }
}

fn content<'a>(token: &'a Option<SpecialToken>, default: &'a str) -> &'a str {
    match token {
        Some(SpecialToken::Bare(content)) => content,
        Some(SpecialToken::Described(token)) => &token.content,
        None => default,
    }
}
