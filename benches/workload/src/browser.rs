//! Called from Node: the same report, as JSON.

use wasm_bindgen::prelude::{JsError, wasm_bindgen};

use crate::report::{Amount, in_memory, measure};

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = performance, js_name = now)]
    fn now_ms() -> f64;
}

fn now_us() -> f64 {
    now_ms() * 1_000.0
}

/// Measures and returns a [`Report`](crate::report::Report) as JSON.
///
/// # Errors
/// When a message does not arrive.
#[wasm_bindgen]
pub fn report(messages: u32, catch_up: u32) -> Result<String, JsError> {
    let amount = Amount { messages: messages as usize, catch_up: catch_up as usize };
    let measured = in_memory().and_then(|databases| measure(databases, amount, now_us));
    let report = measured.map_err(|error| JsError::new(&format!("{error:#}")))?.0;
    Ok(serde_json::to_string(&report)?)
}
