//! The icons in use: outlines from the Lucide set (ISC; `icons/LICENSE`), and Sotto's own mark.

#![expect(dead_code, reason = "icons that only a debug build shows are left out by the linker")]

/// An icon on a grid of 24: one path, stroked.
#[derive(Clone, Copy)]
pub(crate) struct Icon(pub(crate) &'static str);

/// Two overlapping speech shapes, the overlap closed: one path on a grid of 24, filled.
pub(crate) const MARK: &str = "M1 12a7.5 7.5 0 1 1 7.5 7.5H2.9A1.9 1.9 0 0 1 1 17.6zM3.3 12v5.2h5.2a5.2 5.2 0 1 0-5.2-5.2zM23 \
     12v5.6a1.9 1.9 0 0 1-1.9 1.9h-5.6a7.5 7.5 0 1 1 7.5-7.5zM20.7 12a5.2 5.2 0 1 0-5.2 5.2h5.2zM12 5.367a7.5 7.5 \
     0 0 1 0 13.266a7.5 7.5 0 0 1 0-13.266z";

include!(concat!(env!("OUT_DIR"), "/icons.rs"));
