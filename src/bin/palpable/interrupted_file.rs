//! Files that are written line by line, and go on after an interruption.

use std::{
    fs::File,
    io::{Result, Seek, SeekFrom},
};

/// Cuts off what lies behind the first `length` bytes; what is written next comes there. The file must be opened for
/// writing and not for appending: on Windows that doesn't allow to cut (rust-lang/rust#105437).
///
/// # Errors
/// The file can't be cut.
pub fn go_on_after(length: u64, mut file: &File) -> Result<()> {
    file.set_len(length)?;
    file.seek(SeekFrom::Start(length)).map(drop)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn lines_come_after_those_that_are_kept() {
        let path = std::env::temp_dir().join(format!("palpable-interrupted-{}", std::process::id()));
        std::fs::write(&path, "first\nsec").expect("a file");
        let mut file = File::options().write(true).open(&path).expect("a file");
        go_on_after(6, &file).expect("a file that can be cut");
        file.write_all(b"next\n").expect("a file");
        assert_eq!(std::fs::read_to_string(&path).expect("a file"), "first\nnext\n");
        std::fs::remove_file(&path).expect("a file");
    }
}
