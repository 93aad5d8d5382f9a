//! The recorder: makes episodes of broadcasts by itself.
//!
//! Orders ([`Order`](station::recording::Order)) say which programmes are recorded. When such a broadcast is over, its
//! stretch is cut from what was aired, as the [`Archive`] gives it, and an episode with its
//! [`Recording`] is written: one transaction, one event. When the schedule is corrected later, the same
//! episode is cut again as its next revision, as long as everything is still there to cut from.
//!
//! The recorder keeps nothing in memory that matters: what is to be done is worked out anew from the rows each time
//! ([`plan`]), so a program that was killed goes on where it was. What was not aired or not kept is a
//! named gap in the recording, never a reason to make none.
//!
//! The guide does not know how sound is kept, and who keeps it knows no rows: the program puts the two together with
//! [`Archive`]. Start at [`run`].

mod episode;
mod plan;

use std::collections::HashSet;
use std::future::Future;
use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Heard};
use jiff::SignedDuration;
use station::event::Message;
use station::recording::{Chapter, Gap, Loudness, Recording};
use station::{Clock, EpisodeId, Event, ServiceId, Station, StationId, Timestamp};
use store::Db;

pub use plan::{Job, Plan, SETTLE, plan};

/// How far ahead the schedule is looked at for what is to come.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);
/// The longest that passes between two looks at the rows, whatever the wall clock says.
const ROUND: Duration = Duration::from_secs(600);

/// What went wrong with the archive.
pub type Fault = Box<dyn std::error::Error + Send + Sync>;

/// Everything that was aired, as the recorder asks for it.
pub trait Archive: Send + Sync + 'static {
    /// From when on anything of a service is kept; `None` if nothing is.
    fn kept_since(&self, service: ServiceId) -> impl Future<Output = Result<Option<Timestamp>, Fault>> + Send;

    /// Makes a file of what was aired in `span` and puts it into the vault; `None` if nothing of it is kept.
    fn cut(
        &self,
        service: ServiceId,
        span: Range<Timestamp>,
    ) -> impl Future<Output = Result<Option<Cut>, Fault>> + Send;

    /// How loud what was aired in `span` is; `None` if it cannot be told. It takes its time.
    fn loudness(&self, service: ServiceId, span: Range<Timestamp>) -> impl Future<Output = Option<Loudness>> + Send;
}

/// A file that was cut from what was aired.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// Where the vault keeps it.
    pub key: String,
    /// Its media type: `audio/mpeg`.
    pub media_type: String,
    /// Its size.
    pub bytes: i64,
    /// How long it lasts.
    pub duration_ms: i64,
    /// What is missing.
    pub gaps: Vec<Gap>,
    /// What was on, and where it begins.
    pub chapters: Vec<Chapter>,
}

/// How far and how often the recorder looks.
#[derive(Clone, Debug)]
pub struct Settings {
    /// For how many days broadcasts are cut, and cut again: as long as what was aired is kept.
    pub days_back: u32,
    /// The longest that the wall clock goes unwatched, in milliseconds.
    pub check_ms: u64,
    /// How long to wait before something that failed is tried again, in milliseconds.
    pub retry_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { days_back: 14, check_ms: 1_000, retry_ms: 60_000 }
    }
}

/// Records for every station until the bus is closed. To stop it earlier, drop it: what it was at is done anew at the next
/// start.
pub async fn run<A: Archive>(db: Db, bus: Arc<dyn Bus>, clock: Arc<dyn Clock>, archive: A, settings: Settings) {
    let mut heard = bus.subscribe();
    let mut recorder =
        Recorder { db, clock, archive, settings, next: None, given_up: HashSet::new(), listened_to: HashSet::new() };
    loop {
        if recorder.is_time() {
            recorder.go_round().await;
        }
        tokio::select! {
            heard = heard.next() => match heard {
                Heard::Message(message) => recorder.hear(&message),
                Heard::Missed(_) => recorder.next = None,
                Heard::Closed => return,
            },
            () = tokio::time::sleep(Duration::from_millis(recorder.settings.check_ms)) => {}
        }
    }
}

struct Recorder<A> {
    db: Db,
    clock: Arc<dyn Clock>,
    archive: A,
    settings: Settings,
    /// When the rows are looked at next: by the wall clock, and by the monotonic clock at the latest. `None` is now.
    next: Option<(Timestamp, Duration)>,
    /// What cannot be cut, as it stands on the schedule.
    given_up: HashSet<(StationId, ServiceId, Timestamp, Timestamp)>,
    /// The recordings, by episode and revision, whose loudness somebody has tried to measure since the program runs.
    listened_to: HashSet<(StationId, EpisodeId, u32)>,
}

/// Why a job was not done.
enum Undone {
    /// The rows cannot be read or written. All of them wait.
    Store(store::Error),
    /// This one waits.
    Archive(Fault),
}

impl<A: Archive> Recorder<A> {
    fn is_time(&self) -> bool {
        self.next.is_none_or(|(wall, latest)| wall <= self.clock.now() || latest <= self.clock.elapsed())
    }

    fn hear(&mut self, message: &Message) {
        let bears_on_it = matches!(
            message.event,
            Event::ScheduleChanged { .. } | Event::ProgrammeChanged { .. } | Event::StationChanged
        );
        if bears_on_it {
            self.next = None;
        }
    }

    /// Does what is due for every station, and works out when to look again.
    async fn go_round(&mut self) {
        let latest = self.clock.elapsed() + ROUND;
        let next = match self.do_what_is_due().await {
            Ok(next) => next.unwrap_or(Timestamp::MAX),
            Err(error) => {
                metrics::counter!("groundwave_recorder_failures_total", "at" => "store").increment(1);
                tracing::warn!(error = &error as &dyn std::error::Error, "the recorder waits for the store");
                self.retry_at()
            }
        };
        self.next = Some((next, latest));
    }

    async fn do_what_is_due(&mut self) -> store::Result<Option<Timestamp>> {
        let mut next = None;
        for station in store::station::all(&self.db).await? {
            next = earlier(next, self.record(&station).await?);
        }
        Ok(next)
    }

    /// Does what is due for a station; says when something will be.
    async fn record(&mut self, station: &Station) -> store::Result<Option<Timestamp>> {
        let orders = store::recording::orders(&self.db, station.id).await?;
        if orders.is_empty() {
            return Ok(None);
        }
        let now = self.clock.now();
        let back = SignedDuration::from_hours(24 * i64::from(self.settings.days_back));
        let from = now.checked_sub(back).unwrap_or(Timestamp::MIN);
        let until = now.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
        let broadcasts = store::broadcast::between(&self.db, station.id, from, until).await?;
        let recordings = store::recording::between(&self.db, station.id, from, until).await?;
        let Plan { due, mut next } = plan(now, &orders, &broadcasts, &recordings);
        for job in due.into_iter().filter(|job| !self.given_up.contains(&mark(&job.broadcast))).collect::<Vec<_>>() {
            match self.do_job(station, &job).await {
                Ok(()) => {}
                Err(Undone::Store(error)) => return Err(error),
                Err(Undone::Archive(fault)) => {
                    self.tell_fault(&job, &*fault);
                    next = earlier(next, Some(self.retry_at()));
                }
            }
        }
        self.measure_what_is_left(station, from..until).await?;
        Ok(next)
    }

    async fn do_job(&mut self, station: &Station, job: &Job) -> Result<(), Undone> {
        let cut = if job.must_cut() {
            if self.would_lose(job).await.map_err(Undone::Archive)? {
                self.give_up(job, "not all of it can be cut again; its episode stays as it is");
                return Ok(());
            }
            let cut = self.archive.cut(job.broadcast.service, job.span()).await.map_err(Undone::Archive)?;
            if cut.is_none() {
                self.give_up(job, "nothing of it was kept");
                return Ok(());
            }
            cut
        } else {
            None
        };
        let is_cut = cut.is_some();
        let Some(recording) = self.save(station, job, cut).await.map_err(Undone::Store)? else { return Ok(()) };
        metrics::counter!("groundwave_recordings_total").increment(1);
        let Recording { title, revision, start, gaps, .. } = &recording;
        tracing::info!(station = %station.slug, title, revision, %start, gaps = gaps.len(), "a broadcast is an episode");
        if is_cut { self.measure(recording).await.map_err(Undone::Store) } else { Ok(()) }
    }

    /// Adds how loud a recording is. Nobody waits for that: the episode is there already.
    async fn measure(&mut self, mut recording: Recording) -> store::Result<()> {
        self.listened_to.insert((recording.station, recording.episode, recording.revision));
        recording.loudness = self.archive.loudness(recording.service, span_of(&recording)).await;
        if recording.loudness.is_none() {
            return Ok(());
        }
        let mut tx = self.db.begin().await?;
        store::recording::save(&mut tx, &recording).await?;
        tx.commit().await
    }

    /// Measures what a program that was ended in the middle of it left unmeasured, as long as all of it is still there.
    async fn measure_what_is_left(&mut self, station: &Station, days: Range<Timestamp>) -> store::Result<()> {
        let recordings = store::recording::between(&self.db, station.id, days.start, days.end).await?;
        for recording in recordings.into_iter().filter(|recording| recording.loudness.is_none()) {
            if self.listened_to.contains(&(recording.station, recording.episode, recording.revision)) {
                continue;
            }
            let since = self.archive.kept_since(recording.service).await.ok().flatten();
            if since.is_some_and(|since| since <= span_of(&recording).start) {
                self.measure(recording).await?;
            }
        }
        Ok(())
    }

    /// True if what was cut once can no longer be cut whole.
    async fn would_lose(&self, job: &Job) -> Result<bool, Fault> {
        let Some(held_from) = job.held_from() else { return Ok(false) };
        let since = self.archive.kept_since(job.broadcast.service).await?;
        Ok(since.is_none_or(|since| since > held_from.max(job.span().start)))
    }

    /// Writes episode, recording and event. `None`: somebody took the episode away meanwhile.
    async fn save(&self, station: &Station, job: &Job, cut: Option<Cut>) -> store::Result<Option<Recording>> {
        let programme = store::programme::by_id(&self.db, station.id, job.broadcast.programme).await?;
        let earlier = match &job.recording {
            Some(recording) => store::episode::by_id(&self.db, station.id, recording.episode).await?,
            None => None,
        };
        let mut tx = self.db.begin().await?;
        let (programme, cut, made_at) = (programme.as_ref(), cut.as_ref(), self.clock.now());
        let draft = episode::Draft { station, programme, job, cut, made_at };
        let episode = match (earlier, cut) {
            (Some(earlier), _) => draft.corrected(earlier),
            (None, Some(cut)) => draft.episode(cut, draft.free_slug(&mut tx).await?),
            (None, None) => return Ok(None),
        };
        let recording = draft.recording(episode.id);
        store::episode::save(&mut tx, &episode).await?;
        store::recording::save(&mut tx, &recording).await?;
        let event = Event::EpisodePublished { episode: episode.id, programme: episode.programme };
        store::change::add(&mut tx, station.id, &event).await?;
        tx.commit().await?;
        Ok(Some(recording))
    }

    fn give_up(&mut self, job: &Job, why: &str) {
        metrics::counter!("groundwave_recordings_given_up_total").increment(1);
        tracing::warn!(title = job.broadcast.title, start = %job.broadcast.start, "a broadcast is not recorded: {why}");
        self.given_up.insert(mark(&job.broadcast));
    }

    fn tell_fault(&self, job: &Job, fault: &(dyn std::error::Error + Send + Sync + 'static)) {
        metrics::counter!("groundwave_recorder_failures_total", "at" => "archive").increment(1);
        let (title, start, error) = (&job.broadcast.title, job.broadcast.start, fault as &dyn std::error::Error);
        tracing::warn!(title, %start, error, "a broadcast cannot be recorded yet; it is tried again");
    }

    fn retry_at(&self) -> Timestamp {
        let pause = Duration::from_millis(self.settings.retry_ms);
        self.clock.now().checked_add(pause).unwrap_or(Timestamp::MAX)
    }
}

/// What of the air a recording was cut from.
fn span_of(recording: &Recording) -> Range<Timestamp> {
    let padding = |seconds: u32| SignedDuration::from_secs(seconds.into());
    let start = recording.start.checked_sub(padding(recording.padding_before_s)).unwrap_or(Timestamp::MIN);
    let end = recording.end.checked_add(padding(recording.padding_after_s)).unwrap_or(Timestamp::MAX);
    start..end
}

fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    a.into_iter().chain(b).min()
}

fn mark(broadcast: &station::Broadcast) -> (StationId, ServiceId, Timestamp, Timestamp) {
    (broadcast.station, broadcast.service, broadcast.start, broadcast.end)
}
