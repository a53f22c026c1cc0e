//! Which machine this is built for: a fuzzer is built for the same.

fn main() {
    println!("cargo:rustc-env=SOTTO_XTASK_HOST={}", std::env::var("TARGET").unwrap_or_default());
}
