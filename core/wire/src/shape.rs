//! How much a message holds, counted before it is decoded.
//!
//! A decoder turns two bytes of an empty repeated field into a hundred bytes of memory. Without a count a frame of the
//! allowed size would become hundreds of megabytes before anybody looked at a limit.

use crate::error::Reason;
use crate::limits::RECORDS_MAX;
use crate::proto;

/// Which fields of a message are messages themselves.
pub(crate) struct Shape {
    messages: &'static [(u64, &'static Shape)],
}

/// A message of the contract.
pub(crate) trait Shaped {
    const SHAPE: &'static Shape;
}

// `impl Shaped for proto::…`, for every message, written by build.rs.
include!(concat!(env!("OUT_DIR"), "/shapes.rs"));

/// Refuses bytes with more fields, nested messages included, than any good message has.
pub(crate) fn check<M: Shaped>(bytes: &[u8]) -> Result<(), Reason> {
    let mut left = RECORDS_MAX;
    M::SHAPE.walk(bytes, &mut left)
}

impl Shape {
    fn walk(&self, mut bytes: &[u8], left: &mut usize) -> Result<(), Reason> {
        while !bytes.is_empty() {
            let found = RECORDS_MAX + 1;
            *left = left.checked_sub(1).ok_or(Reason::TooMany { what: "fields", max: RECORDS_MAX, found })?;
            let key = varint(&mut bytes)?;
            match key & 7 {
                0 => drop(varint(&mut bytes)?),
                1 => drop(take(&mut bytes, 8)?),
                5 => drop(take(&mut bytes, 4)?),
                2 => {
                    let length = varint(&mut bytes)?;
                    let value = take(&mut bytes, length)?;
                    if let Some((_, inner)) = self.messages.iter().find(|(tag, _)| *tag == key >> 3) {
                        inner.walk(value, left)?;
                    }
                }
                // Groups, which this contract has none of.
                _ => return Err(Reason::Undecodable),
            }
        }
        Ok(())
    }
}

fn varint(bytes: &mut &[u8]) -> Result<u64, Reason> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first().ok_or(Reason::Undecodable)?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(Reason::Undecodable)
}

fn take<'a>(bytes: &mut &'a [u8], length: u64) -> Result<&'a [u8], Reason> {
    let length = usize::try_from(length).map_err(|_| Reason::Undecodable)?;
    let (value, rest) = bytes.split_at_checked(length).ok_or(Reason::Undecodable)?;
    *bytes = rest;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    fn follows(count: usize) -> Vec<u8> {
        let follow = proto::Follow { follows: vec![proto::FollowOne::default(); count] };
        let request = Some(proto::topic_request::Request::Follow(follow));
        proto::TopicRequest { id: 1, request }.encode_to_vec()
    }

    #[test]
    fn fields_are_counted_through_every_level() {
        let mut left = 1000;
        proto::TopicRequest::SHAPE.walk(&follows(10), &mut left).unwrap();
        assert_eq!(1000 - left, 2 + 10, "the id, the request, ten follows");
    }

    #[test]
    fn a_small_frame_that_would_grow_large_is_refused() {
        let bomb = follows(RECORDS_MAX);
        assert!(bomb.len() < crate::limits::FRAME_BYTES_MAX);
        let (max, found) = (RECORDS_MAX, RECORDS_MAX + 1);
        assert_eq!(check::<proto::TopicRequest>(&bomb), Err(Reason::TooMany { what: "fields", max, found }));
    }

    #[test]
    fn what_the_decoder_would_read_past_is_no_message() {
        for bad in
            [&[0x0a][..], &[0x0a, 5, 1], &[0x80], &[0x0b], &[0x0c], &[0x0d, 1], &[0x09, 1], &[0xff; 11]]
        {
            assert_eq!(check::<proto::TopicRequest>(bad), Err(Reason::Undecodable), "{bad:?}");
        }
    }
}
