//! A service of somebody else's, as far as the station sees it: it keeps what it is sent, and answers as it is told.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::studio::wait_for;

/// What the service was sent.
#[derive(Clone, Debug)]
pub struct Received {
    pub head: String,
    pub body: String,
}

impl Received {
    /// The first line of its head.
    pub fn line(&self) -> &str {
        self.head.lines().next().unwrap_or_default()
    }

    /// True if its head has this line.
    pub fn has(&self, line: &str) -> bool {
        self.head.lines().any(|known| known.eq_ignore_ascii_case(line))
    }
}

/// A small HTTP server.
pub struct Stub {
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    serving: JoinHandle<()>,
}

impl Stub {
    /// A service that answers each request with these fields (each ended by CRLF) and no body.
    pub async fn answering(answer: impl Fn(&Received) -> String + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let received: Arc<Mutex<Vec<Received>>> = Arc::default();
        let (log, answer) = (Arc::clone(&received), Arc::new(answer));
        let serving = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(answer_one(socket, Arc::clone(&log), Arc::clone(&answer)));
            }
        });
        Self { address, received, serving }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What has been sent so far.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// The first request whose body begins so, waited for.
    pub async fn hears(&self, beginning: &str) -> Received {
        let wanted = |received: &Received| received.body.starts_with(beginning);
        wait_for(beginning, || self.received().into_iter().find(wanted)).await
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn answer_one(
    mut socket: TcpStream,
    log: Arc<Mutex<Vec<Received>>>,
    answer: Arc<impl Fn(&Received) -> String + Send + Sync + 'static>,
) {
    let mut bytes = Vec::new();
    let received = loop {
        if let Some(received) = whole(&bytes) {
            break received;
        }
        if !matches!(socket.read_buf(&mut bytes).await, Ok(1..)) {
            return;
        }
    };
    let fields = answer(&received);
    log.lock().unwrap().push(received);
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n{fields}\r\n");
    let _ = socket.write_all(answer.as_bytes()).await;
}

/// The request, once all of it has come.
fn whole(bytes: &[u8]) -> Option<Received> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let length = head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length:").map(str::to_owned));
    let length: usize = length.map_or(0, |length| length.trim().parse().unwrap());
    (body.len() >= length).then(|| Received { head: head.to_owned(), body: body.to_owned() })
}
