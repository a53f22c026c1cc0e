//! JSON values, one a line, of bounded length.

use std::io;

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// The next value; `None` when the other side is done. A line that is cut off by the end counts as the end.
pub(super) async fn read<T: DeserializeOwned>(
    from: &mut (impl AsyncBufRead + Unpin),
    bytes_max: usize,
) -> io::Result<Option<T>> {
    let mut line = Vec::new();
    let limit = u64::try_from(bytes_max).unwrap_or(u64::MAX);
    from.take(limit).read_until(b'\n', &mut line).await?;
    if line.last() != Some(&b'\n') {
        return if line.len() < bytes_max { Ok(None) } else { Err(io::ErrorKind::InvalidData.into()) };
    }
    Ok(Some(serde_json::from_slice(&line)?))
}

/// Writes one value.
pub(super) async fn write(to: &mut (impl AsyncWrite + Unpin), value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    to.write_all(&line).await?;
    to.flush().await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn values_come_back_until_the_end() {
        let mut bytes = Vec::new();
        write(&mut bytes, &"one\ntwo").await.unwrap();
        write(&mut bytes, &"three").await.unwrap();
        bytes.extend(b"\"cut o");
        let mut from = bytes.as_slice();
        assert_eq!(read::<String>(&mut from, 100).await.unwrap().as_deref(), Some("one\ntwo"));
        assert_eq!(read::<String>(&mut from, 100).await.unwrap().as_deref(), Some("three"));
        assert_eq!(read::<String>(&mut from, 100).await.unwrap(), None);
    }

    #[tokio::test]
    async fn a_line_without_end_is_refused() {
        let mut from = &b"\"aaaaaaaaaaaaaaaaaaaaaaaa\"\n"[..];
        assert_eq!(read::<String>(&mut from, 10).await.unwrap_err().kind(), io::ErrorKind::InvalidData);
        let mut from = &b"no json\n"[..];
        assert!(read::<String>(&mut from, 10).await.is_err());
    }
}
