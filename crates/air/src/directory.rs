//! Directories: public mounts are announced to them, as Icecast announces its streams (YP).
//!
//! A directory is told when something is on a public mount (`add`), what is heard there again and again (`touch`), and
//! when nothing is on any more (`remove`). It gives each announcement an id and says how often it wants to be told. One
//! that does not want the announcement is tried again much later. Nobody waits for a directory.
//!
//! Start at [`Directory::run`].

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use reqwest::Url;
use station::event::Input;
use tokio::time::{Instant, sleep};

use crate::caller::{Answer, Caller};
use crate::gate::form::escape;
use crate::icecast::{listen::Stream, stream_of};
use crate::{Air, Mount};

/// How often it is looked what is on.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How soon after it was added a stream is touched for the first time.
const FIRST_TOUCH: Duration = Duration::from_secs(5);
/// The least time between two touches, whatever the directory wants.
const TOUCH_EVERY_MIN: Duration = Duration::from_secs(30);
/// The most.
const TOUCH_EVERY_MAX: Duration = Duration::from_secs(3_600);
/// How long a directory that did not want an announcement is left alone.
const RETRY_AFTER: Duration = Duration::from_secs(1_200);

/// How directories are told.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Their addresses.
    pub urls: Vec<Url>,
    /// How long one may take to answer.
    pub patience: Duration,
}

/// One directory, and what it has been told.
pub(crate) struct Directory {
    url: Url,
    caller: Caller,
    announced: BTreeMap<String, Announced>,
}

/// How an announcement stands.
#[derive(Debug)]
enum Announced {
    /// The directory has it under an id.
    Listed { sid: String, next_touch: Instant, touch_every: Duration },
    /// The directory did not want it; it is asked again at that moment.
    Refused { again: Instant },
}

/// What a directory is told of a mount.
struct Listing {
    stream: Stream,
    /// Where it is heard.
    listen_url: String,
    title: String,
    listeners: u64,
    listeners_max: Option<u64>,
}

/// Why a directory's answer is none.
#[derive(Debug, thiserror::Error)]
enum Unwanted {
    #[error(transparent)]
    Caller(#[from] crate::caller::Error),
    #[error("it says `{0}`")]
    Refused(String),
}

impl Directory {
    /// Those of the settings.
    pub fn all(setup: &Setup) -> Result<Vec<Self>, crate::caller::Error> {
        let new = |url: &Url| {
            let caller = Caller::new(setup.patience)?;
            Ok(Self { url: url.clone(), caller, announced: BTreeMap::new() })
        };
        setup.urls.iter().map(new).collect()
    }

    /// Tells it what is on, as long as the air is there. What it has is taken back when the air closes.
    pub async fn run(mut self, air: Weak<Air>) {
        loop {
            let Some(air) = air.upgrade().filter(|air| !air.is_closing()) else { break };
            let listings = listings(&air);
            drop(air);
            self.take_back_all_but(|path| listings.contains_key(path)).await;
            for (path, listing) in &listings {
                self.tell(path, listing).await;
            }
            sleep(LOOK_EVERY).await;
        }
        self.take_back_all_but(|_| false).await;
    }

    async fn tell(&mut self, path: &str, listing: &Listing) {
        let now = Instant::now();
        let next = match self.announced.get(path) {
            None => self.add(listing).await,
            Some(Announced::Refused { again }) if now >= *again => self.add(listing).await,
            Some(Announced::Listed { sid, next_touch, touch_every }) if now >= *next_touch => {
                let (sid, touch_every) = (sid.clone(), *touch_every);
                self.touch(sid, touch_every, listing).await
            }
            Some(_) => return,
        };
        let announced = next.unwrap_or_else(|why| {
            metrics::counter!("groundwave_directory_failures_total").increment(1);
            tracing::warn!(mount = path, host = self.url.host_str(), %why, "a directory does not list a mount");
            Announced::Refused { again: Instant::now() + RETRY_AFTER }
        });
        self.announced.insert(path.to_owned(), announced);
    }

    async fn add(&self, listing: &Listing) -> Result<Announced, Unwanted> {
        let answer = self.post(add(listing)).await?;
        let sid = answer.field("sid").unwrap_or_default().to_owned();
        let wanted = answer.field("touchfreq").and_then(|seconds| seconds.trim().parse().ok());
        let touch_every = Duration::from_secs(wanted.unwrap_or(0)).clamp(TOUCH_EVERY_MIN, TOUCH_EVERY_MAX);
        Ok(Announced::Listed { sid, next_touch: Instant::now() + FIRST_TOUCH, touch_every })
    }

    async fn touch(&self, sid: String, touch_every: Duration, listing: &Listing) -> Result<Announced, Unwanted> {
        self.post(touch(&sid, listing)).await?;
        Ok(Announced::Listed { sid, next_touch: Instant::now() + touch_every, touch_every })
    }

    async fn take_back_all_but(&mut self, is_on: impl Fn(&str) -> bool) {
        let gone: Vec<String> = self.announced.keys().filter(|path| !is_on(path)).cloned().collect();
        for path in gone {
            let Some(Announced::Listed { sid, .. }) = self.announced.remove(&path) else { continue };
            if let Err(why) = self.post(remove(&sid)).await {
                tracing::info!(mount = path, host = self.url.host_str(), %why, "a directory could not be told");
            }
        }
    }

    /// Tells it something. It agrees by a field of its answer.
    async fn post(&self, form: String) -> Result<Answer, Unwanted> {
        let answer = self.caller.post(&self.url, None, form).await?;
        match answer.field("ypresponse") {
            Some(value) if value.trim() == "1" => Ok(answer),
            _ => Err(Unwanted::Refused(answer.field("ypmessage").unwrap_or("nothing").chars().take(120).collect())),
        }
    }
}

/// What is on and public, by path.
fn listings(air: &Arc<Air>) -> BTreeMap<String, Listing> {
    let listing = |mount: Arc<Mount>| {
        let (stream, snapshot) = (stream_of(&mount), mount.snapshot());
        let is_listed = stream.is_public && !mount.terms().is_hidden && snapshot.input != Input::Nothing;
        let settings = air.settings();
        let listen_url = format!("http://{}:{}{}", settings.public_name, settings.public_port, snapshot.path);
        let (title, listeners) = (snapshot.title, snapshot.listeners);
        let listeners_max = mount.terms().listeners_max;
        let listing = Listing { stream, listen_url, title, listeners, listeners_max };
        is_listed.then_some((snapshot.path, listing))
    };
    air.mounts().into_iter().filter_map(listing).collect()
}

fn add(listing: &Listing) -> String {
    let stream = &listing.stream;
    format!(
        "action=add&sn={}&genre={}&cpswd=&desc={}&url={}&listenurl={}&type={}&stype={}&b={}&{}\r\n",
        escape(&stream.name),
        escape(&stream.genre),
        escape(&stream.description),
        escape(&stream.url),
        escape(&listing.listen_url),
        escape(stream.codec.media_type()),
        subtype(stream),
        stream.bitrate_kbps.map_or_else(String::new, |kbps| kbps.to_string()),
        audio_info(&stream.audio_info),
    )
}

fn touch(sid: &str, listing: &Listing) -> String {
    format!(
        "action=touch&sid={}&st={}&listeners={}&max_listeners={}&stype={}\r\n",
        id(sid),
        escape(&listing.title),
        listing.listeners,
        listing.listeners_max.map_or_else(|| "unlimited".to_owned(), |most| most.to_string()),
        subtype(&listing.stream),
    )
}

fn remove(sid: &str) -> String {
    format!("action=remove&sid={}", id(sid))
}

/// An id as the directory gave it, as Icecast sends it, unless something in it could be taken for another field.
fn id(sid: &str) -> String {
    let is_plain = sid.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte));
    if is_plain { sid.to_owned() } else { escape(sid) }
}

fn subtype(stream: &Stream) -> &'static str {
    crate::codec::ogg_name(stream.codec).unwrap_or_default()
}

/// `channels=2;samplerate=44100` as fields of a form.
fn audio_info(text: &str) -> String {
    let pairs = text.split(';').filter_map(|pair| pair.split_once('='));
    let fields: Vec<String> = pairs.map(|(name, value)| format!("{}={}", name.trim(), escape(value.trim()))).collect();
    fields.join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    // What Icecast 2.4.4 was seen to send.
    const ADD: &str = "action=add&sn=Test%20R%c3%b6ck&genre=Jazz&cpswd=&desc=A%20test&url=http%3a%2f%2fexample%2etest%2f&listenurl=http%3a%2f%2flocalhost%3a8000%2flive%2emp3&type=audio%2fmpeg&stype=&b=&\r\n";

    fn listing() -> Listing {
        Listing {
            stream: Stream {
                codec: station::Codec::Mp3,
                name: "Test Röck".into(),
                description: "A test".into(),
                genre: "Jazz".into(),
                url: "http://example.test/".into(),
                is_public: true,
                bitrate_kbps: None,
                audio_info: String::new(),
                headers: Vec::new(),
            },
            listen_url: "http://localhost:8000/live.mp3".into(),
            title: "Artist - Title".into(),
            listeners: 7,
            listeners_max: None,
        }
    }

    #[test]
    fn an_announcement_is_icecast_s_to_the_letter() {
        assert_eq!(add(&listing()), ADD);
        assert_eq!(remove("sid-123"), "action=remove&sid=sid-123");
    }

    #[test]
    fn what_is_known_of_the_sound_is_told() {
        let mut listing = listing();
        listing.stream.codec = station::Codec::OggOpus;
        listing.stream.bitrate_kbps = Some(96);
        listing.stream.audio_info = "channels=2;samplerate=48000".into();
        let told = add(&listing);
        assert!(told.ends_with("&type=audio%2fogg&stype=Opus&b=96&channels=2&samplerate=48000\r\n"), "{told}");
        let touched = touch("a b", &listing);
        let expected =
            "action=touch&sid=a%20b&st=Artist%20%2d%20Title&listeners=7&max_listeners=unlimited&stype=Opus\r\n";
        assert_eq!(touched, expected);
    }
}
