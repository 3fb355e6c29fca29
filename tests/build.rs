//! Generates a typed module from `fixtures/odd.man`, the way a `build.rs` of somebody else would.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let manifest = "fixtures/odd.man";
    println!("cargo::rerun-if-changed={manifest}");
    let mut generator = etw_codegen::Generator::new();
    generator.manifest(manifest, 1, &fs::read(manifest)?);
    let output = generator.generate();
    fs::write(Path::new(&env::var("OUT_DIR")?).join("odd.rs"), output.files.single_file())?;
    Ok(())
}
