//! Words that change places in prompts: a new word for the noun of its class, and back.

/// "a dog", "an apple".
pub fn with_article(noun: &str) -> String {
    let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']);
    format!("{} {noun}", if vowel { "an" } else { "a" })
}

/// A prompt with the class noun in the placeholder's place: "a sketch of `<my-dog>`" → "a sketch of a dog",
/// and "a sketch of a `<my-dog>` dog" too. An article or possessive that stands before the placeholder is
/// kept, "a" and "an" as the noun wants it.
pub fn with_class_noun(prompt: &str, placeholder: &str, class_noun: &str) -> String {
    let noun = class_noun.trim();
    let mut parts = prompt.split(placeholder);
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
            "the" | "my" | "your" | "his" | "her" | "its" | "our" | "their" | "this" | "that" if spaced => {
                replaced += noun;
            }
            _ => replaced += &with_article(noun),
        }
        replaced += without_noun(part, noun);
    }
    replaced
}

/// What follows a noun that the prompt has already: "dog at night" → "at night".
fn without_noun<'a>(text: &'a str, noun: &str) -> &'a str {
    let rest = text.trim_start().strip_prefix(noun);
    rest.filter(|rest| !noun.is_empty() && !rest.starts_with(char::is_alphanumeric)).unwrap_or(text)
}

/// A text with these words replaced where they stand by themselves.
pub(super) fn replace_words(text: &str, words: &str, replacement: &str) -> String {
    let in_word =
        |letter: Option<char>| letter.is_some_and(|letter| letter.is_alphanumeric() || letter == '-');
    let mut replaced = String::new();
    let mut rest = text;
    while let Some(found) = rest.find(words).filter(|_| !words.is_empty()) {
        let (before, after) = (&rest[..found], &rest[found + words.len()..]);
        let whole = !in_word(before.chars().next_back().or(replaced.chars().next_back()))
            && !in_word(after.chars().next());
        // The noun behind a new word is that word's own.
        let preceding = if before.is_empty() { &replaced } else { before };
        let whole = whole && !preceding.trim_end().ends_with('>');
        replaced.push_str(before);
        replaced.push_str(if whole { replacement } else { words });
        rest = after;
    }
    replaced + rest
}

#[cfg(test)]
mod tests {
    use super::with_class_noun;

    #[test]
    fn placeholders_become_nouns_with_their_article() {
        for (prompt, expected) in [
            ("a sketch of <my-owl>", "a sketch of an owl"),
            ("<my-owl> beside a dog, an owl", "an owl beside a dog, an owl"),
            ("a <my-owl> and my <my-owl>", "an owl and my owl"),
            ("(<my-owl>:1.2) at the beach", "(an owl:1.2) at the beach"),
            ("a sketch of a <my-owl> owl, an owl", "a sketch of an owl, an owl"),
            ("a <my-owl> owl and the <my-owl> owls", "an owl and the owl owls"),
            ("a forest", "a forest"),
        ] {
            assert_eq!(with_class_noun(prompt, "<my-owl>", "owl"), expected);
        }
    }
}
