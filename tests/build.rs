//! Generates a typed module from each manifest in `fixtures`, the way a `build.rs` of somebody else would; and from two
//! registered dumps, where they are there, for tests with recorded payloads.

use std::error::Error;
use std::path::Path;
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let out_dir = env::var("OUT_DIR")?;
    for name in ["constructs", "odd", "vectors"] {
        generate(&format!("fixtures/{name}.man"), 1, &Path::new(&out_dir).join(format!("{name}.rs")))?;
    }
    println!("cargo::rustc-check-cfg=cfg(dumps)");
    println!("cargo::rerun-if-changed={DUMPS}");
    if Path::new(DUMPS).is_dir() {
        println!("cargo::rustc-cfg=dumps");
        for (provider, name) in
            [("Microsoft-Windows-HttpService", "http_service"), ("Microsoft-Windows-Kernel-Process", "kernel_process")]
        {
            generate(&format!("{DUMPS}/{provider}.xml"), 10240, &Path::new(&out_dir).join(format!("{name}.rs")))?;
        }
    }
    Ok(())
}

/// Other people's manifests, beside the checkout.
const DUMPS: &str = "../../shared/corpus/registered-10240";

fn generate(manifest: &str, build: u32, out: &Path) -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed={manifest}");
    let mut generator = etw_codegen::Generator::new();
    generator.add_manifest(manifest, build, &fs::read(manifest)?);
    Ok(fs::write(out, &generator.generate_single_file().files.0[etw_codegen::SINGLE_FILE])?)
}
