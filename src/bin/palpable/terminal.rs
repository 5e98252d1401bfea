//! What is said on the terminal. `println!` and its like panic where nobody reads any more, as behind
//! `palpable … 2>&1 | head`, which must not end a training.

use std::io::{ErrorKind, Write, stdout};

use super::error::Error;

/// Says on standard error how things go. What nobody can be told is left out.
macro_rules! say {
    ($($what:tt)*) => {{
        use std::io::Write as _;
        let _ = writeln!(std::io::stderr(), $($what)*);
    }};
}
pub(crate) use say;

/// Writes a result to standard output. Who has stopped reading has what they wanted.
///
/// # Errors
/// It can't be written.
pub fn write_result(result: &str) -> Result<(), Error> {
    let mut output = stdout().lock();
    match output.write_all(result.as_bytes()).and_then(|()| output.flush()) {
        Err(reason) if reason.kind() != ErrorKind::BrokenPipe => {
            Err(Error::Other(format!("The result could not be written: {reason}.")))
        }
        _ => Ok(()),
    }
}
