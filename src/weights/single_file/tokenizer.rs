//! The files of CLIP's tokenizer, made from its merges alone.
//!
//! CLIP numbers its vocabulary so: the 256 bytes by their letters, the same at a word's end, each merge
//! in order, start of text, end of text.

use serde_json::{Map, Value, json};

use super::View;

const START: &str = "<|startoftext|>";
const END: &str = "<|endoftext|>";

/// `pads_with_zero`: with `!`, the token of id 0, as Stable Diffusion 2 does, not with the end token.
pub(super) fn files(merges: &str, pads_with_zero: bool) -> [(&'static str, View); 3] {
    let config = json!({
        "bos_token": START, "eos_token": END, "unk_token": END, "model_max_length": 77,
        "pad_token": if pads_with_zero { "!" } else { END },
    });
    [
        ("tokenizer/vocab.json", View::text(&vocabulary(merges))),
        ("tokenizer/merges.txt", View::bytes(merges.as_bytes().to_vec())),
        ("tokenizer/tokenizer_config.json", View::text(&config)),
    ]
}

fn vocabulary(merges: &str) -> Value {
    let letters = byte_letters();
    let merged = merges.lines().filter(|line| !line.starts_with("#version")).filter_map(|line| {
        let (first, second) = line.split_once(' ')?;
        Some(format!("{first}{second}"))
    });
    let words = letters.iter().map(char::to_string);
    let endings = letters.iter().map(|letter| format!("{letter}</w>"));
    let specials = [START, END].map(str::to_owned);
    let tokens = words.chain(endings).chain(merged).chain(specials);
    Value::Object(tokens.enumerate().map(|(id, token)| (token, json!(id))).collect::<Map<_, _>>())
}

/// GPT-2's letters for bytes: printable ones stand for themselves and come first, the others follow
/// with letters from U+0100 on.
fn byte_letters() -> Vec<char> {
    let printable = |byte: &u8| matches!(byte, 33..=126 | 161..=172 | 174..);
    let others = (0..=u8::MAX).filter(|byte| !printable(byte)).count() as u32;
    let plain = (0..=u8::MAX).filter(printable).map(char::from);
    plain.chain((0..others).filter_map(|index| char::from_u32(256 + index))).collect()
}
