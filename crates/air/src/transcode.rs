//! Sound is decoded and encoded in child processes: a codec that crashes, hangs or is taken over costs one rendition a
//! moment, never the service.
//!
//! A [`Workshop`] starts children. Each is the same program under another name (its `transcode-child` command), which
//! [locks itself in](cell) before it reads a byte: no files, no network, no other processes, little memory. It then answers
//! whatever it is told over two pipes, in [messages](message), until its input ends. A [`Decoding`] is a child that makes
//! sound of frames, an [`Encoding`] one that makes frames of sound.
//!
//! The parent never waits for a child without a limit: one that does not answer within [`ANSWER_MAX`] is killed.
//! When a child is gone for any reason its handle says so once ([`Ended`]), and its owner starts another.
//!
//! Start at [`Workshop::decode`]; the child's side starts at [`child::run`].

pub mod cell;
pub mod child;
mod keeper;
mod message;

use std::collections::VecDeque;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use audio::encode::Recipe;
use audio::pcm::Layout;
use audio::{Codec, Format};
use bytes::Bytes;
use tokio::process::Command;
use tokio::sync::mpsc;

use keeper::Keeper;
use message::{Answer, Job, Order};

/// How long a child may take over what it was told.
pub const ANSWER_MAX: Duration = Duration::from_millis(800);
/// How long a child may take to start.
pub const START_MAX: Duration = Duration::from_secs(5);
/// How many children there may be at once.
pub const CHILDREN_MAX: usize = 64;
/// How many orders wait for a child.
const ORDERS_MAX: usize = 32;
/// How many answers wait for who wants them.
const ANSWERS_MAX: usize = 32;

/// All that a child finds in its environment. The program's allocator would take a gigabyte's worth of addresses before a
/// limit can be set, and hand them out later: the limit of memory would come too late.
const NO_RESERVE: (&str, &str) = ("MIMALLOC_ARENA_RESERVE", "0");

/// Starts children.
#[derive(Clone, Debug)]
pub struct Workshop {
    program: Arc<PathBuf>,
    arguments: Arc<[OsString]>,
    children: Arc<AtomicUsize>,
}

/// Why a child is gone, or was never there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Ended {
    /// The program could not be started.
    #[error("it could not be started: {0}")]
    NotStarted(std::io::ErrorKind),
    /// There are as many as there may be.
    #[error("there are {CHILDREN_MAX} already")]
    TooMany,
    /// It was killed, by us, by the system, or because it reached one of its limits.
    #[error("it was killed by signal {0}")]
    Killed(i32),
    /// It gave up.
    #[error("it gave up with code {0}")]
    GaveUp(i32),
    /// It did not answer in time, and was killed.
    #[error("it did not answer within {} ms", ANSWER_MAX.as_millis())]
    Hung,
    /// It answered with something that is no answer, and was killed.
    #[error("it gave an answer that makes no sense")]
    Babbled,
    /// Its encoder failed.
    #[error("its encoder failed")]
    Failed,
    /// It was told that nothing follows, and then something did.
    #[error("it was told that nothing follows")]
    Finished,
}

impl Ended {
    /// One word for figures.
    pub fn label(&self) -> &'static str {
        match self {
            Ended::NotStarted(_) => "not_started",
            Ended::TooMany => "too_many",
            Ended::Killed(_) => "killed",
            Ended::GaveUp(_) => "gave_up",
            Ended::Hung => "hung",
            Ended::Babbled => "babbled",
            Ended::Failed => "failed",
            Ended::Finished => "finished",
        }
    }
}

impl Workshop {
    /// A workshop whose children are `program` with `arguments`: this very program, told to run [`child::run`].
    pub fn new(program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = OsString>) -> Self {
        Self { program: Arc::new(program.into()), arguments: arguments.into_iter().collect(), children: Arc::default() }
    }

    /// A child that makes sound of frames in `codec`. Call it inside a tokio runtime.
    pub async fn decode(&self, codec: Codec) -> Result<Decoding, Ended> {
        Ok(Decoding(self.start(Job::Decode(codec)).await?))
    }

    /// A child that makes frames of sound. Call it inside a tokio runtime.
    pub async fn encode(&self, recipe: Recipe) -> Result<Encoding, Ended> {
        Ok(Encoding(self.start(Job::Encode(recipe)).await?))
    }

    /// How many children there are.
    pub fn children(&self) -> usize {
        self.children.load(Ordering::Relaxed)
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&*self.program);
        command.args(&*self.arguments).env_clear().env(NO_RESERVE.0, NO_RESERVE.1);
        command
    }

    async fn start(&self, job: Job) -> Result<Line, Ended> {
        let started = self.start_uncounted(job).await;
        if let Err(why) = &started {
            count(job, why);
        }
        started
    }

    async fn start_uncounted(&self, job: Job) -> Result<Line, Ended> {
        let place = Place::take(&self.children)?;
        let (keeper, process_id) = Keeper::start(self.command(), place, job).await?;
        let (orders, to_do) = mpsc::channel(ORDERS_MAX);
        let (done, answers) = mpsc::channel(ANSWERS_MAX);
        let task = tokio::spawn(keeper.run(to_do, done));
        Ok(Line { job, orders: Some(orders), answers, waiting: VecDeque::new(), ended: None, process_id, task })
    }
}

/// A child that makes sound of frames. Dropping it ends the child.
#[derive(Debug)]
pub struct Decoding(Line);

/// A child that makes frames of sound. Dropping it ends the child.
#[derive(Debug)]
pub struct Encoding(Line);

impl Decoding {
    /// The frames that follow are in this format; `headers` are the header pages that came with it.
    pub async fn open(&mut self, format: Format, headers: Bytes) -> Result<(), Ended> {
        self.0.tell(Order::Open(format, headers)).await
    }

    /// Decodes a frame.
    pub async fn push(&mut self, frame: Bytes) -> Result<(), Ended> {
        self.0.tell(Order::Frame(frame)).await
    }

    /// Frames are missing before the next one.
    pub async fn jump(&mut self) -> Result<(), Ended> {
        self.0.tell(Order::Jump).await
    }

    /// Nothing follows. [`next`](Self::next) gives what is still to come, then `None`.
    pub async fn finish(&mut self) -> Result<(), Ended> {
        self.0.finish().await
    }

    /// The sound of the next frame; `None` after the end. A frame that cannot be decoded is as much silence as the one
    /// before it was sound, and is counted. It can be given up halfway without losing anything.
    pub async fn next(&mut self) -> Result<Option<(Layout, Vec<f32>)>, Ended> {
        loop {
            match self.0.next().await? {
                Some(Answer::Sound(layout, pcm)) => return Ok(Some((layout, pcm))),
                Some(Answer::Broken(reason)) => {
                    metrics::counter!("groundwave_frames_broken_total").increment(1);
                    tracing::debug!(reason, "a frame could not be decoded");
                }
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    /// The child's process.
    pub fn process_id(&self) -> u32 {
        self.0.process_id
    }
}

impl Encoding {
    /// Encodes samples in the recipe's layout.
    pub async fn push(&mut self, pcm: Vec<f32>) -> Result<(), Ended> {
        for portion in pcm.chunks(message::NUMBERS_MAX) {
            self.0.tell(Order::Sound(portion.to_vec())).await?;
        }
        Ok(())
    }

    /// Nothing follows. [`next`](Self::next) gives what is still to come, then `None`.
    pub async fn finish(&mut self) -> Result<(), Ended> {
        self.0.tell(Order::Finish).await?;
        self.0.finish().await
    }

    /// The stream's next bytes, whole frames; `None` after the end. It can be given up halfway without losing anything.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Ended> {
        loop {
            match self.0.next().await? {
                Some(Answer::Stream(bytes)) => return Ok(Some(bytes)),
                Some(Answer::Failed(reason)) => {
                    tracing::warn!(reason, "an encoder failed");
                    return Err(self.0.end(Ended::Failed));
                }
                Some(_) => {}
                None => return Ok(None),
            }
        }
    }

    /// The child's process.
    pub fn process_id(&self) -> u32 {
        self.0.process_id
    }
}

/// What leads to a child: orders to it, answers from it.
#[derive(Debug)]
struct Line {
    job: Job,
    /// None after the end was told.
    orders: Option<mpsc::Sender<Order>>,
    answers: mpsc::Receiver<Result<Answer, Ended>>,
    /// Answers that came while an order waited.
    waiting: VecDeque<Answer>,
    ended: Option<Ended>,
    process_id: u32,
    task: tokio::task::JoinHandle<()>,
}

impl Line {
    /// Tells the child to do something. If it is busy this waits, and takes answers meanwhile: a child that nobody listens
    /// to does not go on either.
    async fn tell(&mut self, order: Order) -> Result<(), Ended> {
        loop {
            if let Some(why) = self.ended {
                return Err(why);
            }
            let orders = self.orders.as_ref().ok_or(Ended::Finished)?;
            let answer = tokio::select! {
                biased;
                // One that takes no more orders has an answer that says why.
                Ok(place) = orders.reserve() => {
                    place.send(order);
                    return Ok(());
                }
                answer = self.answers.recv() => answer,
            };
            self.keep(answer);
        }
    }

    async fn finish(&mut self) -> Result<(), Ended> {
        self.orders = None;
        self.ended.map_or(Ok(()), Err)
    }

    async fn next(&mut self) -> Result<Option<Answer>, Ended> {
        if let Some(answer) = self.waiting.pop_front() {
            return Ok(Some(answer));
        }
        if let Some(why) = self.ended {
            return Err(why);
        }
        match self.answers.recv().await {
            Some(Ok(answer)) => Ok(Some(answer)),
            Some(Err(why)) => Err(self.end(why)),
            None => Ok(None),
        }
    }

    fn keep(&mut self, answer: Option<Result<Answer, Ended>>) {
        match answer {
            Some(Ok(answer)) => self.waiting.push_back(answer),
            Some(Err(why)) => drop(self.end(why)),
            None => drop(self.end(Ended::Finished)),
        }
    }

    fn end(&mut self, why: Ended) -> Ended {
        if self.ended.replace(why).is_none() {
            count(self.job, &why);
        }
        why
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn count(job: Job, why: &Ended) {
    metrics::counter!("groundwave_children_ended_total", "job" => job.label(), "reason" => why.label()).increment(1);
}

/// One child's place among those that there may be.
#[derive(Debug)]
struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(children: &Arc<AtomicUsize>) -> Result<Self, Ended> {
        let place = Self(Arc::clone(children));
        if children.fetch_add(1, Ordering::Relaxed) >= CHILDREN_MAX { Err(Ended::TooMany) } else { Ok(place) }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
