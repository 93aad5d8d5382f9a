//! The parent's side of one child: it starts it, carries orders and answers, and sees that it answers.
//!
//! Writing and reading are two loops, for a child that waits for its answers to be read does not read either. The reading
//! one watches: while orders are open, a child that says nothing for too long is killed. A child whose answers nobody
//! takes is not blamed for it.

use std::process::{ExitStatus, Stdio};
use std::sync::Once;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use super::message::{self, Answer, Job, Order};
use super::{ANSWER_MAX, Ended, Place, START_MAX};

/// How many orders a child may have that are not done yet. The pipe holds more than one; a long queue would only hide a
/// child that is too slow.
const OPEN_ORDERS_MAX: u64 = 8;

/// The most answers to one order. The longest page there is decodes to fewer.
const ANSWERS_PER_ORDER_MAX: u32 = 64;

/// Watches over one child.
pub(super) struct Keeper {
    child: Child,
    input: ChildStdin,
    output: Answers,
    _place: Place,
}

impl Keeper {
    /// Starts a child, gives it its job, and waits until it is locked in.
    pub(super) async fn start(mut command: Command, place: Place, job: Job) -> Result<(Self, u32), Ended> {
        let mut child = command
            // Ctrl-C in a terminal is meant for the station, which ends its children in its own time.
            .process_group(0)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .map_err(|why| Ended::NotStarted(why.kind()))?;
        let (Some(input), Some(output), Some(process_id)) = (child.stdin.take(), child.stdout.take(), child.id())
        else {
            return Err(Ended::NotStarted(std::io::ErrorKind::BrokenPipe));
        };
        let output = Answers { output, buffer: BytesMut::new() };
        let mut keeper = Self { child, input, output, _place: place };
        match timeout(START_MAX, keeper.begin(job)).await {
            Ok(Ok(())) => Ok((keeper, process_id)),
            Ok(Err(why)) => Err(keeper.ended(why).await),
            Err(_) => Err(Ended::Hung),
        }
    }

    async fn begin(&mut self, job: Job) -> Result<(), Silence> {
        let mut bytes = Vec::new();
        job.write(&mut bytes);
        self.input.write_all(&bytes).await.map_err(|_| Silence::Closed)?;
        match self.output.next().await? {
            Answer::Ready(missing) => {
                tell_once(&missing);
                Ok(())
            }
            _ => Err(Silence::Nonsense),
        }
    }

    /// Carries orders and answers until there are no more orders and all are done, or until the child ends.
    pub(super) async fn run(mut self, orders: mpsc::Receiver<Order>, answers: mpsc::Sender<Result<Answer, Ended>>) {
        let (sent, told) = watch::channel(Sent::default());
        let (done, finished) = watch::channel(0);
        let listening = listen(&mut self.output, told, done, &answers);
        let silence = tokio::select! {
            silence = listening => silence,
            // Writing only ends first when it fails; then the child is about to be found gone by who listens.
            () = speak(self.input, orders, sent, finished) => Silence::Closed,
        };
        if let Some(why) = self::ended(&mut self.child, silence).await {
            let _ = answers.send(Err(why)).await;
        }
    }

    async fn ended(mut self, silence: Silence) -> Ended {
        drop(self.input);
        ended(&mut self.child, silence).await.unwrap_or(Ended::GaveUp(0))
    }
}

/// Why a child says nothing more.
enum Silence {
    /// It has done everything, and there is nothing more to do.
    Done,
    /// It has closed its end.
    Closed,
    /// It said something that makes no sense.
    Nonsense,
    /// It took too long.
    TooLong,
    /// Nobody listens to it any more.
    Unheard,
}

/// How many orders were sent, and whether those are all.
#[derive(Clone, Copy, Debug, Default)]
struct Sent {
    orders: u64,
    is_all: bool,
}

/// Writes orders, never more than may be open. When there are no more it says so, and stays until it is dropped.
async fn speak(
    mut input: ChildStdin,
    mut orders: mpsc::Receiver<Order>,
    sent: watch::Sender<Sent>,
    mut done: watch::Receiver<u64>,
) {
    let mut bytes = Vec::new();
    while let Some(order) = orders.recv().await {
        let before = sent.borrow().orders;
        if done.wait_for(|&done| before - done < OPEN_ORDERS_MAX).await.is_err() {
            return;
        }
        bytes.clear();
        order.write(&mut bytes);
        sent.send_modify(|sent| sent.orders += 1);
        if input.write_all(&bytes).await.is_err() {
            break;
        }
    }
    sent.send_modify(|sent| sent.is_all = true);
    std::future::pending().await
}

/// Reads answers and hands them on, until there is a reason to stop.
async fn listen(
    output: &mut Answers,
    mut sent: watch::Receiver<Sent>,
    done: watch::Sender<u64>,
    answers: &mpsc::Sender<Result<Answer, Ended>>,
) -> Silence {
    let mut said = 0;
    loop {
        let now = *sent.borrow_and_update();
        let is_idle = now.orders == *done.borrow();
        if is_idle && now.is_all {
            return Silence::Done;
        }
        let answer = if is_idle {
            tokio::select! {
                answer = output.next() => answer,
                _ = sent.changed() => continue,
            }
        } else {
            timeout(ANSWER_MAX, output.next()).await.unwrap_or(Err(Silence::TooLong))
        };
        match answer {
            // Asked anew: an order may have been sent and done since `is_idle` was looked at.
            Ok(Answer::Done) if sent.borrow().orders == *done.borrow() => return Silence::Nonsense,
            Ok(Answer::Done) => {
                said = 0;
                done.send_modify(|done| *done += 1);
            }
            Ok(_) if said == ANSWERS_PER_ORDER_MAX => return Silence::Nonsense,
            Ok(answer) => {
                said += 1;
                if answers.send(Ok(answer)).await.is_err() {
                    return Silence::Unheard;
                }
            }
            Err(silence) => return silence,
        }
    }
}

/// Sees to it that the child is gone, and says why; `None` if it ended as it should.
async fn ended(child: &mut Child, silence: Silence) -> Option<Ended> {
    if !matches!(silence, Silence::Closed) {
        // It may be gone already; then there is nothing to kill.
        let _ = child.start_kill();
    }
    let status = match timeout(ANSWER_MAX, child.wait()).await {
        Ok(Ok(status)) => status,
        // It has closed its end and goes on all the same.
        _ => {
            let _ = child.kill().await;
            return Some(Ended::Hung);
        }
    };
    match silence {
        Silence::Done | Silence::Unheard => None,
        Silence::Closed => Some(of(status)),
        Silence::Nonsense => Some(Ended::Babbled),
        Silence::TooLong => Some(Ended::Hung),
    }
}

fn of(status: ExitStatus) -> Ended {
    use std::os::unix::process::ExitStatusExt;
    match (status.signal(), status.code()) {
        (Some(signal), _) => Ended::Killed(signal),
        (None, code) => Ended::GaveUp(code.unwrap_or_default()),
    }
}

/// A child's answers. Waiting for one can be given up and taken up again.
struct Answers {
    output: ChildStdout,
    buffer: BytesMut,
}

impl Answers {
    async fn next(&mut self) -> Result<Answer, Silence> {
        loop {
            if let Some(answer) = self.first()? {
                return Ok(answer);
            }
            let read = self.output.read_buf(&mut self.buffer).await;
            if !read.is_ok_and(|bytes| bytes > 0) {
                return Err(Silence::Closed);
            }
        }
    }

    /// Takes the first whole answer out of what has been read.
    fn first(&mut self) -> Result<Option<Answer>, Silence> {
        let Some(head) = self.buffer.first_chunk::<4>() else { return Ok(None) };
        let length = message::length(*head).ok_or(Silence::Nonsense)?;
        if self.buffer.len() < head.len() + length {
            return Ok(None);
        }
        let whole = self.buffer.split_to(4 + length);
        Answer::read(whole[4], &whole[5..]).map(Some).ok_or(Silence::Nonsense)
    }
}

/// What this machine cannot lock is the same for every child.
fn tell_once(missing: &str) {
    static TOLD: Once = Once::new();
    if !missing.is_empty() {
        TOLD.call_once(|| {
            tracing::warn!(missing, "this machine cannot lock codecs in completely; the other locks hold");
        });
    }
}
