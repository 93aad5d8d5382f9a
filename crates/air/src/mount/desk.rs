//! What a mount carries: its lines, the joins between them, and what goes into the log.

use std::sync::Arc;
use std::time::Duration;

use audio::{Codec, Format, Frame, mpeg, ogg};
use bytes::Bytes;
use station::Timestamp;
use station::event::Input;

use super::{Ended, House, NewSource, SourceInfo};
use crate::Title;
use crate::ear::Ear;
use crate::emergency::Loop;
use crate::pace::Pace;
use crate::ring::{self, Log, Packer, Preface};
use crate::switch::{Carrier, InputId, Rank};

/// A chunk that nobody adds to for this long is given to readers as it is.
const IDLE: Duration = Duration::from_millis(250);

/// Everything that changes when a mount is fed.
#[derive(Debug)]
pub(super) struct Desk {
    packer: Packer,
    /// What makes one stream of the lines' sound, by the kind of it.
    mpeg: mpeg::Joiner,
    ogg: ogg::Joiner,
    pace: Pace,
    /// The lines of automation and of the emergency loop, then those of the sources.
    lines: Vec<Line>,
    /// The line on which the mount's own encoder comes in, and what it encodes.
    rendition: Line,
    rendered: Input,
    emergency_loop: Option<Arc<Loop>>,
    on: Option<Carrier>,
    lead_max: Duration,
    /// What is called a title where nothing better is known.
    service: Arc<Title>,
    programme: Option<Arc<Title>>,
    since: Timestamp,
    /// How often automation has been called upon.
    automation_turns: u64,
    /// When it last had a source, or sent a frame.
    busy_at: Duration,
}

/// What can be heard on a mount, as its desk knows it.
#[derive(Debug)]
struct Line {
    id: InputId,
    source: Option<(NewSource, Timestamp)>,
    title: Option<Arc<Title>>,
    preface: Option<(Format, Bytes)>,
    pace: Pace,
    /// Who listens to it, whether it is on or not.
    ear: Option<Ear>,
}

impl Line {
    fn new(id: InputId, source: Option<(NewSource, Timestamp)>, lead_max: Duration) -> Self {
        Self { id, source, title: None, preface: None, pace: Pace::new(lead_max), ear: None }
    }
}

impl Desk {
    pub fn new(log: Arc<Log>, house: &House, service: &str) -> Self {
        let lead_max = Duration::from_secs(house.settings.source_lead_seconds);
        let service = Title::new(service, "");
        let at_hand = [InputId::Automation, InputId::Emergency];
        Self {
            packer: Packer::new(log, house.epoch, Arc::clone(&service)),
            mpeg: mpeg::Joiner::new(),
            ogg: ogg::Joiner::new(),
            pace: Pace::new(lead_max),
            lines: at_hand.map(|id| Line::new(id, None, lead_max)).into(),
            rendition: Line::new(InputId::Automation, None, lead_max),
            rendered: Input::Nothing,
            emergency_loop: None,
            on: None,
            lead_max,
            service,
            programme: None,
            since: house.clock.now(),
            automation_turns: 0,
            busy_at: Duration::ZERO,
        }
    }

    // Who is there.

    pub fn sources(&self) -> usize {
        self.sources_here().count()
    }

    /// Which of its turns automation has now; `None` while a source is heard.
    pub fn automation_turn(&self) -> Option<u64> {
        self.on.filter(|on| !is_source(on.input())).map(|_| self.automation_turns)
    }

    /// What is on, if a deck plays it: automation, or the silence that it sends where there is no emergency loop.
    pub fn on_from_deck(&self) -> Option<InputId> {
        match self.on? {
            Carrier::Direct(InputId::Automation) => Some(InputId::Automation),
            Carrier::Direct(InputId::Emergency) if self.emergency_loop.is_none() => Some(InputId::Emergency),
            _ => None,
        }
    }

    /// The emergency loop is ready.
    pub fn set_emergency_loop(&mut self, piece: Arc<Loop>) {
        self.emergency_loop = Some(piece);
    }

    pub fn emergency_loop(&self) -> Option<Arc<Loop>> {
        self.emergency_loop.clone()
    }

    pub fn input(&self) -> Input {
        match self.on {
            Some(Carrier::Direct(id)) => self.input_of(id),
            Some(Carrier::Rendition(_)) => self.rendered.clone(),
            None => Input::Nothing,
        }
    }

    pub fn input_of(&self, id: InputId) -> Input {
        let name = self.line(id).and_then(|line| line.source.as_ref()).map(|(source, _)| source.name.clone());
        match (id, name) {
            (InputId::Source(_), Some(name)) => Input::Source(name),
            (InputId::Automation, _) => Input::Automation,
            (InputId::Emergency, _) if self.emergency_loop.is_some() => Input::Emergency,
            _ => Input::Nothing,
        }
    }

    pub fn input_since(&self) -> Timestamp {
        self.since
    }

    pub fn source_on(&self) -> Option<SourceInfo> {
        let Carrier::Direct(id) = self.on? else { return None };
        let (source, since) = self.line(id)?.source.clone()?;
        let NewSource { name, user, rank, declared } = source;
        Some(SourceInfo { name, user, rank, declared, since })
    }

    /// How long it has been without a source.
    pub fn idle_for(&self, now: Duration) -> Duration {
        if self.sources() > 0 { Duration::ZERO } else { now.saturating_sub(self.busy_at) }
    }

    /// Why a source that control does not know any more has ended: one that was displaced still has its line.
    pub fn why_ended(&self, id: InputId) -> Ended {
        if self.line(id).is_some() { Ended::TakenOver } else { Ended::Closed }
    }

    // Coming and going.

    pub fn attach(&mut self, id: InputId, source: NewSource, ear: Option<Ear>, at: Timestamp) {
        self.lines.push(Line { ear, ..Line::new(id, Some((source, at)), self.lead_max) });
    }

    /// Somebody listens to an input from here on, or nobody any more.
    pub fn set_ear(&mut self, id: InputId, ear: Option<Ear>) {
        let Some(line) = self.line_mut(id) else { return };
        line.ear = ear;
        if let (Some(ear), Some((format, headers))) = (&mut line.ear, line.preface.clone()) {
            ear.open(format, headers);
        }
    }

    pub fn detach(&mut self, id: InputId, now: Duration) {
        self.busy_at = now;
        self.lines.retain(|line| line.id != id);
    }

    /// Takes every source's line away, and says whose they were.
    pub fn drop_sources(&mut self) -> Vec<InputId> {
        let ids = self.sources_here().map(|line| line.id).collect();
        self.lines.retain(|line| line.source.is_none());
        ids
    }

    /// Carries something else from here on, and makes the join.
    pub fn carry(&mut self, carrier: Option<Carrier>, at: Timestamp, path: &str) {
        let left = std::mem::replace(&mut self.on, carrier);
        self.since = at;
        if matches!((left, carrier), (Some(Carrier::Rendition(_)), Some(Carrier::Rendition(_)))) {
            // The same encoder goes on with another sound.
            return self.count_turn(left);
        }
        self.end_turn(left);
        self.packer.join();
        self.mpeg.join();
        if carrier.is_some() {
            self.open(at, path);
        }
    }

    /// Something was left. What automation played is not what it will play when it comes back.
    fn end_turn(&mut self, left: Option<Carrier>) {
        self.count_turn(left);
        match left {
            Some(Carrier::Rendition(_)) => self.rendition.preface = None,
            Some(Carrier::Direct(id)) if !is_source(id) => {
                if let Some(line) = self.line_mut(id) {
                    (line.title, line.preface) = (None, None);
                }
            }
            _ => {}
        }
    }

    /// Counts a turn of automation where a source was heard before it.
    fn count_turn(&mut self, left: Option<Carrier>) {
        if left.is_none_or(|left| is_source(left.input())) {
            self.automation_turns += 1;
        }
    }

    // Titles.

    pub fn title(&self) -> &Arc<Title> {
        self.packer.title()
    }

    pub fn title_of(&self, id: InputId) -> Option<&Arc<Title>> {
        self.line(id)?.title.as_ref()
    }

    pub fn set_title(&mut self, id: InputId, title: Option<Arc<Title>>) {
        if let Some(line) = self.line_mut(id) {
            line.title = title;
        }
    }

    pub fn set_programme(&mut self, title: &str) {
        self.programme = (!title.is_empty()).then(|| Title::new(title, ""));
    }

    /// What a rendition is made from, and its title.
    pub fn expect_rendition(&mut self, input: Input, title: Option<Arc<Title>>) {
        self.rendered = input;
        self.rendition.title = title;
    }

    pub fn set_rendition_title(&mut self, title: Option<Arc<Title>>) {
        self.rendition.title = title;
    }

    /// The source that a title from outside belongs to.
    pub fn source_to_title(&self) -> Option<InputId> {
        let best = || self.sources_here().min_by_key(|line| rank_of(line));
        self.sources_here().find(|line| self.is_on(line.id)).or_else(best).map(|line| line.id)
    }

    /// The first source of a rank.
    pub fn source_of(&self, rank: Rank) -> Option<InputId> {
        self.sources_here().find(|line| rank_of(line) == Some(rank)).map(|line| line.id)
    }

    /// Puts the title of what is on into the log. True if it is another one.
    pub fn put_title(&mut self) -> bool {
        let own = self.line_on().and_then(|line| line.title.as_ref());
        let title = own.or(self.programme.as_ref()).unwrap_or(&self.service);
        if title == self.packer.title() {
            return false;
        }
        let title = Arc::clone(title);
        self.packer.retitle(title);
        true
    }

    /// True if what is on is somebody's sending, and its title is its own.
    pub fn is_titled_by_source(&self) -> bool {
        matches!(self.input(), Input::Source(_)) && self.line_on().is_some_and(|line| line.title.is_some())
    }

    // Sound.

    pub fn preface(&self) -> Option<&Arc<Preface>> {
        self.packer.preface()
    }

    /// Says what an input sends. It is put into the log now if the input is on, or else when it comes on.
    pub fn set_preface(&mut self, id: InputId, format: Format, headers: Bytes, at: Timestamp, path: &str) {
        let Some(line) = self.line_mut(id) else { return };
        if let Some(ear) = &mut line.ear {
            ear.open(format, headers.clone());
        }
        line.preface = Some((format, headers));
        if self.is_on(id) {
            self.open(at, path);
        }
    }

    /// How long an input should wait before its next frame: by the mount's clock if it is on, by its own if it waits.
    pub fn wait(&self, id: InputId, now: Duration) -> Duration {
        let own = || self.line(id).map_or(Duration::ZERO, |line| line.pace.wait(now));
        if self.is_on(id) { self.pace.wait(now) } else { own() }
    }

    /// Puts a frame of an input into the log, if it is on.
    pub fn send(&mut self, id: InputId, frame: &Frame, now: Duration, at: Timestamp) {
        let Some(line) = self.line_mut(id) else { return };
        let Some((format, _)) = &line.preface else { return };
        let sound = ring::duration(u64::from(frame.samples), format.sample_rate_hz);
        line.pace.sent(sound, now);
        let is_source = line.source.is_some();
        if let Some(ear) = &mut line.ear {
            ear.hear(frame);
        }
        if !self.is_on(id) {
            return;
        }
        // Automation keeps time by itself; what it sent at once to begin with is nothing that a source should wait for.
        if is_source {
            self.pace.sent(sound, now);
        }
        self.put(frame, now, at);
    }

    /// Says what the mount's own encoder makes.
    pub fn set_rendition_preface(&mut self, format: Format, headers: Bytes, at: Timestamp, path: &str) {
        self.rendition.preface = Some((format, headers));
        if self.is_rendition_on() {
            self.open(at, path);
        }
    }

    /// Puts a frame of the mount's own encoder into the log, if that is on.
    pub fn send_rendered(&mut self, frame: &Frame, now: Duration, at: Timestamp) {
        if self.is_rendition_on() {
            self.put(frame, now, at);
        }
    }

    fn put(&mut self, frame: &Frame, now: Duration, at: Timestamp) {
        self.busy_at = now;
        let joined = match self.codec() {
            Some(Codec::Mp3) => Some(self.mpeg.pass(frame.clone())),
            Some(Codec::OggOpus | Codec::OggVorbis | Codec::OggFlac) => self.ogg.pass(frame.clone()),
            Some(Codec::Aac) | None => Some(frame.clone()),
        };
        if let Some(frame) = joined {
            self.packer.push(&frame, at);
        }
    }

    /// What follows of this input does not follow in sound.
    pub fn skip(&mut self, id: InputId) {
        if let Some(ear) = self.line_mut(id).and_then(|line| line.ear.as_mut()) {
            ear.skip();
        }
        if self.is_on(id) {
            self.mpeg.join();
        }
    }

    pub fn seal(&mut self) {
        self.packer.seal();
    }

    pub fn pause(&mut self) {
        self.packer.pause();
    }

    pub fn seal_if_idle(&mut self, now: Duration) {
        if now.saturating_sub(self.busy_at) >= IDLE {
            self.packer.seal();
        }
    }

    /// Says in the log what the frames of what is on are.
    fn open(&mut self, at: Timestamp, path: &str) {
        let Some((format, headers)) = self.line_on().and_then(|line| line.preface.clone()) else { return };
        if let Some(before) = self.packer.preface().map(|preface| preface.format).filter(|before| *before != format) {
            tracing::warn!(
                mount = path,
                before = %before,
                after = %format,
                "the format of the sound changed; some players will stop here"
            );
        }
        let headers = if headers.is_empty() { headers } else { self.ogg.begin(headers) };
        self.packer.open(format, headers, at);
    }

    fn codec(&self) -> Option<Codec> {
        self.packer.preface().map(|preface| preface.format.codec)
    }

    fn is_rendition_on(&self) -> bool {
        matches!(self.on, Some(Carrier::Rendition(_)))
    }

    pub fn is_on(&self, id: InputId) -> bool {
        self.on == Some(Carrier::Direct(id))
    }

    fn line_on(&self) -> Option<&Line> {
        match self.on? {
            Carrier::Direct(id) => self.line(id),
            Carrier::Rendition(_) => Some(&self.rendition),
        }
    }

    fn sources_here(&self) -> impl Iterator<Item = &Line> {
        self.lines.iter().filter(|line| line.source.is_some())
    }

    fn line(&self, id: InputId) -> Option<&Line> {
        self.lines.iter().find(|line| line.id == id)
    }

    fn line_mut(&mut self, id: InputId) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.id == id)
    }
}

fn is_source(id: InputId) -> bool {
    matches!(id, InputId::Source(_))
}

fn rank_of(line: &Line) -> Option<Rank> {
    line.source.as_ref().map(|(source, _)| source.rank)
}
