//! Generates a typed module from each manifest in `fixtures`, the way a `build.rs` of somebody else would.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let out_dir = env::var("OUT_DIR")?;
    for name in ["odd", "vectors"] {
        let manifest = format!("fixtures/{name}.man");
        println!("cargo::rerun-if-changed={manifest}");
        let mut generator = etw_codegen::Generator::new();
        generator.manifest(&manifest, 1, &fs::read(&manifest)?);
        let output = generator.generate();
        fs::write(Path::new(&out_dir).join(format!("{name}.rs")), output.files.single_file())?;
    }
    Ok(())
}
