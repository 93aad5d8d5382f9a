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

use audio::encode::Recipe;
use audio::fmp4;
use audio::loudness::Reading;
use station::event::Meters;
use station::{Broadcast, StationId, Timestamp};
use tokio::sync::Notify;
use tokio::time::Instant;

pub use status::{Input, Mount as MountStatus, State, Status};

use crate::Mount;
use crate::ear::{Ear, Fault, Heard, Profile};
use crate::emergency::Playing;
use crate::mount::{House, Refused, Service};
use crate::programme_bus::Bus;
use crate::rendition::{self, Make, Rendition};
use crate::settings::{Loudness, SecondSource};
use crate::switch::{Carrier, Change, InputId, Patience, Rank, Reason, Seat, Switch};

/// What decides for all mounts of a service.
pub(crate) struct Control {
    station: StationId,
    /// `None` for a mount that a source made: that is a service of its own, without automation.
    service: Option<Service>,
    house: House,
    loudness: Loudness,
    /// Woken when automation may have become wanted.
    call: Arc<Notify>,
    started: Instant,
    board: Mutex<Board>,
    /// Taken after the board, or alone.
    bus: Mutex<Bus>,
}

/// How long a mount does without a rendition after its encoders have failed one after the other.
const RENDITION_REST: Duration = Duration::from_secs(30);

/// What changes while it decides.
struct Board {
    switch: Switch,
    places: Vec<Place>,
    /// Since when what is on is on, and why.
    since: Timestamp,
    reason: Reason,
    /// What the meters showed last of what is on.
    meters: Option<Meters>,
    /// The broadcast that is on, and what it may sound like.
    broadcast: Option<Broadcast>,
    profile: Profile,
    /// The mount at which automation is listened to, for renditions of it.
    automation_ear: Option<Seat>,
    /// How loud renditions are, once that is known.
    levelled: Option<fmp4::Loudness>,
}

/// A mount of the service.
struct Place {
    mount: Weak<Mount>,
    carrier: Option<Carrier>,
    /// How renditions for it are made, if they can be.
    recipe: Option<Recipe>,
    rendition: Option<Rendition>,
    /// The emergency loop, while it is on here.
    emergency: Option<Playing>,
    /// Until when it does without a rendition.
    rests_until: Duration,
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
        let board = Mutex::new(Board {
            switch,
            places: Vec::new(),
            since: house.clock.now(),
            reason: Reason::Arrived,
            meters: None,
            broadcast: None,
            profile: settings.dead_air.profile,
            automation_ear: None,
            levelled: None,
        });
        let loudness = settings.loudness.of(service.as_ref().map(|service| service.id));
        let bus = Mutex::new(Bus::new(loudness));
        Arc::new(Self { station, service, house: house.clone(), loudness, call, started: Instant::now(), board, bus })
    }

    /// A mount's place. It is told what it carries from the next [`tick`](Self::tick) on.
    pub fn add(&self, mount: Weak<Mount>, declared: &station::Mount) -> Seat {
        let recipe = self.recipe(declared);
        let mut board = self.board();
        let (carrier, rendition, emergency, rests_until) = Default::default();
        board.places.push(Place { mount, carrier, recipe, rendition, emergency, rests_until });
        board.places.len() - 1
    }

    /// How renditions for the mount at a place are made.
    pub fn recipe_at(&self, seat: Seat) -> Option<Recipe> {
        self.board().places.get(seat)?.recipe
    }

    /// How renditions for a mount are made; `None` where there is no workshop, or no way.
    fn recipe(&self, declared: &station::Mount) -> Option<Recipe> {
        self.service.as_ref().and(self.house.workshop.as_ref())?;
        let made = rendition::recipe(declared);
        match made.transpose() {
            Ok(recipe) => recipe,
            Err(why) => {
                tracing::warn!(mount = declared.path, %why, "no renditions can be made for a mount: change what it is declared as");
                None
            }
        }
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

    /// An ear for an input, if there is a workshop for it to listen in. A mount that a source made has none: it has nothing
    /// else to turn to.
    pub fn ear_for(self: &Arc<Self>, id: InputId) -> Option<Ear> {
        self.service.as_ref()?;
        let workshop = self.house.workshop.clone()?;
        self.board().switch.expect_ear(id);
        Some(Ear::start(&self.house.beat, workshop, self, id))
    }

    /// An ear has heard something.
    pub fn hear(self: &Arc<Self>, id: InputId, heard: &Heard<'_>) {
        let mut board = self.board();
        board.switch.judge(id, heard.verdict.fault, heard.verdict.is_quiet, self.now());
        self.settle(&mut board);
        let is_on = board.switch.on() == Some(id);
        drop(board);
        if !is_on {
            return;
        }
        let (reading, is_levelled) = {
            let mut bus = self.bus();
            (bus.push(id, heard.layout, heard.pcm, self.now()), bus.is_levelled())
        };
        self.tell_loudness(is_levelled);
        if let (Some(reading), Some(service)) = (reading, &self.service) {
            let meters = meters(&reading);
            self.board().meters = Some(meters);
            self.house.herald.meters(self.station, service, meters);
        }
    }

    /// Says how loud renditions are, or that it is not known: when that changes.
    fn tell_loudness(&self, is_levelled: bool) {
        let levelled = self.loudness.target_lufs.filter(|_| is_levelled);
        let levelled = levelled.and_then(|target| fmp4::Loudness::measured(target, self.loudness.ceiling_dbtp));
        let mut board = self.board();
        if board.levelled != levelled {
            board.levelled = levelled;
            (0..board.places.len()).for_each(|seat| board.tell_loudness(seat));
        }
    }

    /// An ear was lost; another takes its place, or not.
    pub fn lose_ear(self: &Arc<Self>, id: InputId, is_replaced: bool) {
        let mut board = self.board();
        board.switch.lose_ear(id, is_replaced);
        if board.switch.on() == Some(id) {
            board.meters = None;
        }
        self.settle(&mut board);
    }

    /// What the programme that is on may sound like.
    pub fn profile(&self) -> Profile {
        self.board().profile
    }

    /// The encoders of a mount have failed one after the other: it does without a rendition for a while.
    pub fn give_up_rendition(self: &Arc<Self>, seat: Seat) {
        let mut board = self.board();
        board.places[seat].rests_until = self.now() + RENDITION_REST;
        self.settle(&mut board);
    }

    /// This broadcast is on now.
    pub fn begin_broadcast(&self, broadcast: Option<&Broadcast>) {
        let mut board = self.board();
        let before = std::mem::replace(&mut board.broadcast, broadcast.cloned());
        // It is told again whenever the schedule changes; then its end or its title may be others.
        let identity = |broadcast: &Broadcast| (broadcast.programme, broadcast.start);
        if before.as_ref().map(identity) == broadcast.map(identity) {
            return;
        }
        self.set_profile(&mut board);
        drop(board);
        let reading = self.bus().begin_programme();
        if let (Some(before), Some(reading), Some(service)) = (before, reading, &self.service) {
            self.house.herald.programme_measured(service, &before, &reading);
        }
    }

    /// What programmes may sound like has changed.
    pub fn renew_profile(&self) {
        self.set_profile(&mut self.board());
    }

    fn set_profile(&self, board: &mut Board) {
        let programme = board.broadcast.as_ref().map(|broadcast| broadcast.programme);
        board.profile = self.house.profiles.of(programme);
    }

    /// A source is gone.
    pub fn detach(self: &Arc<Self>, id: InputId) {
        let mut board = self.board();
        board.switch.detach(id);
        self.settle(&mut board);
    }

    /// A source has sent something. False: it is not wanted any more.
    pub fn heard(self: &Arc<Self>, id: InputId) -> bool {
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
    pub fn set_fit(self: &Arc<Self>, id: InputId, fits: bool) {
        let mut board = self.board();
        board.switch.set_fit(id, fits);
        self.settle(&mut board);
    }

    /// Says whether automation has something to play in the codec of a mount.
    pub fn set_automation_at(self: &Arc<Self>, seat: Seat, has_it: bool) {
        let mut board = self.board();
        board.switch.set_automation_at(seat, has_it);
        let is_anywhere = (0..board.places.len()).any(|seat| board.switch.has_automation_at(seat));
        match is_anywhere {
            true => board.switch.attach_automation(),
            false => board.switch.detach(InputId::Automation),
        }
        self.settle(&mut board);
    }

    /// Says whether automation's pieces are mixed into one sound: then mounts carry renditions of that, where they can.
    pub fn set_mixed(self: &Arc<Self>, is_mixed: bool) {
        let mut board = self.board();
        if board.switch.is_mixed() == is_mixed {
            return;
        }
        board.switch.set_mixed(is_mixed);
        // A mix is heard as it is made: automation has no other ear.
        self.listen_to_automation(&mut board, self.now());
        self.expect_mix(&mut board);
    }

    /// True while somebody would hear automation's mix.
    pub fn wants_mix(&self) -> bool {
        let (board, now) = (self.board(), self.now());
        let is_on = board.switch.on() == Some(InputId::Automation);
        is_on && (0..board.places.len()).any(|seat| board.can_render(seat, now))
    }

    /// Nothing comes of automation's mix any more, until it begins anew.
    pub fn mix_rests(self: &Arc<Self>) {
        self.expect_mix(&mut self.board());
    }

    fn expect_mix(self: &Arc<Self>, board: &mut Board) {
        board.switch.lose_ear(InputId::Automation, false);
        if board.switch.is_mixed() {
            board.switch.expect_ear(InputId::Automation);
        }
        self.settle(board);
    }

    /// Holds the switch to a rank, or lets it decide by itself again.
    pub fn hold(self: &Arc<Self>, rank: Option<Rank>) {
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
            meters: board.meters,
            held: board.switch.held().map(|rank| rank.name().to_owned()),
            inputs: board.switch.inputs().map(|(id, rank)| board.input_status(id, rank, now)).collect(),
            mounts: board.places.iter().filter_map(|place| board.mount_status(place)).collect(),
        })
    }

    /// Looks after what no frame would bring about: a source that fell silent, and automation's next frames.
    pub fn tick(self: &Arc<Self>) {
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
    fn settle(self: &Arc<Self>, board: &mut Board) {
        let now = self.now();
        let change = board.switch.decide(now);
        if let Some(change) = change {
            (board.since, board.reason, board.meters) = (self.house.clock.now(), change.reason, None);
        }
        if let Some(id) = change.and_then(|change| change.to) {
            self.displace(board, id);
        }
        self.listen_to_automation(board, now);
        for seat in 0..board.places.len() {
            let carrier = board.switch.carrier(seat, board.can_render(seat, now), now);
            if board.places[seat].carrier != carrier {
                let reason = board.why(seat, change, now);
                self.render(board, seat, matches!(carrier, Some(Carrier::Rendition(_))));
                board.carry(seat, carrier, reason);
                self.play_emergency(board, seat);
                self.call.notify_one();
            }
        }
    }

    /// Listens to automation while renditions of it are wanted, and only then.
    fn listen_to_automation(self: &Arc<Self>, board: &mut Board, now: Duration) {
        let lacks = |seat| !board.switch.has_automation_at(seat) && board.can_render(seat, now);
        let is_on = board.switch.on() == Some(InputId::Automation);
        let is_wanted = is_on && !board.switch.is_mixed() && (0..board.places.len()).any(lacks);
        let seat = if is_wanted { board.automation_seat() } else { None };
        if board.automation_ear == seat {
            return;
        }
        let mount_at = |seat: Option<Seat>| board.places.get(seat?)?.mount.upgrade();
        if let Some(mount) = mount_at(board.automation_ear) {
            mount.set_ear(InputId::Automation, None);
        }
        let ear = self.house.workshop.clone().filter(|_| seat.is_some());
        let ear = ear.map(|workshop| Ear::start(&self.house.beat, workshop, self, InputId::Automation));
        if let Some(mount) = mount_at(seat) {
            mount.set_ear(InputId::Automation, ear);
        }
        board.automation_ear = seat;
        match seat {
            Some(_) => board.switch.expect_ear(InputId::Automation),
            None => board.switch.lose_ear(InputId::Automation, false),
        }
    }

    /// Starts or ends the rendition of a mount.
    fn render(&self, board: &mut Board, seat: Seat, is_wanted: bool) {
        let place = &mut board.places[seat];
        if !is_wanted {
            place.rendition = None;
            return self.bus().disconnect(seat);
        }
        let (Some(workshop), Some(recipe)) = (self.house.workshop.clone(), place.recipe) else { return };
        place.rendition.get_or_insert_with(|| {
            let portions = self.bus().connect(seat);
            let make = Make { recipe, ceiling_dbtp: self.loudness.ceiling_dbtp };
            Rendition::start(&self.house.beat, workshop, place.mount.clone(), make, portions)
        });
    }

    /// The emergency loop of a mount is ready.
    pub fn emergency_is_ready(&self, seat: Seat) {
        self.play_emergency(&mut self.board(), seat);
    }

    /// Plays the emergency loop on a mount that carries it, and ends it on one that does not.
    fn play_emergency(&self, board: &mut Board, seat: Seat) {
        let place = &mut board.places[seat];
        let is_on = place.carrier == Some(Carrier::Direct(InputId::Emergency));
        let piece = place.mount.upgrade().filter(|_| is_on).and_then(|mount| mount.emergency_loop());
        place.emergency = piece.map(|piece| Playing::start(&self.house.beat, place.mount.clone(), piece));
    }

    /// Where the newest source takes over, those of its rank leave.
    fn displace(&self, board: &mut Board, by: InputId) {
        if self.house.settings.second_source == SecondSource::TakeOver {
            board.switch.displace_by(by);
        }
    }

    fn bus(&self) -> MutexGuard<'_, Bus> {
        // What a panic left on the bus is at worst a portion that is missing.
        self.bus.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        // A board is changed in steps that each leave it whole.
        self.board.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        self.started.elapsed()
    }
}

/// What is told of a reading.
fn meters(reading: &Reading) -> Meters {
    Meters {
        momentary_lufs: reading.momentary_lufs,
        short_term_lufs: reading.short_term_lufs,
        integrated_lufs: reading.integrated_lufs,
        true_peak_dbtp: reading.true_peak_dbtp,
        phase: reading.phase,
    }
}

impl Board {
    /// True if a rendition can be made for the mount.
    fn can_render(&self, seat: Seat, now: Duration) -> bool {
        let place = &self.places[seat];
        place.recipe.is_some() && place.rests_until <= now
    }

    /// The first mount in whose codec automation has what it plays.
    fn automation_seat(&self) -> Option<Seat> {
        (0..self.places.len()).find(|seat| self.switch.has_automation_at(*seat))
    }

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
        self.tell_loudness(seat);
    }

    /// Tells a mount how loud what it carries is. Of what is passed on as it was sent, nobody can say.
    fn tell_loudness(&self, seat: Seat) {
        let is_rendition = matches!(self.places[seat].carrier, Some(Carrier::Rendition(_)));
        let Some(mount) = self.places[seat].mount.upgrade() else { return };
        mount.tell_loudness(self.levelled.filter(|_| is_rendition));
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
            Some(Fault::Frozen) => State::Frozen,
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
            InputId::Automation => self.automation_seat(),
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
