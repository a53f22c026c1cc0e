//! Padmé padding: a length leaks at most its order of magnitude and a few leading bits, for at most 12 % more bytes.

/// Bytes of the length in front.
const LENGTH_BYTES: usize = 4;

/// The length that `len` bytes are padded to: all but the top `log2(log2(len)) + 1` bits rounded up to zero.
pub(crate) fn padme(len: usize) -> usize {
    let Some(exponent) = len.checked_ilog2() else { return len };
    let Some(digits) = exponent.checked_ilog2() else { return len };
    let mask = (1usize << (exponent - (digits + 1))) - 1;
    len.saturating_add(mask) & !mask
}

/// `u32be length ‖ bytes ‖ zeros`, the last two together `padme(length)` long.
pub(crate) fn pad(bytes: &[u8]) -> Vec<u8> {
    // Bodies end at 4 MiB (wire::limits): far below what four bytes count.
    let len = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    let mut out = Vec::with_capacity(LENGTH_BYTES + padme(bytes.len()));
    out.extend_from_slice(&len.to_be_bytes());
    out.extend_from_slice(bytes);
    out.resize(LENGTH_BYTES + padme(bytes.len()), 0);
    out
}

/// What [`pad`] padded. There is one padding for each message: anything else is refused.
pub(crate) fn unpad(padded: &[u8]) -> Option<&[u8]> {
    let (len, rest) = padded.split_first_chunk::<LENGTH_BYTES>()?;
    let len = u32::from_be_bytes(*len) as usize;
    if len > rest.len() || padme(len) != rest.len() {
        return None;
    }
    let (bytes, zeros) = rest.split_at(len);
    zeros.iter().all(|byte| *byte == 0).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn lengths_fall_into_few_classes() {
        assert_eq!([0, 1, 2, 3, 4, 9, 100, 1000].map(padme), [0, 1, 2, 3, 4, 10, 104, 1024]);
        let classes: std::collections::BTreeSet<_> = (1..=65_536).map(padme).collect();
        assert!(classes.len() < 200, "{} classes", classes.len());
    }

    proptest! {
        #[test]
        fn padding_adds_at_most_an_eighth(len in 1usize..8_000_000) {
            let padded = padme(len);
            prop_assert!(padded >= len && (padded - len) * 8 <= len, "{len} -> {padded}");
            prop_assert_eq!(padme(padded), padded);
        }

        #[test]
        fn what_was_padded_comes_back(bytes in prop::collection::vec(any::<u8>(), 0..2000)) {
            let padded = pad(&bytes);
            prop_assert_eq!(unpad(&padded), Some(bytes.as_slice()));
        }

        #[test]
        fn only_the_one_padding_opens(bytes in prop::collection::vec(any::<u8>(), 1..2000), at: usize, flip in 1u8..) {
            let mut padded = pad(&bytes);
            let zeros = padded.len() - LENGTH_BYTES - bytes.len();
            if zeros > 0 {
                let place = padded.len() - 1 - at % zeros;
                padded[place] ^= flip;
                prop_assert_eq!(unpad(&padded), None);
                padded[place] ^= flip;
            }
            padded.push(0);
            prop_assert_eq!(unpad(&padded), None);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _ = unpad(&bytes);
        }
    }
}
