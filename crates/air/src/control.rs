//! Master control of a service: what is on, and what follows from that on each of its mounts.
//!
//! A service has one [`Switch`]. Whatever is sent to one of its mounts is an input of the whole service, and so is its
//! automation. When another input is on, every mount is told how it gets that input's sound: as it is sent, or as a
//! rendition. Each change on a mount is an event with its reason, a line in the log and a count.
//!
//! Locks are taken in one order: first the board here, then a mount's desk. Nobody who holds a desk asks for the board.
//!
//! Start at `Control::settle`.

mod status;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use station::{StationId, Timestamp};
use tokio::sync::Notify;
use tokio::time::Instant;

pub use status::{Input, Mount as MountStatus, State, Status};

use crate::Mount;
use crate::ear::Fault;
use crate::mount::{House, Refused, Service};
use crate::settings::SecondSource;
use crate::switch::{Carrier, Change, InputId, Patience, Rank, Reason, Seat, Switch};

/// What decides for all mounts of a service.
pub(crate) struct Control {
    station: StationId,
    /// `None` for a mount that a source made: that is a service of its own, without automation.
    service: Option<Service>,
    house: House,
    /// Woken when automation may have become wanted.
    call: Arc<Notify>,
    started: Instant,
    board: Mutex<Board>,
}

/// What changes while it decides.
struct Board {
    switch: Switch,
    places: Vec<Place>,
    /// Since when what is on is on, and why.
    since: Timestamp,
    reason: Reason,
}

/// A mount of the service.
struct Place {
    mount: Weak<Mount>,
    carrier: Option<Carrier>,
}

impl Control {
    /// Control of a service, or of a mount that a source makes.
    pub fn new(house: &House, station: StationId, service: Option<Service>, call: Arc<Notify>) -> Arc<Self> {
        let settings = &house.settings;
        let mut switch = Switch::new(Patience {
            stall: Duration::from_millis(settings.source_stall_ms),
            return_after: Duration::from_millis(settings.return_after_ms),
            return_after_fault: Duration::from_millis(settings.dead_air.return_after_ms),
            quiet_point_wait: Duration::from_millis(settings.dead_air.quiet_point_wait_ms),
        });
        if service.is_some() {
            // Until a deck says otherwise, there is something to play.
            switch.attach_automation();
            switch.attach_emergency();
        }
        let (places, since, reason) = (Vec::new(), house.clock.now(), Reason::Arrived);
        let board = Mutex::new(Board { switch, places, since, reason });
        Arc::new(Self { station, service, house: house.clone(), call, started: Instant::now(), board })
    }

    /// A mount's place. It is told what it carries from the next [`tick`](Self::tick) on.
    pub fn add(&self, mount: Weak<Mount>) -> Seat {
        let mut board = self.board();
        board.places.push(Place { mount, carrier: None });
        board.places.len() - 1
    }

    /// A source has come that sends to a mount.
    pub fn attach(&self, rank: Rank, seat: Seat) -> Result<InputId, Refused> {
        let mut board = self.board();
        if board.switch.sources_at(seat) >= self.house.settings.sources_per_mount_max {
            return Err(Refused::InUse);
        }
        match self.house.settings.second_source {
            SecondSource::Refuse if board.switch.is_live(rank, seat, self.now()) => Err(Refused::InUse),
            SecondSource::TakeOver => Ok(board.switch.attach_first(rank, seat)),
            _ => Ok(board.switch.attach(rank, seat)),
        }
    }

    /// A source is gone.
    pub fn detach(&self, id: InputId) {
        let mut board = self.board();
        board.switch.detach(id);
        self.settle(&mut board);
    }

    /// A source has sent something. False: it is not wanted any more.
    pub fn heard(&self, id: InputId) -> bool {
        let mut board = self.board();
        if !board.switch.has(id) {
            return false;
        }
        board.switch.heard(id, self.now());
        self.settle(&mut board);
        true
    }

    /// True while the source is wanted.
    pub fn has(&self, id: InputId) -> bool {
        self.board().switch.has(id)
    }

    /// Says whether what a source sends is in the format that its mount carries.
    pub fn set_fit(&self, id: InputId, fits: bool) {
        let mut board = self.board();
        board.switch.set_fit(id, fits);
        self.settle(&mut board);
    }

    /// Says whether automation has something to play in the codec of a mount.
    pub fn set_automation_at(&self, seat: Seat, has_it: bool) {
        let mut board = self.board();
        board.switch.set_automation_at(seat, has_it);
        let is_anywhere = (0..board.places.len()).any(|seat| board.switch.has_automation_at(seat));
        match is_anywhere {
            true => board.switch.attach_automation(),
            false => board.switch.detach(InputId::Automation),
        }
        self.settle(&mut board);
    }

    /// Holds the switch to a rank, or lets it decide by itself again.
    pub fn hold(&self, rank: Option<Rank>) {
        let mut board = self.board();
        board.switch.hold(rank);
        let service = self.service.as_ref().map(|service| service.slug.as_str());
        tracing::info!(service, rank = rank.map(Rank::name), "the switch was set by hand");
        self.settle(&mut board);
    }

    /// What is on, and why; `None` for a mount that a source made.
    pub fn status(&self) -> Option<Status> {
        let (board, now) = (self.board(), self.now());
        let service = self.service.as_ref()?;
        let rank_name = |id| board.switch.rank(id).map(|rank| rank.name().to_owned());
        Some(Status {
            station: self.station,
            service: service.id,
            slug: service.slug.to_string(),
            name: service.name.clone(),
            on: board.switch.on().and_then(rank_name),
            since: board.since,
            reason: board.reason.as_str().to_owned(),
            held: board.switch.held().map(|rank| rank.name().to_owned()),
            inputs: board.switch.inputs().map(|(id, rank)| board.input_status(id, rank, now)).collect(),
            mounts: board.places.iter().filter_map(|place| board.mount_status(place)).collect(),
        })
    }

    /// Looks after what no frame would bring about: a source that fell silent, and automation's next frames.
    pub fn tick(&self) {
        self.settle(&mut self.board());
        self.call.notify_one();
    }

    /// A title was given to what a source sends: the mounts that carry renditions of it show it too.
    pub fn pass_on_title(&self, id: InputId) {
        let board = self.board();
        let title = board.sender(id).and_then(|mount| mount.title_of(id));
        let renders = |place: &&Place| place.carrier == Some(Carrier::Rendition(id));
        for mount in board.places.iter().filter(renders).filter_map(|place| place.mount.upgrade()) {
            mount.set_rendition_title(title.clone());
        }
    }

    /// Lets the switch decide, and tells every mount for which that makes a difference.
    fn settle(&self, board: &mut Board) {
        let now = self.now();
        let change = board.switch.decide(now);
        if let Some(change) = change {
            (board.since, board.reason) = (self.house.clock.now(), change.reason);
        }
        if let Some(id) = change.and_then(|change| change.to) {
            self.displace(board, id);
        }
        for seat in 0..board.places.len() {
            let carrier = board.switch.carrier(seat, self.can_render(board, seat), now);
            if board.places[seat].carrier != carrier {
                let reason = board.why(seat, change, now);
                board.carry(seat, carrier, reason);
                self.call.notify_one();
            }
        }
    }

    /// Where the newest source takes over, those of its rank leave.
    fn displace(&self, board: &mut Board, by: InputId) {
        if self.house.settings.second_source == SecondSource::TakeOver {
            board.switch.displace_by(by);
        }
    }

    fn can_render(&self, _board: &Board, _seat: Seat) -> bool {
        false
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        // A board is changed in steps that each leave it whole.
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }
}

impl Board {
    /// Why a mount carries something else now.
    fn why(&self, seat: Seat, change: Option<Change>, now: Duration) -> Reason {
        let left = self.places[seat].carrier.map(Carrier::input);
        let of_its_own = || self.switch.why_left(left, now).unwrap_or(Reason::Arrived);
        change.map_or_else(of_its_own, |change| change.reason)
    }

    fn carry(&mut self, seat: Seat, carrier: Option<Carrier>, reason: Reason) {
        self.places[seat].carrier = carrier;
        let Some(mount) = self.places[seat].mount.upgrade() else { return };
        if let Some(Carrier::Rendition(id)) = carrier {
            let sender = self.sender(id);
            let input = sender.as_ref().map(|sender| sender.input_of(id));
            mount.expect_rendition(input, sender.and_then(|sender| sender.title_of(id)));
        }
        mount.carry(carrier, reason);
    }

    fn input_status(&self, id: InputId, rank: Rank, now: Duration) -> Input {
        let is_source = matches!(id, InputId::Source(_));
        let mount = self.sender(id).filter(|_| is_source);
        let name = mount.as_ref().and_then(|mount| mount.source_name(id)).unwrap_or_default();
        let state = match self.switch.fault(id) {
            _ if !self.switch.is_sending(id, now) => State::Stalled,
            Some(Fault::Silent) => State::Silent,
            Some(Fault::ChannelDead) => State::ChannelDead,
            Some(Fault::StuckTone) => State::StuckTone,
            None => State::Good,
        };
        let (rank, is_on) = (rank.name().to_owned(), self.switch.on() == Some(id));
        Input { rank, name, mount: mount.map(|mount| mount.path().to_owned()), is_on, state }
    }

    fn mount_status(&self, place: &Place) -> Option<MountStatus> {
        let carries = place.carrier.and_then(|carrier| self.switch.rank(carrier.input()));
        Some(MountStatus {
            path: place.mount.upgrade()?.path().to_owned(),
            carries: carries.map(|rank| rank.name().to_owned()),
            is_rendition: matches!(place.carrier, Some(Carrier::Rendition(_))),
        })
    }

    /// The mount to which an input sends; for automation, the first on which it plays.
    fn sender(&self, id: InputId) -> Option<Arc<Mount>> {
        let seat = match id {
            InputId::Automation => (0..self.places.len()).find(|seat| self.switch.has_automation_at(*seat)),
            _ => self.switch.seat(id),
        };
        self.places.get(seat?)?.mount.upgrade()
    }
}

impl std::fmt::Debug for Control {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Control").field("on", &self.board().switch.on()).finish_non_exhaustive()
    }
}
