//! Where a mount's inputs meet: the switch, the joins, and what goes into the log.

use std::sync::Arc;
use std::time::Duration;

use audio::{Codec, Format, Frame, mpeg, ogg};
use bytes::Bytes;
use station::Timestamp;
use station::event::Input;

use super::{Ended, House, NewSource, SourceInfo};
use crate::Title;
use crate::pace::Pace;
use crate::ring::{self, Log, Packer, Preface};
use crate::settings::SecondSource;
use crate::switch::{Change, InputId, Patience, Rank, Switch};

/// A chunk that nobody adds to for this long is given to readers as it is.
const IDLE: Duration = Duration::from_millis(250);

/// Everything that changes when a mount is fed.
#[derive(Debug)]
pub(super) struct Desk {
    switch: Switch,
    packer: Packer,
    /// What makes one stream of the inputs' sound, by the kind of it.
    mpeg: mpeg::Joiner,
    ogg: ogg::Joiner,
    pace: Pace,
    lines: Vec<Line>,
    /// Automation's line is attached to the switch only while it has something to play.
    has_automation: bool,
    second_source: SecondSource,
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

/// An input as the desk knows it.
#[derive(Debug)]
struct Line {
    id: InputId,
    source: Option<(NewSource, Timestamp)>,
    title: Option<Arc<Title>>,
    preface: Option<(Format, Bytes)>,
    pace: Pace,
}

impl Desk {
    pub fn new(log: Arc<Log>, house: &House, name: String, has_service: bool) -> Self {
        let settings = &house.settings;
        let patience = Patience {
            stall: Duration::from_millis(settings.source_stall_ms),
            return_after: Duration::from_millis(settings.return_after_ms),
        };
        let lead_max = Duration::from_secs(settings.source_lead_seconds);
        let service = Title::new(&name, "");
        let mut desk = Self {
            switch: Switch::new(patience),
            packer: Packer::new(log, house.epoch, Arc::clone(&service)),
            mpeg: mpeg::Joiner::new(),
            ogg: ogg::Joiner::new(),
            pace: Pace::new(lead_max),
            lines: Vec::new(),
            has_automation: false,
            second_source: settings.second_source,
            lead_max,
            service,
            programme: None,
            since: house.clock.now(),
            automation_turns: 0,
            busy_at: Duration::ZERO,
        };
        if has_service {
            // Until a deck says otherwise, there is something to play.
            desk.add_line(Rank::Automation, None);
            desk.add_line(Rank::Silence, None);
        }
        desk
    }

    // Who is there.

    pub fn sources(&self) -> usize {
        self.lines.iter().filter(|line| line.source.is_some()).count()
    }

    pub fn is_live(&self, rank: Rank, now: Duration) -> bool {
        self.switch.is_live(rank, now)
    }

    pub fn is_on(&self, id: InputId) -> bool {
        self.switch.on() == Some(id)
    }

    fn rank_on(&self) -> Option<Rank> {
        self.switch.rank(self.switch.on()?)
    }

    /// Which of its turns automation has now; `None` while a source is on.
    pub fn automation_turn(&self) -> Option<u64> {
        self.on_if_automated().map(|_| self.automation_turns)
    }

    /// What is on, if that is automation or silence.
    pub fn on_if_automated(&self) -> Option<InputId> {
        self.switch.on().filter(|id| self.switch.rank(*id).is_some_and(|rank| !rank.is_source()))
    }

    pub fn input(&self) -> Input {
        let name = self.source_on().map(|source| source.name);
        match (name, self.rank_on()) {
            (Some(name), _) => Input::Source(name),
            (None, Some(Rank::Automation)) => Input::Automation,
            _ => Input::Nothing,
        }
    }

    pub fn input_since(&self) -> Timestamp {
        self.since
    }

    pub fn source_on(&self) -> Option<SourceInfo> {
        let (source, since) = self.line(self.switch.on()?)?.source.clone()?;
        let NewSource { name, user, rank, declared } = source;
        Some(SourceInfo { name, user, rank, declared, since })
    }

    /// How long it has been without a source.
    pub fn idle_for(&self, now: Duration) -> Duration {
        if self.sources() > 0 { Duration::ZERO } else { now.saturating_sub(self.busy_at) }
    }

    // Coming and going.

    pub fn attach(&mut self, source: NewSource, at: Timestamp) -> InputId {
        self.add_line(source.rank, Some((source, at)))
    }

    /// Attaches it in front of those of its rank, which leave when it is on.
    pub fn attach_first(&mut self, source: NewSource, at: Timestamp) -> InputId {
        let id = self.switch.attach_first(source.rank);
        self.lines.push(self.new_line(id, Some((source, at))));
        id
    }

    pub fn detach(&mut self, id: InputId, now: Duration) {
        self.busy_at = now;
        self.switch.detach(id);
        self.lines.retain(|line| line.id != id);
    }

    pub fn drop_sources(&mut self) {
        let ids: Vec<_> = self.lines.iter().filter(|line| line.source.is_some()).map(|line| line.id).collect();
        for id in ids {
            self.switch.detach(id);
            self.lines.retain(|line| line.id != id);
        }
    }

    /// Automation has a piece to play (its title), or nothing.
    pub fn automation_plays(&mut self, title: Option<&str>) {
        let attached = self.lines.iter().find(|line| self.switch.rank(line.id) == Some(Rank::Automation));
        match (attached.map(|line| line.id), title) {
            (Some(id), Some(title)) => self.set_title(id, Some(Title::new(title, ""))),
            (None, Some(title)) if self.has_automation => {
                let id = self.add_line(Rank::Automation, None);
                self.set_title(id, Some(Title::new(title, "")));
            }
            (Some(id), None) => {
                self.switch.detach(id);
                self.lines.retain(|line| line.id != id);
            }
            _ => {}
        }
    }

    fn add_line(&mut self, rank: Rank, source: Option<(NewSource, Timestamp)>) -> InputId {
        let id = self.switch.attach(rank);
        self.has_automation |= !rank.is_source();
        self.lines.push(self.new_line(id, source));
        id
    }

    fn new_line(&self, id: InputId, source: Option<(NewSource, Timestamp)>) -> Line {
        Line { id, source, title: None, preface: None, pace: Pace::new(self.lead_max) }
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

    /// The source that a title from outside belongs to.
    pub fn source_to_title(&self) -> Option<InputId> {
        let sources = || self.lines.iter().filter(|line| line.source.is_some());
        let best = || sources().min_by_key(|line| self.switch.rank(line.id));
        sources().find(|line| self.is_on(line.id)).or_else(best).map(|line| line.id)
    }

    /// The first source of a rank.
    pub fn source_of(&self, rank: Rank) -> Option<InputId> {
        let is_of_rank = |line: &&Line| line.source.is_some() && self.switch.rank(line.id) == Some(rank);
        self.lines.iter().find(is_of_rank).map(|line| line.id)
    }

    /// Puts the title of what is on into the log. True if it is another one.
    pub fn put_title(&mut self) -> bool {
        let own = self.switch.on().and_then(|id| self.line(id)).and_then(|line| line.title.as_ref());
        let title = own.or(self.programme.as_ref()).unwrap_or(&self.service);
        if title == self.packer.title() {
            return false;
        }
        let title = Arc::clone(title);
        self.packer.retitle(title);
        true
    }

    // Sound.

    pub fn preface(&self) -> Option<&Arc<Preface>> {
        self.packer.preface()
    }

    /// Says what an input sends. It is put into the log now if the input is on, or else when it comes on.
    pub fn set_preface(&mut self, id: InputId, format: Format, headers: Bytes, at: Timestamp, path: &str) {
        let Some(line) = self.line_mut(id) else { return };
        line.preface = Some((format, headers));
        if self.is_on(id) {
            self.open(id, at, path);
        }
    }

    /// Says that an input is alive.
    pub fn heard(&mut self, id: InputId, now: Duration) -> Result<(), Ended> {
        self.is_attached(id)?;
        self.switch.heard(id, now);
        Ok(())
    }

    /// How long an input should wait before its next frame: by the mount's clock if it is on, by its own if it waits.
    pub fn wait(&mut self, id: InputId, now: Duration) -> Result<Duration, Ended> {
        self.is_attached(id)?;
        let line = self.line(id).ok_or(Ended::Closed)?;
        let wait = if self.is_on(id) { self.pace.wait(now) } else { line.pace.wait(now) };
        if !wait.is_zero() {
            // It is held back by us, so it is not silent.
            self.switch.heard(id, now);
        }
        Ok(wait)
    }

    /// Puts a frame into the log, if its input is on.
    pub fn send(&mut self, id: InputId, frame: &Frame, now: Duration, at: Timestamp) {
        let Some(line) = self.line_mut(id) else { return };
        let Some((format, _)) = &line.preface else { return };
        let sound = ring::duration(u64::from(frame.samples), format.sample_rate_hz);
        line.pace.sent(sound, now);
        if !self.is_on(id) {
            return;
        }
        self.pace.sent(sound, now);
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

    /// What follows does not follow in sound.
    pub fn join(&mut self) {
        self.mpeg.join();
    }

    pub fn seal(&mut self) {
        self.packer.seal();
    }

    pub fn seal_if_idle(&mut self, now: Duration) {
        if now.saturating_sub(self.busy_at) >= IDLE {
            self.packer.seal();
        }
    }

    /// Lets the switch decide, and makes the join if it did.
    pub fn settle(&mut self, now: Duration, at: Timestamp, path: &str) -> Option<Change> {
        let change = self.switch.decide(now)?;
        self.since = at;
        self.end_turn(change.from);
        self.packer.join();
        self.mpeg.join();
        if let Some(id) = change.to {
            self.open(id, at, path);
            self.displace(id);
        }
        Some(change)
    }

    /// An input was left. What automation played is not what it will play when it comes back.
    fn end_turn(&mut self, left: Option<InputId>) {
        let Some(line) = left.and_then(|id| self.line_mut(id)) else {
            self.automation_turns += 1;
            return;
        };
        if line.source.is_none() {
            line.title = None;
            line.preface = None;
        } else {
            self.automation_turns += 1;
        }
    }

    /// Where the newest source takes over, those of its rank leave.
    fn displace(&mut self, by: InputId) {
        let rank = self.switch.rank(by).filter(|rank| rank.is_source());
        if self.second_source != SecondSource::TakeOver || rank.is_none() {
            return;
        }
        let displaced: Vec<_> =
            self.lines.iter().map(|line| line.id).filter(|id| *id != by && self.switch.rank(*id) == rank).collect();
        for id in displaced {
            self.switch.detach(id);
        }
    }

    fn open(&mut self, id: InputId, at: Timestamp, path: &str) {
        let Some((format, headers)) = self.line(id).and_then(|line| line.preface.clone()) else { return };
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

    /// A source that was displaced is known here still, but no longer to the switch.
    fn is_attached(&self, id: InputId) -> Result<(), Ended> {
        match (self.switch.has(id), self.line(id)) {
            (true, Some(_)) => Ok(()),
            (false, Some(_)) => Err(Ended::TakenOver),
            _ => Err(Ended::Closed),
        }
    }

    fn codec(&self) -> Option<Codec> {
        self.packer.preface().map(|preface| preface.format.codec)
    }

    fn line(&self, id: InputId) -> Option<&Line> {
        self.lines.iter().find(|line| line.id == id)
    }

    fn line_mut(&mut self, id: InputId) -> Option<&mut Line> {
        self.lines.iter_mut().find(|line| line.id == id)
    }
}
