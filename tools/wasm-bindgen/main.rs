//! Writes a linked module's JavaScript side: `palpable-wasm-bindgen MODULE FOLDER`.
//!
//! The same as `wasm-bindgen --target web --remove-name-section`, from the library behind that program: the program
//! compiles for two minutes, more than half of it for a test runner with a web server.

use std::error::Error;

use wasm_bindgen_cli_support::Bindgen;

fn main() -> Result<(), Box<dyn Error>> {
    let [_, module, folder] = <[String; 3]>::try_from(Vec::from_iter(std::env::args()))
        .map_err(|_| "usage: palpable-wasm-bindgen MODULE FOLDER")?;
    Bindgen::new()
        .input_path(module)
        .web(true)?
        .typescript(true)
        .remove_name_section(true)
        .omit_default_module_path(false)
        .generate(folder)?;
    Ok(())
}
