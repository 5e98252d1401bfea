//! Exchanging words in prompts: a new word for the noun of its class, and back. The page follows the same
//! rules (`web/app/prompts.ts`); `tests/support/prompt_words.json` tests both.

/// Words that stay before a noun or new word when it is replaced. Where an article has to change or go, that
/// is done apart.
const DETERMINERS: [&str; 10] = ["the", "my", "your", "his", "her", "its", "our", "their", "this", "that"];

/// "a dog", "an apple".
pub fn with_article(noun: &str) -> String {
    let vowel = noun.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']);
    format!("{} {noun}", if vowel { "an" } else { "a" })
}

/// A prompt with the class noun in place of the placeholder: "a sketch of `<my-dog>`" → "a sketch of a dog",
/// and "a sketch of a `<my-dog>` dog" too. An article or possessive before the placeholder is kept, with "a"
/// or "an" as the noun needs it.
pub fn with_class_noun(prompt: &str, placeholder: &str, class_noun: &str) -> String {
    let noun = class_noun.trim();
    let mut parts = prompt.split(placeholder);
    let mut replaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (before, determiner) = split_last_word(&replaced);
        match determiner.to_lowercase().as_str() {
            "a" | "an" => replaced = format!("{before}{}", with_article(noun)),
            determiner if DETERMINERS.contains(&determiner) => replaced += noun,
            _ => replaced += &with_article(noun),
        }
        replaced += without_noun(part, noun);
    }
    replaced
}

/// A prompt with the first occurrence of the class noun replaced by `phrase`, the new word with or without
/// the noun after it: "a sketch of a dog" → "a sketch of `<my-dog>`", or "a sketch of a `<my-dog>` dog". A
/// noun after another new word belongs to that word. A prompt without the noun stays as it is.
pub fn with_new_word(prompt: &str, class_noun: &str, phrase: &str) -> String {
    let noun = class_noun.trim();
    let Some((start, end)) = find_noun(prompt, noun) else { return prompt.to_owned() };
    let named = if phrase.contains(' ') { with_article(phrase) } else { phrase.to_owned() };
    let (before, determiner) = split_last_word(&prompt[..start]);
    let replaced = match determiner.to_lowercase().as_str() {
        "a" | "an" | "the" => format!("{before}{named}"),
        determiner if DETERMINERS.contains(&determiner) => format!("{}{phrase}", &prompt[..start]),
        _ => format!("{}{named}", &prompt[..start]),
    };
    replaced + &prompt[end..]
}

/// What stands before the last word of a text that ends with a space, and that word. Any other text has no
/// last word.
fn split_last_word(text: &str) -> (&str, &str) {
    let trimmed = text.trim_end();
    if trimmed.len() == text.len() {
        return (text, "");
    }
    let start = trimmed.trim_end_matches(char::is_alphanumeric).len();
    trimmed.split_at(start)
}

/// What follows a noun that the prompt has already: " dog at night" → " at night".
fn without_noun<'a>(text: &'a str, noun: &str) -> &'a str {
    match noun_at(text.trim_start(), noun) {
        Some(length) if text.starts_with(char::is_whitespace) => &text.trim_start()[length..],
        _ => text,
    }
}

/// Where a noun stands as whole words that belong to no new word: its start and end.
fn find_noun(text: &str, noun: &str) -> Option<(usize, usize)> {
    let begins_anew = |before: &str| {
        let in_placeholder = before
            .rsplit_once('<')
            .is_some_and(|(_, inner)| !inner.contains(|c: char| c == '>' || c.is_whitespace()));
        !in_placeholder && !before.ends_with(is_of_word) && !before.trim_end().ends_with('>')
    };
    let mut starts = text.char_indices().map(|(start, _)| start);
    starts.find_map(|start| {
        let length = noun_at(&text[start..], noun).filter(|_| begins_anew(&text[..start]))?;
        Some((start, start + length))
    })
}

/// Length in bytes of the noun with which a text begins, in any case and with any white space between its
/// words.
fn noun_at(text: &str, noun: &str) -> Option<usize> {
    let mut rest = text;
    for (index, word) in noun.split_whitespace().enumerate() {
        if index > 0 {
            rest = Some(rest.trim_start()).filter(|trimmed| trimmed.len() < rest.len())?;
        }
        for letter in word.chars() {
            let next = rest.chars().next()?;
            if !next.to_lowercase().eq(letter.to_lowercase()) {
                return None;
            }
            rest = &rest[next.len_utf8()..];
        }
    }
    let length = text.len() - rest.len();
    (length > 0 && !rest.starts_with(is_of_word)).then_some(length)
}

fn is_of_word(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '-'
}
