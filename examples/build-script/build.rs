//! Generates the module of the crate's provider.

fn main() -> Result<(), etw_codegen::build::BuildError> {
    etw_codegen::build::compile_manifest("queue.man")
}
