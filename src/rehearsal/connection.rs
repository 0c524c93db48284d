//! Loopback connections that can be cut without an answer, as a broken network cuts them.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll};
use std::time::Instant;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::server::Shared;

/// Nothing more goes out. (0 is a connection to which nothing has happened.)
const CUT: u8 = 1;
/// What goes out still goes out, and nothing more comes in.
const STALE: u8 = 2;

/// The handle by which a request can have its own connection cut.
#[derive(Clone)]
pub(super) struct Line(Arc<AtomicU8>);

impl Line {
    /// Lets nothing more out: whatever the handler answers, the client sees the connection reset.
    pub(super) fn cut(&self) {
        self.0.store(CUT, Ordering::Release);
    }

    /// Lets this answer out and resets the connection as the next request arrives on it, which is not looked at.
    pub(super) fn let_go(&self) {
        self.0.store(STALE, Ordering::Release);
    }
}

impl Connected<IncomingStream<'_, Loopback>> for Line {
    fn connect_info(stream: IncomingStream<'_, Loopback>) -> Self {
        Self(Arc::clone(&stream.io().state))
    }
}

/// Accepts connections as [`Connection`]s; in an outage without answers it resets them.
pub(super) struct Loopback {
    pub(super) listener: TcpListener,
    pub(super) shared: Arc<Shared>,
}

impl Listener for Loopback {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            let (stream, peer) = Listener::accept(&mut self.listener).await;
            if self.shared.weather.is_silent(Instant::now()) {
                self.shared.tally.fault("outage");
                reset(&stream);
                continue;
            }
            // Small answers must not wait for the client's acknowledgement; without it the server is slower, not wrong.
            let _ = stream.set_nodelay(true);
            return (Connection { stream, state: Arc::default() }, peer);
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// Makes a connection end in a reset once it is dropped.
fn reset(stream: &TcpStream) {
    // Without it the connection ends in good order, and just as early.
    let _ = stream.set_zero_linger();
}

/// A TCP connection that refuses to write once it has been cut, and to read once it was let go.
pub(super) struct Connection {
    stream: TcpStream,
    state: Arc<AtomicU8>,
}

impl Connection {
    fn check(&self) -> io::Result<()> {
        if self.state.load(Ordering::Acquire) == CUT {
            reset(&self.stream);
            return Err(io::Error::new(io::ErrorKind::ConnectionReset, "cut on request"));
        }
        Ok(())
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buf);
        if buf.filled().len() > before && self.state.load(Ordering::Acquire) == STALE {
            buf.set_filled(before);
            reset(&self.stream);
            return Poll::Ready(Err(io::Error::new(io::ErrorKind::ConnectionReset, "let go on request")));
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.state.load(Ordering::Acquire) == STALE {
            // A farewell in good order would come before the reset.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
