//! Compiles the `.proto` contract without an external protoc.
#![expect(
    clippy::disallowed_macros,
    reason = "cargo takes orders from a build script on its standard output"
)]

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = ["identity", "server", "frame", "account", "topic", "content"]
        .map(|name| format!("proto/sotto/v1/{name}.proto"));
    println!("cargo:rerun-if-changed=proto");
    let descriptors = protox::compile(&files, ["proto"])?;
    prost_build::Config::new().bytes(["."]).compile_fds(descriptors)?;
    Ok(())
}
