//! Request bodies: JSON, and several pieces that are not copied together.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use serde::Serialize;

use crate::request::encode::Encoded;

/// A JSON body.
#[must_use]
pub fn json_body(value: &impl Serialize) -> Encoded {
    // Plain data written into memory cannot fail, and Front would refuse an empty body.
    raw_json_body(serde_json::to_vec(value).unwrap_or_default())
}

/// A body that is JSON already.
pub(super) fn raw_json_body(text: Vec<u8>) -> Encoded {
    let size = text.len() as u64;
    Encoded { content_type: "application/json".to_owned(), chunks: vec![Bytes::from(text)], size }
}

/// The pieces, with their size known in advance: the request states its Content-Length and is not chunked.
pub(super) struct Chunks {
    left: VecDeque<Bytes>,
    size: u64,
}

impl Chunks {
    pub(super) fn new(chunks: &[Bytes]) -> Self {
        let left: VecDeque<Bytes> = chunks.iter().filter(|chunk| !chunk.is_empty()).cloned().collect();
        let size = left.iter().map(|chunk| chunk.len() as u64).sum();
        Self { left, size }
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let chunk = self.left.pop_front();
        if let Some(chunk) = &chunk {
            self.size = self.size.saturating_sub(chunk.len() as u64);
        }
        Poll::Ready(chunk.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.left.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.size)
    }
}
