//! Compiles the `.proto` contract without an external protoc, and notes which fields of a message are messages.
#![expect(
    clippy::disallowed_macros,
    clippy::disallowed_methods,
    reason = "a build script talks to cargo by environment, files and standard output; none of it ships"
)]

use std::error::Error;
use std::fmt::Write as _;
use std::path::PathBuf;

use protox::prost_reflect::prost_types::FileDescriptorSet;
use protox::prost_reflect::prost_types::field_descriptor_proto::Type;

fn main() -> Result<(), Box<dyn Error>> {
    let files = ["identity", "server", "frame", "account", "topic", "content"]
        .map(|name| format!("proto/sotto/v1/{name}.proto"));
    println!("cargo:rerun-if-changed=proto");
    let descriptors = protox::compile(&files, ["proto"])?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    std::fs::write(out.join("shapes.rs"), shapes(&descriptors)?)?;
    prost_build::Config::new().bytes(["."]).compile_fds(descriptors)?;
    Ok(())
}

/// For every message: which of its fields are messages, and of which type (`src/shape.rs`).
fn shapes(descriptors: &FileDescriptorSet) -> Result<String, Box<dyn Error>> {
    let mut code = String::new();
    for message in descriptors.file.iter().flat_map(|file| &file.message_type) {
        let name = message.name();
        let mut fields = String::new();
        for field in message.field.iter().filter(|field| field.r#type() == Type::Message) {
            let inner = field.type_name().rsplit('.').next().unwrap_or_default();
            write!(fields, "({}, <proto::{inner} as Shaped>::SHAPE), ", field.number())?;
        }
        writeln!(
            code,
            "impl Shaped for proto::{name} {{ const SHAPE: &'static Shape = &Shape {{ messages: &[{fields}] }}; }}"
        )?;
    }
    Ok(code)
}
