//! Reads what a source sends, until it ends, and pushes its frames.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use audio::icy::{Deinterleaver, Piece};
use audio::{Found, Framer, Sniff};
use bytes::{Bytes, BytesMut};
use tokio::time::Instant;

use super::body::{Body, Malformed};
use super::expected::Ticket;
use super::inlet::Look;
use super::{name, sealed};
use crate::Air;
use crate::front::Socket;
use crate::head::Head;
use crate::mount::{Ended, Feed, NewSource, Refused, Relaying};

/// How much of a stream is kept to find out what it is, in bytes: a tag with a picture in it fits.
const OPENING_BYTES_MAX: usize = 1 << 20;

/// Where a source's frames go.
pub(super) enum Destination {
    /// Into a mount that is there.
    Mount(Feed),
    /// Into one that will be made when it is known what the source sends.
    ToBeMade {
        /// What is known of the source.
        source: Box<NewSource>,
        /// Its place among those that are expected.
        ticket: Ticket,
        /// When it is fetched, if it is a relay: its mount stands for good.
        relaying: Option<Relaying>,
    },
}

/// Why a source is there no more.
#[derive(Debug, thiserror::Error)]
enum Departure {
    #[error("it closed its connection")]
    Closed,
    #[error("it sent all it had announced")]
    Finished,
    #[error("it sent nothing for {0:?}")]
    Silent(Duration),
    #[error("its connection broke: {0}")]
    Broken(#[from] std::io::Error),
    #[error("{0}")]
    Malformed(#[from] Malformed),
    #[error("it sends {got}, but the mount carries {expected}")]
    WrongCodec { expected: &'static str, got: &'static str },
    #[error("it sends nothing that is known as sound")]
    Unknown,
    #[error("it sent {bytes} bytes without a frame in them")]
    Garbage { bytes: u64 },
    #[error("{0}")]
    Refused(#[from] Refused),
    #[error("{0}")]
    Ended(Ended),
}

impl From<Ended> for Departure {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::WrongCodec { expected, got } => Departure::WrongCodec { expected: name(expected), got: name(got) },
            other => Departure::Ended(other),
        }
    }
}

impl Departure {
    /// A word for counters.
    fn reason(&self) -> &'static str {
        match self {
            Departure::Closed => "closed",
            Departure::Finished => "finished",
            Departure::Silent(_) => "silent",
            Departure::Broken(_) => "broken",
            Departure::Malformed(_) => "malformed",
            Departure::WrongCodec { .. } => "wrong-codec",
            Departure::Unknown => "unknown-codec",
            Departure::Garbage { .. } => "garbage",
            Departure::Refused(_) => "refused",
            Departure::Ended(_) => "ended",
        }
    }

    /// True if the source meant to go, or was asked to.
    fn is_ordinary(&self) -> bool {
        matches!(self, Departure::Closed | Departure::Finished | Departure::Ended(_))
    }
}

/// How far a source's stream is known.
enum Stage {
    /// Too little has come to know what it is.
    Opening { destination: Destination, opening: Vec<u8> },
    /// It flows.
    Flowing { feed: Feed, framer: Framer },
}

/// A source that is being read.
pub(super) struct Intake {
    air: Arc<Air>,
    host: Option<String>,
    path: String,
    agent: String,
    body: Body,
    /// What has arrived and was not looked at yet.
    received: BytesMut,
    titles: Option<Deinterleaver>,
    /// `None` only while it passes from one stage to the next.
    stage: Option<Stage>,
    /// Bytes without a frame in them, since the last frame.
    garbage_bytes: u64,
    skipped: metrics::Counter,
}

impl Intake {
    pub fn new(air: &Arc<Air>, path: String, destination: Destination, body: Body, head: &Head, first: Bytes) -> Self {
        let metaint = head.field("icy-metaint").and_then(|bytes| bytes.trim().parse().ok()).filter(|&bytes| bytes > 0);
        Self {
            skipped: metrics::counter!("groundwave_source_skipped_bytes_total", "mount" => path.clone()),
            air: Arc::clone(air),
            host: head.field("host").map(str::to_owned),
            path,
            agent: head.field("user-agent").unwrap_or_default().to_owned(),
            body,
            received: BytesMut::from(first.as_ref()),
            titles: metaint.map(Deinterleaver::new),
            stage: Some(Stage::Opening { destination, opening: Vec::new() }),
            garbage_bytes: 0,
        }
    }

    /// Reads until the source ends, and says why it did. It is read on the beat of the air, whoever calls this.
    pub async fn run(self, socket: Socket) {
        let beat = self.air.beat().clone();
        beat.run(self.run_here(socket)).await;
    }

    async fn run_here(mut self, socket: Socket) {
        let (mount, agent) = (self.path.clone(), self.agent.clone());
        let since = Instant::now();
        tracing::info!(mount, agent, "a source has connected");
        let Err(why) = self.read(socket).await;
        let seconds = since.elapsed().as_secs();
        metrics::counter!("groundwave_sources_ended_total", "reason" => why.reason()).increment(1);
        if why.is_ordinary() {
            tracing::info!(mount, agent, seconds, %why, "a source has left");
        } else {
            tracing::warn!(mount, agent, seconds, %why, "a source was lost");
        }
    }

    async fn read(&mut self, socket: Socket) -> Result<Infallible, Departure> {
        let patience = Duration::from_millis(self.air.settings().source_timeout_ms);
        let mut inlet = sealed::Inlet::new(socket, self.air.beat())?;
        self.use_up_received().await?;
        while !self.body.is_over() {
            let look = inlet.read(&mut self.received, patience).await?;
            self.use_up_received().await?;
            match look {
                Look::More => {}
                Look::Drained => {
                    self.pause();
                    inlet.rest().await;
                }
                Look::Closed => {
                    self.finish().await?;
                    return Err(Departure::Closed);
                }
                Look::Silent => return Err(Departure::Silent(patience)),
            }
        }
        self.finish().await?;
        Err(Departure::Finished)
    }

    /// The source has sent all it had for now: readers get that.
    fn pause(&self) {
        if let Some(Stage::Flowing { feed, .. }) = &self.stage {
            feed.pause();
        }
    }

    async fn use_up_received(&mut self) -> Result<(), Departure> {
        while let Some(sound) = self.body.take(&mut self.received)? {
            match self.titles.take() {
                None => self.hear(&sound).await?,
                Some(mut titles) => {
                    let heard = self.hear_between_titles(&mut titles, &sound).await;
                    self.titles = Some(titles);
                    heard?;
                }
            }
        }
        Ok(())
    }

    async fn hear_between_titles(&mut self, titles: &mut Deinterleaver, mut sound: &[u8]) -> Result<(), Departure> {
        while let Some(piece) = titles.next(&mut sound) {
            match piece {
                Piece::Sound(sound) => self.hear(sound).await?,
                Piece::Metadata(metadata) => {
                    if let (Some(Stage::Flowing { feed, .. }), Some(title)) = (&self.stage, metadata.title) {
                        feed.title(&title, metadata.url.as_deref().unwrap_or_default());
                    }
                }
            }
        }
        Ok(())
    }

    async fn hear(&mut self, sound: &[u8]) -> Result<(), Departure> {
        if let Some(Stage::Opening { opening, .. }) = &mut self.stage {
            opening.extend_from_slice(sound);
            return self.try_to_open().await;
        }
        self.push(sound).await
    }

    /// Looks whether enough has come to know what the source sends.
    async fn try_to_open(&mut self) -> Result<(), Departure> {
        let Some(Stage::Opening { destination, opening }) = self.stage.take() else { return Ok(()) };
        let codec = match (audio::sniff(&opening), &destination) {
            (Sniff::Codec(codec), _) => codec,
            (Sniff::More, _) if opening.len() < OPENING_BYTES_MAX => {
                self.stage = Some(Stage::Opening { destination, opening });
                return Ok(());
            }
            // A mount that is there says what it carries; its framer finds that in the stream, or counts garbage.
            (_, Destination::Mount(feed)) => feed.mount().codec(),
            (_, Destination::ToBeMade { .. }) => return Err(Departure::Unknown),
        };
        let feed = match destination {
            Destination::Mount(feed) => feed,
            Destination::ToBeMade { source, ticket, relaying } => self.open(codec, *source, &ticket, relaying)?,
        };
        let expected = feed.mount().codec();
        if expected != codec {
            return Err(Departure::WrongCodec { expected: name(expected), got: name(codec) });
        }
        self.stage = Some(Stage::Flowing { feed, framer: Framer::new(codec) });
        self.push(&opening).await
    }

    fn open(
        &self,
        codec: audio::Codec,
        source: NewSource,
        ticket: &Ticket,
        relaying: Option<Relaying>,
    ) -> Result<Feed, Departure> {
        let feed = match relaying {
            Some(relaying) => self.air.attach_relay(&self.path, codec, relaying, source)?,
            None => self.air.attach(self.host.as_deref(), &self.path, codec, source)?,
        };
        if let Some((title, url)) = ticket.title() {
            feed.title(&title, &url);
        }
        Ok(feed)
    }

    async fn push(&mut self, sound: &[u8]) -> Result<(), Departure> {
        let Some(Stage::Flowing { framer, .. }) = &mut self.stage else { return Ok(()) };
        framer.push(sound);
        self.drain().await
    }

    /// Pushes every frame that is whole.
    async fn drain(&mut self) -> Result<(), Departure> {
        let Some(Stage::Flowing { feed, framer }) = &mut self.stage else { return Ok(()) };
        for found in framer.by_ref() {
            match &found {
                Found::Frame(_) => self.garbage_bytes = 0,
                Found::Skipped { bytes } => {
                    self.garbage_bytes += bytes;
                    self.skipped.increment(*bytes);
                }
                Found::Format { .. } | Found::Tag { .. } => {}
            }
            feed.take(found).await?;
            if self.garbage_bytes > self.air.settings().source_garbage_bytes_max {
                return Err(Departure::Garbage { bytes: self.garbage_bytes });
            }
        }
        Ok(())
    }

    /// The source has ended: what was kept back comes out.
    async fn finish(&mut self) -> Result<(), Departure> {
        if let Some(Stage::Flowing { framer, .. }) = &mut self.stage {
            framer.finish();
        }
        self.drain().await
    }
}
