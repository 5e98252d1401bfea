//! The steps from text to ids, as transformers' `CLIPTokenizer` sets them up: normalize (NFC, white
//! space to single spaces, lower case), split into words, map bytes to letters, byte-pair encode.
//!
//! The steps are concrete types, so that the browser's module carries no other models' steps.

use std::collections::HashMap;

use tokenizers::{
    NormalizedString, Normalizer, PreTokenizedString, PreTokenizer, Result as StepResult,
    SplitDelimiterBehavior, TokenizerImpl,
    models::bpe::{BPE, BpeBuilder, Vocab},
    normalizers::{Lowercase, NFC, Replace, replace::ReplacePattern},
    pre_tokenizers::{
        byte_level::ByteLevel,
        split::{Split, SplitPattern},
    },
};

use super::Error;

/// Words: contractions, runs of letters, single digits, runs of anything else that is not a space.
const WORDS: &str =
    r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

/// Start, end and padding are added outside; the last two types stand for steps that are not taken.
pub(super) type ClipPipeline = TokenizerImpl<BPE, ClipNormalizer, ClipWords, ByteLevel, ByteLevel>;

/// # Errors
/// A text is malformed, the two do not belong together, or the vocabulary lacks `unknown_token`.
pub(super) fn build_pipeline(
    vocabulary_json: &str,
    merges: &str,
    unknown_token: &str,
) -> Result<ClipPipeline, Error> {
    let vocabulary: HashMap<String, u32> = serde_json::from_str(vocabulary_json)
        .map_err(|error| Error::BadVocabulary { problem: error.to_string() })?;
    if !vocabulary.contains_key(unknown_token) {
        return Err(Error::MissingToken { token: unknown_token.to_owned() });
    }
    // New words are numbered from the vocabulary's size on, where no token of its own may be.
    let tokens = vocabulary.len();
    if let Some((token, id)) = vocabulary.iter().find(|(_, id)| **id as usize >= tokens) {
        let problem = format!("\"{token}\" has the number {id}, and there are only {tokens} tokens");
        return Err(Error::BadVocabulary { problem });
    }
    let model = BpeBuilder::new()
        .vocab_and_merges(vocabulary.into_iter().collect::<Vocab>(), parse_merges(merges)?)
        .unk_token(unknown_token.to_owned())
        .continuing_subword_prefix(String::new())
        .end_of_word_suffix("</w>".to_owned())
        .fuse_unk(false)
        .build()
        .map_err(|error| Error::Mismatch { problem: error.to_string() })?;
    let mut pipeline = ClipPipeline::new(model);
    pipeline.with_normalizer(Some(ClipNormalizer::new())).with_pre_tokenizer(Some(ClipWords::new()));
    Ok(pipeline)
}

/// Pairs of tokens in the order they are merged; the first line may name the format's version.
fn parse_merges(merges: &str) -> Result<Vec<(String, String)>, Error> {
    let lines = merges.lines().enumerate().filter(|(_, line)| !line.starts_with("#version"));
    let pair = |(index, line): (usize, &str)| match line.split(' ').collect::<Vec<_>>()[..] {
        [left, right] => Ok((left.to_owned(), right.to_owned())),
        _ => Err(Error::BadMerge { line: index + 1 }),
    };
    lines.map(pair).collect()
}

/// NFC, runs of white space to one space, lower case.
#[derive(Clone)]
pub(super) struct ClipNormalizer {
    spaces: Replace,
}

impl ClipNormalizer {
    fn new() -> Self {
        let pattern = ReplacePattern::Regex(r"\s+".to_owned());
        Self { spaces: Replace::new(pattern, " ").expect("the expression is valid") }
    }
}

impl Normalizer for ClipNormalizer {
    fn normalize(&self, text: &mut NormalizedString) -> StepResult<()> {
        NFC.normalize(text)?;
        self.spaces.normalize(text)?;
        Lowercase.normalize(text)
    }
}

/// Words without the space between them, their bytes written as printable letters.
#[derive(Clone)]
pub(super) struct ClipWords {
    words: Split,
    bytes: ByteLevel,
}

impl ClipWords {
    fn new() -> Self {
        let pattern = SplitPattern::Regex(WORDS.to_owned());
        let words = Split::new(pattern, SplitDelimiterBehavior::Removed, true);
        Self { words: words.expect("the expression is valid"), bytes: ByteLevel::new(false, true, true) }
    }
}

impl PreTokenizer for ClipWords {
    fn pre_tokenize(&self, text: &mut PreTokenizedString) -> StepResult<()> {
        self.words.pre_tokenize(text)?;
        self.bytes.pre_tokenize(text)
    }
}
