//! Every maximum and time of the screens, in one place.

/// Two lines of one author belong together when the later follows within this time.
pub const GROUP_MS: u64 = 5 * 60_000;
/// Lines read at once when a timeline opens or older ones are asked for.
pub const PAGE_LINES: usize = 60;
/// Lines of a timeline held in a window; beyond them those farthest from what is being read are let go.
pub const WINDOW_LINES_MAX: usize = 600;
/// Characters (as a person counts them) of the last line in a conversation's row.
pub const PREVIEW_CHARS_MAX: usize = 120;
/// Code points of one character as a person counts them; what stacks up beyond is left out.
pub const STACK_MAX: usize = 16;
/// The same in a message. No language needs more (Unicode's stream-safe format: 30 marks on a letter), and a browser takes
/// seconds to draw thousands.
pub const CLUSTER_CHARS_MAX: usize = 32;
/// A message of at most this many emoji, and nothing else, is drawn large.
pub const EMOJI_LARGE_MAX: usize = 6;
/// Time to take something back before it is done.
pub const UNDO_MS: u64 = 6_000;
/// Notices shown at once; the oldest gives way.
pub const NOTICES_MAX: usize = 3;
/// Recovery words a person is asked to type again.
pub const WORDS_ASKED: usize = 3;
/// Rest of a message, in bytes, at which a composer starts to show it.
pub const BYTES_LEFT_SHOWN: usize = 2_048;

const _: () = assert!(PAGE_LINES * 2 < WINDOW_LINES_MAX);
