//! Starts a device by what is known of it: the findings of its first start lie in the user's cache
//! folder (`~/.cache/palpable` on Linux), those of the device that was used last.

use std::{path::PathBuf, time::Instant};

use palpable::{
    gpu::{Error, FirstStart, Gpu},
    startup,
};

use super::terminal::say;

pub async fn start(gpu: &mut Gpu) -> Result<(), Error> {
    let file = file();
    let kept = file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
    let opened = Instant::now();
    let started = startup::start(gpu, kept.as_deref(), &|| opened.elapsed().as_secs_f64()).await?;
    if started.fresh {
        if let Some(FirstStart { test, tiles }) = gpu.report.first_start {
            let measured = tiles.map(|tiles| format!(" and measured its tiles in {tiles:.1} s"));
            say!("Tested this device's arithmetic in {test:.1} s{}.", measured.unwrap_or_default());
        }
        if let Some(file) = file {
            // Where nothing can be kept, the next start tests again.
            let _ = file.parent().map(std::fs::create_dir_all);
            let _ = std::fs::write(file, started.memo);
        }
    }
    Ok(())
}

fn file() -> Option<PathBuf> {
    Some(dirs::cache_dir()?.join("palpable").join("device.json"))
}
