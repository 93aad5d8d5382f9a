//! Asks another server for a stream, and reads its answer up to the sound.
//!
//! Icecast and its kin answer `HTTP/1.0 200 OK`, Shoutcast `ICY 200 OK`; what follows are the same fields.

use std::fmt;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::head::{Gather, Head, Unreadable};

/// How long the other server may take to take a connection, and again to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where another server's stream is.
#[derive(Clone, PartialEq, Eq)]
pub struct Upstream {
    /// Its host name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What is asked for there: `/live.mp3`.
    pub target: String,
    /// The user and password that it wants, if it does.
    pub login: Option<(String, String)>,
}

impl fmt::Display for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A query may hold a secret.
        let path = self.target.split('?').next().unwrap_or_default();
        write!(f, "http://{}:{}{path}", self.host, self.port)
    }
}

impl fmt::Debug for Upstream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Upstream({self})")
    }
}

/// Why there is no stream.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum NotFetched {
    /// The other server cannot be reached, or broke off.
    #[error("it cannot be reached: {0}")]
    Unreachable(#[from] std::io::Error),
    /// It takes too long.
    #[error("it does not answer within {PATIENCE:?}")]
    Slow,
    /// It does not have the stream, or does not give it to us.
    #[error("it answers `{0}`")]
    Refused(String),
    /// It sends us elsewhere. We do not go there on our own.
    #[error("it has moved to {0}; if that is right, name that address in the settings")]
    Moved(String),
    /// What it answers is no answer of a streaming server's.
    #[error("its answer cannot be understood: {0}")]
    Unreadable(#[from] Unreadable),
}

impl NotFetched {
    /// A word for counters.
    pub fn label(&self) -> &'static str {
        match self {
            NotFetched::Unreachable(_) => "unreachable",
            NotFetched::Slow => "slow",
            NotFetched::Refused(_) => "refused",
            NotFetched::Moved(_) => "moved",
            NotFetched::Unreadable(_) => "unreadable",
        }
    }
}

/// A stream that has begun to come.
pub(crate) struct Fetched {
    /// From where its sound is read.
    pub socket: TcpStream,
    /// What the other server says of it, in the form in which a source says it.
    pub head: Head,
    /// The sound that came with that.
    pub first: Bytes,
}

/// Asks for a stream.
pub(super) async fn fetch(from: &Upstream, with_titles: bool) -> Result<Fetched, NotFetched> {
    let connecting = timeout(PATIENCE, TcpStream::connect((from.host.as_str(), from.port)));
    let mut socket = connecting.await.map_err(|_| NotFetched::Slow)??;
    let answering = async {
        socket.write_all(request(from, with_titles).as_bytes()).await?;
        gather(&mut socket).await
    };
    let (answer, first) = timeout(PATIENCE, answering).await.map_err(|_| NotFetched::Slow)??;
    Ok(Fetched { socket, head: read(&answer, from)?, first: first.into() })
}

fn request(from: &Upstream, with_titles: bool) -> String {
    let Upstream { host, port, target, login } = from;
    let basic = |(user, password): &(String, String)| STANDARD.encode(format!("{user}:{password}"));
    let authorization = login.as_ref().map(|login| format!("Authorization: Basic {}\r\n", basic(login)));
    let titles = if with_titles { "Icy-MetaData: 1\r\n" } else { "" };
    let authorization = authorization.unwrap_or_default();
    format!("GET {target} HTTP/1.0\r\nHost: {host}:{port}\r\nUser-Agent: Groundwave\r\n{titles}{authorization}\r\n")
}

async fn gather(socket: &mut TcpStream) -> Result<(Vec<u8>, Vec<u8>), NotFetched> {
    let (mut gather, mut piece) = (Gather::default(), [0; 4_096]);
    loop {
        let bytes = socket.read(&mut piece).await?;
        if bytes == 0 {
            return Err(NotFetched::Refused("nothing".to_owned()));
        }
        if gather.push(&piece[..bytes])? {
            return Ok(gather.split());
        }
    }
}

/// Reads an answer. What it says of the stream becomes the head that a source would have sent.
fn read(answer: &[u8], from: &Upstream) -> Result<Head, NotFetched> {
    let line_end = answer.iter().position(|byte| *byte == b'\n').ok_or(Unreadable::NotARequest)?;
    let line: String = String::from_utf8_lossy(&answer[..line_end]).chars().filter(|c| !c.is_control()).collect();
    let mut words = line.split_whitespace();
    let protocol = words.next().unwrap_or_default();
    if protocol != "ICY" && !protocol.starts_with("HTTP/1.") {
        return Err(Unreadable::NotARequest.into());
    }
    let as_sent = [format!("SOURCE {} HTTP/1.0", from.target).as_bytes(), &answer[line_end..]].concat();
    let head = Head::parse(&as_sent)?;
    match (words.next(), head.field("location")) {
        (Some("200"), _) => Ok(head),
        (Some(status), Some(target)) if status.starts_with('3') => Err(NotFetched::Moved(target.to_owned())),
        _ => Err(NotFetched::Refused(line.chars().take(80).collect())),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn upstream() -> Upstream {
        let (host, target) = ("radio.test".to_owned(), "/live.mp3?token=secret".to_owned());
        Upstream { host, port: 8000, target, login: Some(("relay".into(), "relpw".into())) }
    }

    #[test]
    fn icecast_and_shoutcast_are_understood() {
        for line in ["HTTP/1.0 200 OK", "HTTP/1.1 200 OK", "ICY 200 OK"] {
            let answer = format!("{line}\r\nContent-Type: audio/mpeg\r\nicy-name:Old\r\nicy-metaint:8192\r\n\r\n");
            let head = read(answer.as_bytes(), &upstream()).unwrap();
            assert_eq!((head.field("icy-name"), head.field("icy-metaint")), (Some("Old"), Some("8192")), "{line}");
        }
    }

    #[test]
    fn what_is_no_stream_is_told_apart() {
        let told = |answer: &str| read(answer.as_bytes(), &upstream()).unwrap_err().to_string();
        assert_eq!(told("HTTP/1.0 404 File Not Found\r\n\r\n"), "it answers `HTTP/1.0 404 File Not Found`");
        assert!(
            told("HTTP/1.0 302 Found\r\nLocation: http://10.0.0.1/x\r\n\r\n").contains("moved to http://10.0.0.1/x")
        );
        assert!(told("SSH-2.0-x\r\n\r\n").starts_with("its answer cannot be understood"));
    }

    #[test]
    fn it_asks_for_titles_and_shows_its_password_and_the_log_does_not() {
        let asked = request(&upstream(), true);
        assert!(asked.starts_with("GET /live.mp3?token=secret HTTP/1.0\r\nHost: radio.test:8000\r\n"), "{asked}");
        assert!(asked.contains("Icy-MetaData: 1\r\nAuthorization: Basic cmVsYXk6cmVscHc=\r\n\r\n"), "{asked}");
        assert!(!request(&upstream(), false).contains("Icy-MetaData"));
        let shown = format!("{} {:?}", upstream(), upstream());
        assert!(!shown.contains("secret") && !shown.contains("relpw"), "{shown}");
    }

    proptest! {
        #[test]
        fn no_answer_makes_it_panic(answer in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = read(&answer, &upstream());
        }
    }
}
