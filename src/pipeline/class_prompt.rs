//! The prompt with ordinary words in the place of learned ones.

use crate::training::settings::with_article;

/// A prompt with each placeholder replaced by its class noun: "a sketch of `<my-dog>`" → "a sketch of a
/// dog", and "a sketch of a `<my-dog>` dog" too. An article or possessive that stands before the placeholder
/// is kept, "a" and "an" as the noun wants it.
pub(super) fn class_prompt(prompt: &str, words: &[(String, String)]) -> String {
    words.iter().fold(prompt.to_owned(), |prompt, (placeholder, noun)| {
        let noun = noun.trim();
        let mut parts = prompt.split(placeholder.as_str());
        let mut replaced = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let before = replaced.trim_end();
            let last_word = before.rsplit(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
            let spaced = before.len() < replaced.len();
            match last_word.to_lowercase().as_str() {
                "a" | "an" if spaced => {
                    replaced.truncate(before.len() - last_word.len());
                    replaced += &with_article(noun);
                }
                "the" | "my" | "your" | "his" | "her" | "its" | "our" | "their" | "this" | "that"
                    if spaced =>
                {
                    replaced += noun;
                }
                _ => replaced += &with_article(noun),
            }
            replaced += without_noun(part, noun);
        }
        replaced
    })
}

/// What follows a noun that the prompt has already: "dog at night" → "at night".
fn without_noun<'a>(text: &'a str, noun: &str) -> &'a str {
    let rest = text.trim_start().strip_prefix(noun);
    rest.filter(|rest| !noun.is_empty() && !rest.starts_with(char::is_alphanumeric)).unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::class_prompt;

    #[test]
    fn placeholders_become_nouns_with_their_article() {
        let words = [("<my-dog>".to_owned(), "dog".to_owned()), ("<owl>".to_owned(), "owl".to_owned())];
        for (prompt, expected) in [
            ("a sketch of <my-dog>", "a sketch of a dog"),
            ("<owl> beside <my-dog>, a dog", "an owl beside a dog, a dog"),
            ("a <owl> and my <my-dog>", "an owl and my dog"),
            ("(<owl>:1.2) at the beach", "(an owl:1.2) at the beach"),
            ("a sketch of a <my-dog> dog, a dog", "a sketch of a dog, a dog"),
            ("a <owl> owl and the <my-dog> dogs", "an owl and the dog dogs"),
            ("a forest", "a forest"),
        ] {
            assert_eq!(class_prompt(prompt, &words), expected);
        }
    }
}
