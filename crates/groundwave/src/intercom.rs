//! The intercom: a socket in the data folder on which commands speak to the running station.
//!
//! One line of JSON asks, one line answers, and the connection is over. Only the user that the station runs as, and the
//! machine's administrator, are listened to; the kernel says who is asking. Without a socket (its path may be too long for
//! one) the station runs all the same.
//!
//! Start at [`Intercom::open`] and, on the other side, [`ask`].

pub mod automation;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream as Line;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use air::Air;
use air::switch::Rank;
use anyhow::Context;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use station::{Service, Station};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader as AsyncBufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

/// The socket's name in the data folder.
const SOCKET: &str = "intercom.sock";
/// The longest question, in bytes.
const QUESTION_BYTES_MAX: u64 = 64 << 10;
/// How long a question or an answer may take to pass.
const PATIENCE: Duration = Duration::from_secs(5);
/// How many may ask at once; others wait.
const ASKING_MAX: usize = 8;

/// What can be asked of a running station.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Question {
    /// What is on each service, and why.
    AirStatus,
    /// Hold the switch of a service to an input's rank, or let it decide by itself (`auto`).
    AirSwitch {
        /// The service: `news`, or `wxyz/news` where several stations have one of that name.
        service: String,
        /// `studio`, `backup`, `relay`, `automation`, `emergency` or `auto`.
        input: String,
    },
    /// See or change what a service's automation plays.
    Automation {
        /// The service.
        service: String,
        /// What to do.
        act: automation::Act,
    },
}

/// What the station says to a question.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    /// It did, or knows.
    Done(Value),
    /// It did not, and why: a sentence for a person.
    Refused(String),
}

/// The station's end of it.
pub struct Intercom {
    socket: UnixListener,
    path: PathBuf,
    air: Arc<Air>,
    stations: Vec<Station>,
    services: Vec<Service>,
}

impl Intercom {
    /// Opens the socket in a data folder. What is left of an earlier run is taken away; a station that still answers there is
    /// not.
    pub fn open(dir: &Path, air: Arc<Air>, stations: Vec<Station>, services: Vec<Service>) -> anyhow::Result<Self> {
        let path = dir.join(SOCKET);
        if Line::connect(&path).is_ok() {
            anyhow::bail!("another station is running on {}", dir.display());
        }
        let _ = std::fs::remove_file(&path);
        let socket = UnixListener::bind(&path).with_context(|| format!("could not open {}", path.display()))?;
        Ok(Self { socket, path, air, stations, services })
    }

    /// Answers whoever asks. Does not end.
    pub async fn run(self) {
        let this = Arc::new(self);
        let places = Arc::new(Semaphore::new(ASKING_MAX));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
            match this.socket.accept().await {
                Ok((line, _)) => {
                    let this = Arc::clone(&this);
                    tokio::spawn(async move {
                        let _place = place;
                        if timeout(PATIENCE, this.attend(line)).await.is_err() {
                            tracing::debug!("somebody on the intercom took too long");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the intercom cannot be answered");
                    sleep(PATIENCE).await;
                }
            }
        }
    }

    async fn attend(&self, mut line: UnixStream) {
        let answer = match is_trusted(&line) {
            true => self.hear(&mut line).await,
            false => Answer::Refused("only the station's own user may speak to it".to_owned()),
        };
        let Ok(mut text) = serde_json::to_vec(&answer) else { return };
        text.push(b'\n');
        if let Err(error) = line.write_all(&text).await {
            tracing::debug!(%error, "somebody on the intercom left before the answer");
        }
    }

    async fn hear(&self, line: &mut UnixStream) -> Answer {
        let mut text = String::new();
        let read = AsyncBufReader::new(line.take(QUESTION_BYTES_MAX)).read_line(&mut text).await;
        let question = read.map_err(|error| error.to_string());
        match question.and_then(|_| serde_json::from_str(&text).map_err(|error| error.to_string())) {
            Ok(question) => self.answer(question).unwrap_or_else(|error| Answer::Refused(format!("{error:#}"))),
            Err(error) => Answer::Refused(format!("the question is not understood: {error}")),
        }
    }

    fn answer(&self, question: Question) -> anyhow::Result<Answer> {
        match question {
            Question::AirStatus => Ok(Answer::Done(serde_json::to_value(self.air.status())?)),
            Question::AirSwitch { service, input } => {
                let service = self.service(&service)?;
                self.air.switch(service.id, parse_input(&input)?);
                let status = self.air.status().into_iter().find(|status| status.service == service.id);
                Ok(Answer::Done(serde_json::to_value(status)?))
            }
            Question::Automation { service, act } => {
                let console = self.air.console(self.service(&service)?.id).context("it has no automation")?;
                Ok(Answer::Done(automation::answer(&console, act)?))
            }
        }
    }

    /// The service that somebody means by `news` or `wxyz/news`.
    fn service(&self, named: &str) -> anyhow::Result<&Service> {
        let (station, slug) = named.rsplit_once('/').map_or((None, named), |(station, slug)| (Some(station), slug));
        let owner = |service: &Service| self.stations.iter().find(|owner| owner.id == service.station);
        let full_name = |service: &Service| {
            format!("{}/{}", owner(service).map_or("?", |owner| owner.slug.as_str()), service.slug.as_str())
        };
        let is_meant = |service: &&Service| {
            let is_owner = |wanted| owner(service).is_some_and(|owner| owner.slug.as_str() == wanted);
            service.slug.as_str() == slug && station.is_none_or(is_owner)
        };
        let mut meant = self.services.iter().filter(is_meant);
        match (meant.next(), meant.next()) {
            (Some(service), None) => Ok(service),
            (Some(one), Some(other)) => {
                anyhow::bail!("`{named}` is several services; say {} or {}", full_name(one), full_name(other))
            }
            (None, _) => {
                let all: Vec<_> = self.services.iter().map(|service| service.slug.as_str()).collect();
                anyhow::bail!("there is no service `{named}`; there are {}", all.join(", "))
            }
        }
    }
}

impl Drop for Intercom {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Asks the station that runs on a data folder.
pub fn ask(dir: &Path, question: &Question) -> anyhow::Result<Value> {
    let path = dir.join(SOCKET);
    let mut line = Line::connect(&path).with_context(|| {
        format!(
            "no station runs on {} (there is nobody at {}); give its folder with --data",
            dir.display(),
            path.display()
        )
    })?;
    line.set_read_timeout(Some(PATIENCE))?;
    line.set_write_timeout(Some(PATIENCE))?;
    let mut text = serde_json::to_vec(question)?;
    text.push(b'\n');
    line.write_all(&text).context("the station does not listen")?;
    let mut answer = String::new();
    BufReader::new(line).read_line(&mut answer).context("the station does not answer")?;
    match serde_json::from_str(&answer).context("the station's answer is not understood; is it of another version?")? {
        Answer::Done(value) => Ok(value),
        Answer::Refused(why) => anyhow::bail!(why),
    }
}

/// True for the user that this program runs as, and for the administrator.
fn is_trusted(line: &UnixStream) -> bool {
    let own = rustix::process::geteuid().as_raw();
    line.peer_cred().is_ok_and(|peer| peer.uid() == own || peer.uid() == 0)
}

/// The rank that somebody means; `None` for `auto`.
fn parse_input(input: &str) -> anyhow::Result<Option<Rank>> {
    if input == "auto" {
        return Ok(None);
    }
    let rank = Rank::parse(input).with_context(|| {
        format!("there is no input `{input}`; say {} or auto", Rank::ALL.map(Rank::name).join(", "))
    })?;
    Ok(Some(rank))
}
