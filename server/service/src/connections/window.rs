//! How much may be sent on a connection before it says that it left: what bounds the memory of a slow reader.

use crate::limits::{FRAME_BYTES, WINDOW_BYTES, WINDOW_FRAMES};

/// Room for events on one connection. Answers are not counted: their number is bounded by the requests under way.
#[derive(Debug)]
pub(crate) struct Window {
    bytes: usize,
    frames: usize,
    /// A frame on its way asks for a call to `writable`.
    asked: bool,
}

impl Window {
    pub(crate) const fn new() -> Self {
        Self { bytes: WINDOW_BYTES, frames: WINDOW_FRAMES, asked: false }
    }

    /// Whether another frame may be sent.
    pub(crate) const fn is_open(&self) -> bool {
        self.bytes > 0 && self.frames > 0
    }

    /// Bytes of bodies that fit.
    pub(crate) const fn room(&self) -> usize {
        self.bytes
    }

    /// Counts a frame with this many bytes of content.
    pub(crate) const fn spend(&mut self, bytes: usize) {
        self.bytes = self.bytes.saturating_sub(bytes + FRAME_BYTES);
        self.frames = self.frames.saturating_sub(1);
    }

    /// Whether it is time to ask for a call, and none has been asked for.
    pub(crate) const fn should_ask(&self) -> bool {
        !self.asked && (self.bytes < WINDOW_BYTES / 2 || self.frames < WINDOW_FRAMES / 2)
    }

    pub(crate) const fn is_asked(&self) -> bool {
        self.asked
    }

    pub(crate) const fn ask(&mut self) {
        self.asked = true;
    }

    /// Nothing on its way asks after all.
    pub(crate) const fn unask(&mut self) {
        self.asked = false;
    }

    /// Everything sent so far has left.
    pub(crate) const fn reopen(&mut self) {
        *self = Self::new();
    }
}
