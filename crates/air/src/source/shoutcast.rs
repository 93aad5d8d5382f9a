//! Shoutcast v1 sources: a password on a line of its own, then the sound.
//!
//! An encoder that speaks this sends its password before anything else and waits for `OK2`. Then it says in `icy-*`
//! fields what it sends, and sends it; there is no further answer. It is told apart from a request by its first line,
//! which names no protocol, so it may come to any port. A wrong password is answered by silence: that is how these
//! encoders know it.
//!
//! The password may be followed by the number of a stream (`secret:#2`) and have a user before it (`backup:secret`), as
//! later encoders do it.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use super::{Admitted, Arrival, Claim, Credentials, say};
use crate::Air;
use crate::front::{Socket, hear_rest};
use crate::switch::Rank;

/// What such an encoder is told when its password is right: that it may send titles, too.
const WELCOME: &[u8] = b"OK2\r\nicy-caps:11\r\n\r\n";

/// A way to read a password line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Reading<'a> {
    /// The user, if one is named.
    user: Option<&'a str>,
    password: &'a str,
    /// The number of the stream, if one is named.
    sid: Option<usize>,
}

/// Every way to read a line, the plainest first: a password may look like anything.
fn readings(line: &str) -> Vec<Reading<'_>> {
    let numbered = line.rsplit_once(":#").and_then(|(word, number)| Some((word, Some(number.parse().ok()?))));
    let mut readings = Vec::new();
    for (word, sid) in [Some((line, None)), numbered].into_iter().flatten() {
        readings.push(Reading { user: None, password: word, sid });
        if let Some((user, password)) = word.split_once(':') {
            readings.push(Reading { user: Some(user), password, sid });
        }
    }
    readings
}

/// What a password has opened.
pub(crate) struct Opened {
    /// The path of the mount.
    pub path: String,
    /// Which of the mount's inputs.
    pub rank: Rank,
    shown: Credentials,
}

/// What a password line opens to somebody; `sid` is the number of the stream, if that is said elsewhere.
pub(crate) async fn open(air: &Air, line: &str, sid: Option<usize>, peer: IpAddr) -> Option<Opened> {
    for reading in readings(line) {
        let Some(path) = path_of(air, sid.or(reading.sid)) else { continue };
        let settings = air.settings();
        let user = reading.user.map(str::to_owned);
        let user =
            user.unwrap_or_else(|| settings.terms.of(&path).source.as_ref().unwrap_or(&settings.sources).user.clone());
        let shown = Credentials { user, password: reading.password.to_owned() };
        let claim = Claim { path: &path, shown: Some(&shown), input: None, peer, is_admin: false };
        if let Ok(rank) = air.authorise(&claim).await {
            return Some(Opened { path, rank, shown });
        }
    }
    None
}

/// The path of the mount that Shoutcast's encoders call by this number; the first, if they call it by none.
pub(crate) fn path_of(air: &Air, sid: Option<usize>) -> Option<String> {
    let index = sid.unwrap_or(1).checked_sub(1)?;
    air.settings().shoutcast_mounts.get(index).cloned()
}

/// Takes a source in that began with a line, which something may have come behind.
pub async fn take_in(
    mut socket: Socket,
    peer: IpAddr,
    (line, rest): (&str, &[u8]),
    air: &Arc<Air>,
    places: &Arc<Semaphore>,
) {
    let Some(Opened { path, shown, .. }) = open(air, line, None, peer).await else {
        metrics::counter!("groundwave_sources_refused_total", "reason" => "unauthorised").increment(1);
        return tracing::info!("a Shoutcast source was refused: its password, or the number of its stream, is wrong");
    };
    if let Err(error) = say(&mut socket, WELCOME).await {
        return tracing::info!(mount = path, %error, "a source left before it was answered");
    }
    let patience = Duration::from_millis(air.settings().head_timeout_ms);
    let Some((head, first)) = hear_rest(&mut socket, &begun(&path, rest), patience).await else {
        return tracing::info!(mount = path, "a Shoutcast source did not say what it sends");
    };
    let arrival = Arrival { head: &head, shown: Some(shown), first, peer };
    match Admitted::check(&arrival, air, places).await {
        Ok(admitted) => admitted.run(socket, arrival, WELCOME.len(), air).await,
        Err(refusal) => {
            metrics::counter!("groundwave_sources_refused_total", "reason" => refusal.reason()).increment(1);
            tracing::info!(mount = path, reason = refusal.reason(), "a Shoutcast source was refused");
        }
    }
}

/// The beginning of the request that Icecast's sources would have sent. What the encoder says of its stream are the
/// fields of it.
fn begun(path: &str, rest: &[u8]) -> Vec<u8> {
    [b"SOURCE ", path.as_bytes(), b" ICE/1.0\r\n", rest].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::Head;

    fn reading<'a>(user: Option<&'a str>, password: &'a str, sid: Option<usize>) -> Reading<'a> {
        Reading { user, password, sid }
    }

    #[test]
    fn a_line_is_read_in_every_way_that_encoders_write_it() {
        assert_eq!(readings("secret"), [reading(None, "secret", None)]);
        assert_eq!(
            readings("backup:secret"),
            [reading(None, "backup:secret", None), reading(Some("backup"), "secret", None)]
        );
        assert_eq!(
            readings("secret:#2"),
            [reading(None, "secret:#2", None), reading(Some("secret"), "#2", None), reading(None, "secret", Some(2))]
        );
        assert_eq!(readings("backup:secret:#3").last(), Some(&reading(Some("backup"), "secret", Some(3))));
        assert_eq!(readings("secret:#x").len(), 2);
    }

    #[test]
    fn what_it_says_of_its_stream_becomes_the_fields_of_a_request() {
        let head = Head::parse(&begun("/sc", b"icy-name:SC one\r\nicy-br:128\r\n\r\n")).unwrap();
        assert_eq!((head.path(), head.field("icy-name"), head.field("icy-br")), ("/sc", Some("SC one"), Some("128")));
    }
}
