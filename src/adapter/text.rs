//! Names and texts from files of unknown origin, made fit to show, store and type.

/// The longest name that is kept, in characters.
pub(super) const MAX_NAME: usize = 100;
/// The longest prompt or comment that is kept, in characters.
pub(super) const MAX_TEXT: usize = 2000;

/// Without control characters and invisible direction marks, at most `longest` characters.
pub(super) fn clean(text: &str, longest: usize) -> String {
    let visible = text.chars().filter(|&character| !character.is_control() && !is_invisible(character));
    let cut: String = visible.take(longest).collect();
    cut.trim().to_owned()
}

/// A name fit to show: [`clean`], at most [`MAX_NAME`] characters.
pub(super) fn clean_name(text: &str) -> String {
    clean(text, MAX_NAME)
}

/// A word fit to stand in a prompt as one token: not empty, inside neither white space nor what is syntax in
/// prompts with emphasis. A colon is syntax only before a weight that a bracket closes.
pub(super) fn clean_placeholder(text: &str) -> String {
    let word = clean_name(text);
    let name = word.trim_matches(['<', '>']);
    let parts = name.split(|letter: char| letter.is_whitespace() || "()[]\\".contains(letter));
    let joined = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    if joined.is_empty() { "<word>".to_owned() } else { word.replace(name, &joined) }
}

/// A file's name without folders and extension.
pub(super) fn stem(file_name: &str) -> &str {
    let name = file_name.rsplit(['/', '\\']).next().unwrap_or(file_name);
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}

/// Zero-width characters, marks that reverse the reading direction, and the byte order mark.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}
