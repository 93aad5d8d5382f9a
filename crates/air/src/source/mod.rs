//! A source: an encoder that sends to a mount.
//!
//! Its request is checked (who it is, where it sends, whether there is room), answered as Icecast 2.4 answers, and
//! then its socket is read until it ends: the sound is freed of chunks and in-band titles, cut into frames, and pushed
//! into the mount's [`Feed`](crate::mount::Feed). A source that sends too fast is held back by its own connection, for the feed makes it
//! wait and nothing more is read meanwhile.
//!
//! Start at [`take_in`].

pub mod body;
pub mod credentials;
pub mod declared;
mod expected;
mod inlet;
mod intake;
mod sealed;
pub(crate) mod shoutcast;

use std::net::IpAddr;
use std::sync::Arc;

use bytes::Bytes;
use tokio::io::AsyncWriteExt;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

pub use credentials::Credentials;
pub use declared::Declared;
pub(crate) use expected::Expected;

use crate::front::{Socket, dismiss};
use crate::head::Head;
use crate::icecast::{self, Refusal};
use crate::mount::{NewSource, Refused};
use crate::relay::{Fetched, Relay};
use crate::settings::Sources;
use crate::switch::Rank;
use crate::{Air, codec, gate};
use body::Body;
use intake::{Destination, Intake};

/// The user, besides the one that is set, whose sources stand in for the studio's.
pub(crate) const BACKUP: &str = "backup";

/// A source at the door: its head, the bytes that came behind it, and from where it came.
pub struct Arrival<'a> {
    /// Its request.
    pub head: &'a Head,
    /// What it shows.
    pub shown: Option<Credentials>,
    /// What came behind the head.
    pub first: Bytes,
    /// Its address.
    pub peer: IpAddr,
}

impl<'a> Arrival<'a> {
    /// A source whose head has everything that it shows.
    pub fn new(head: &'a Head, first: Bytes, peer: IpAddr) -> Self {
        Self { head, shown: head.field("authorization").and_then(Credentials::from_basic), first, peer }
    }
}

/// Takes a source in, from its answer to its end. `places` are those that all sources share.
pub async fn take_in(socket: Socket, arrival: Arrival<'_>, air: &Arc<Air>, places: &Arc<Semaphore>) {
    let head = arrival.head;
    match Admitted::check(&arrival, air, places).await {
        Ok(admitted) => admitted.receive(socket, arrival, air).await,
        Err(refusal) => {
            metrics::counter!("groundwave_sources_refused_total", "reason" => refusal.reason()).increment(1);
            tracing::info!(
                target = head.path(),
                agent = head.field("user-agent").unwrap_or_default(),
                reason = refusal.reason(),
                "a source was refused"
            );
            let answer = refusal.bytes(air.clock().now());
            air.office().short_visit(head, arrival.peer, refusal.status(), answer.len());
            dismiss(socket, &answer).await;
        }
    }
}

/// Hears a stream that was fetched from another server, to its end.
pub(crate) async fn hear_relay(air: &Arc<Air>, relay: &Relay, fetched: Fetched) {
    let Fetched { socket, head, first } = fetched;
    let mut source = new_source(&head, String::new(), Rank::Relay);
    if source.name.is_empty() {
        source.name = relay.from.to_string();
    }
    let destination = match air.relayed_mount(&relay.path) {
        Some(mount) => match mount.attach(source) {
            Ok(feed) => Destination::Mount(feed),
            Err(why) => return tracing::warn!(mount = relay.path, %why, "a relay was not taken"),
        },
        None => {
            let (source, ticket) = (Box::new(source), air.expected().announce(&relay.path));
            Destination::ToBeMade { source, ticket, relaying: Some(relay.relaying()) }
        }
    };
    match Body::of(&head) {
        Ok(body) => Intake::new(air, relay.path.clone(), destination, body, &head, first).run(socket.into()).await,
        Err(why) => tracing::warn!(mount = relay.path, %why, "a relay cannot be read"),
    }
}

/// True if a request that could be anybody's carries sound, going by what it says of itself.
pub fn looks_like_one(head: &Head) -> bool {
    let names_sound = head.field("content-type").is_some_and(|media_type| {
        let media_type = media_type.trim().to_ascii_lowercase();
        media_type.starts_with("audio/") || media_type == "application/ogg"
    });
    names_sound || head.fields().any(|(name, _)| name.len() > 4 && name[..4].eq_ignore_ascii_case("ice-"))
}

/// Who may send, of those who show these credentials: the source's rank, or `None` if they are wrong.
///
/// The password is one for all; the user, or `?input=backup`, says which of a mount's inputs it is.
pub fn authorise(shown: Option<&Credentials>, input: Option<&str>, sources: &Sources) -> Option<Rank> {
    let shown = shown?;
    let is_known = shown.user == sources.user || shown.user == BACKUP;
    // Both are looked at, so that the time it takes does not tell which of them was wrong.
    if !(shown.has_password(&sources.password) & is_known) {
        return None;
    }
    Some(rank_of(&shown.user, input))
}

fn rank_of(user: &str, input: Option<&str>) -> Rank {
    if user == BACKUP || input == Some(BACKUP) { Rank::Backup } else { Rank::Studio }
}

/// Somebody who says that it may speak for a mount.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// The mount's path.
    pub path: &'a str,
    /// What it shows.
    pub shown: Option<&'a Credentials>,
    /// Which of the mount's inputs it means, if it says so.
    pub input: Option<&'a str>,
    /// From where it comes.
    pub peer: IpAddr,
    /// Whether it wants something else than to send: a title, a list of listeners.
    pub is_admin: bool,
}

impl Air {
    /// Whether somebody may speak for a mount, and for which of its inputs: by the mount's gate if it has one, or else by
    /// its own password, or else by the machine's.
    pub async fn authorise(&self, claim: &Claim<'_>) -> Result<Rank, Refusal> {
        let terms = self.settings().terms.of(claim.path);
        let Some((gate, url)) = terms.gate.as_ref().and_then(|gate| Some((gate, gate.stream_auth.as_ref()?))) else {
            let sources = terms.source.as_ref().unwrap_or(&self.settings().sources);
            return authorise(claim.shown, claim.input, sources).ok_or(Refusal::Unauthorised);
        };
        let shown = claim.shown.ok_or(Refusal::Unauthorised)?;
        let sender = gate::form::Sender {
            mount: claim.path.to_owned(),
            user: shown.user.clone(),
            password: shown.password.clone(),
            address: claim.peer,
            is_admin: claim.is_admin,
        };
        self.office().gate.ask_sender(url, gate, &sender).await?;
        Ok(rank_of(&shown.user, claim.input))
    }
}

/// A source that may send.
struct Admitted {
    path: String,
    destination: Destination,
    body: Body,
    /// Held as long as it is there.
    _place: OwnedSemaphorePermit,
}

impl Admitted {
    async fn check(arrival: &Arrival<'_>, air: &Arc<Air>, places: &Arc<Semaphore>) -> Result<Self, Refusal> {
        let Arrival { head, shown, first, peer } = arrival;
        let input = icecast::update::Update::parse(head.query()).input;
        let path = icecast::mount_path(head.path()).ok_or(Refusal::BadRequest)?;
        let claim = Claim { path: &path, shown: shown.as_ref(), input: input.as_deref(), peer: *peer, is_admin: false };
        let rank = air.authorise(&claim).await?;
        if head.method == "PUT" && head.field("content-type").is_none() {
            return Err(Refusal::NoContentType);
        }
        let body = Body::of(head).map_err(|_| Refusal::BadRequest)?;
        let place = Arc::clone(places).try_acquire_owned().map_err(|_| Refusal::TooManySources)?;
        let source = new_source(head, shown.as_ref().map(|shown| shown.user.clone()).unwrap_or_default(), rank);
        let destination = match air.mount(head.field("host"), &path) {
            Some(mount) if is_known_to_differ(mount.codec(), first) => return Err(Refusal::WrongCodec),
            Some(mount) => Destination::Mount(mount.attach(source)?),
            None if air.settings().open_mounts => {
                let ticket = air.expected().announce(&path);
                Destination::ToBeMade { source: Box::new(source), ticket, relaying: None }
            }
            None => return Err(Refusal::NoSuchMount),
        };
        Ok(Self { path, destination, body, _place: place })
    }

    async fn receive(self, mut socket: Socket, arrival: Arrival<'_>, air: &Arc<Air>) {
        let welcome = welcome(arrival.head);
        match say(&mut socket, welcome).await {
            Ok(()) => self.run(socket, arrival, welcome.len(), air).await,
            Err(error) => tracing::info!(mount = self.path, %error, "a source left before it was answered"),
        }
    }

    /// Hears a source to its end that was told so many bytes.
    async fn run(self, socket: Socket, arrival: Arrival<'_>, told_bytes: usize, air: &Arc<Air>) {
        let Arrival { head, first, peer, .. } = arrival;
        let mut visit = air.office().visit(head, peer, 200);
        if let Some(visit) = &mut visit {
            visit.sent(told_bytes as u64);
        }
        air.tally().source();
        metrics::counter!("groundwave_sources_total").increment(1);
        metrics::gauge!("groundwave_sources").increment(1);
        let intake = Intake::new(air, self.path, self.destination, self.body, head, first);
        intake.run(socket).await;
        metrics::gauge!("groundwave_sources").decrement(1);
    }
}

impl From<Refused> for Refusal {
    fn from(why: Refused) -> Self {
        match why {
            Refused::Unknown => Refusal::NoSuchMount,
            Refused::BadPath => Refusal::BadRequest,
            Refused::TooMany => Refusal::TooManySources,
            Refused::InUse | Refused::Closed => Refusal::MountInUse,
        }
    }
}

fn new_source(head: &Head, user: String, rank: Rank) -> NewSource {
    let declared = Declared::of(head);
    let name = [&declared.name, &declared.agent, &user].into_iter().find(|name| !name.is_empty());
    NewSource { name: name.cloned().unwrap_or_default(), user, rank, declared }
}

/// True if what has arrived already is sound that the mount does not carry.
fn is_known_to_differ(expected: audio::Codec, first: &[u8]) -> bool {
    matches!(audio::sniff(first), audio::Sniff::Codec(got) if got != expected)
}

/// Says something to a source, at once.
async fn say(socket: &mut Socket, words: &[u8]) -> std::io::Result<()> {
    socket.write_all(words).await?;
    socket.flush().await
}

/// What Icecast 2.4 says to a source that may send: at once, before any sound, and nothing else.
fn welcome(head: &Head) -> &'static [u8] {
    // Whatever protocol it speaks: liquidsoap waits for it in HTTP/1.0.
    let waits = |expected: &str| expected.to_ascii_lowercase().contains("100-continue");
    if head.field("expect").is_some_and(waits) {
        b"HTTP/1.1 100 Continue\r\nContent-Length: 0\r\n\r\nHTTP/1.0 200 OK\r\n\r\n"
    } else {
        b"HTTP/1.0 200 OK\r\n\r\n"
    }
}

/// How a source's codec is called where people read it.
fn name(codec: audio::Codec) -> &'static str {
    codec::from_audio(codec).name()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(text: &str) -> Head {
        Head::parse(format!("{text}\r\n\r\n").as_bytes()).unwrap()
    }

    fn sources() -> Sources {
        Sources { user: "source".into(), password: "srcpw".into() }
    }

    fn rank(user: &str, password: &str, input: Option<&str>) -> Option<Rank> {
        let shown = Credentials { user: user.into(), password: password.into() };
        authorise(Some(&shown), input, &sources())
    }

    #[test]
    fn the_user_or_the_query_says_which_input_it_is() {
        assert_eq!(rank("source", "srcpw", None), Some(Rank::Studio));
        assert_eq!(rank("source", "srcpw", Some("backup")), Some(Rank::Backup));
        assert_eq!(rank("backup", "srcpw", None), Some(Rank::Backup));
        assert_eq!(rank("source", "srcpw", Some("elsewhere")), Some(Rank::Studio));
    }

    #[test]
    fn whoever_shows_something_else_may_not_send() {
        assert_eq!(rank("source", "wrong", None), None);
        assert_eq!(rank("admin", "srcpw", None), None);
        assert_eq!(authorise(None, None, &sources()), None);
    }

    #[test]
    fn only_who_waits_for_it_is_told_to_go_on() {
        for put in ["PUT /a HTTP/1.1\r\nExpect: 100-Continue", "PUT /a HTTP/1.0\r\nExpect: 100-continue"] {
            assert!(welcome(&head(put)).starts_with(b"HTTP/1.1 100 Continue\r\n"), "{put}");
        }
        for other in ["PUT /a HTTP/1.1", "SOURCE /a HTTP/1.0", "PUT /a HTTP/1.1\r\nExpect: the best"] {
            assert_eq!(welcome(&head(other)), b"HTTP/1.0 200 OK\r\n\r\n", "{other}");
        }
    }

    #[test]
    fn a_put_with_sound_in_it_looks_like_a_source() {
        for like in ["Content-Type: audio/mpeg", "content-type: application/ogg", "ice-name: x", "Ice-Public: 0"] {
            assert!(looks_like_one(&head(&format!("PUT /a HTTP/1.1\r\n{like}"))), "{like}");
        }
        assert!(!looks_like_one(&head("PUT /a HTTP/1.1\r\nContent-Type: application/json\r\niced: tea")));
    }
}
