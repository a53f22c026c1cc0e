//! The worker's program: a page starts it as a module worker, and it runs until the page is gone.

fn main() {
    #[cfg(target_arch = "wasm32")]
    sotto_browser::worker::start();
}
