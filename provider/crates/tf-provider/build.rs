//! Turns the descriptions in `proto/` into Rust, without `protoc`.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=proto");
    let files = protox::compile(["tfplugin6.proto", "plugin.proto", "health.proto"], ["proto"])?;
    tonic_prost_build::configure()
        .build_client(cfg!(feature = "client"))
        .build_server(true)
        // Methods nobody implements answer UNIMPLEMENTED by themselves.
        .generate_default_stubs(true)
        .compile_fds(files)?;
    Ok(())
}
