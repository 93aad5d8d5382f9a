//! The gate: a service of the station's own that is asked who may listen and send, as Icecast's URL authentication asks.
//!
//! A listener waits for the answer to `listener_add`, a source for that to `stream_auth`: only so many wait at once
//! (`gate_requests_max`), and each only so long (`gate_timeout_ms`). Whoever finds no answer is not let in. The
//! others (`listener_remove`, `mount_add`, `mount_remove`) are news that nobody waits for: they queue up to a bound and
//! go out one after the other.
//!
//! Start at [`Gate::ask_listener`].

pub mod form;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::Url;
use tokio::sync::{Semaphore, mpsc};

use crate::caller::{self, Answer, Caller};
use crate::settings::Settings;
use form::{Listener, Sender, Server};

/// How many pieces of news may wait to be told.
const NEWS_WAITING_MAX: usize = 4_096;
/// How long a stop waits for the last of them.
const FAREWELL_TIME: Duration = Duration::from_secs(3);
/// The longest message of a service that the log shows, in letters.
const MESSAGE_LETTERS_MAX: usize = 200;

/// Where a mount's gate is, as Icecast's options name it. What has no address is not asked.
#[derive(Clone, Default)]
pub struct Addresses {
    /// Whether somebody may listen.
    pub listener_add: Option<Url>,
    /// Somebody has stopped listening.
    pub listener_remove: Option<Url>,
    /// The mount has a source.
    pub mount_add: Option<Url>,
    /// The mount has no source any more.
    pub mount_remove: Option<Url>,
    /// Whether somebody may send.
    pub stream_auth: Option<Url>,
    /// The fields of a listener's request that are passed on.
    pub headers: Vec<String>,
    /// What is put before their names.
    pub header_prefix: String,
    /// The user and password that the service itself wants; without one, it is shown the listener's.
    pub login: Option<(String, String)>,
}

impl std::fmt::Debug for Addresses {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // An address may have a password in its query.
        f.debug_struct("Addresses").finish_non_exhaustive()
    }
}

/// Somebody may come in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pass {
    /// For so long and no longer.
    pub time_max: Option<Duration>,
}

/// Why somebody may not come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Shut {
    /// The service does not want it.
    #[error("the authentication service refused")]
    Denied,
    /// The service did not answer in time.
    #[error("the authentication service did not answer")]
    Unreachable,
    /// As many wait for an answer as may wait.
    #[error("too many wait for the authentication service")]
    Busy,
}

impl Shut {
    fn label(self) -> &'static str {
        match self {
            Shut::Denied => "denied",
            Shut::Unreachable => "unreachable",
            Shut::Busy => "busy",
        }
    }
}

/// Asks the services of all mounts.
pub struct Gate {
    server: Server,
    /// `None` where no mount has a gate.
    caller: Option<Caller>,
    places: Semaphore,
    /// `None` once the air is closing.
    news: Mutex<Option<mpsc::Sender<News>>>,
}

/// What a service is told and nobody waits for.
struct News {
    url: Url,
    authorization: Option<String>,
    form: String,
}

/// The news that are to be told. Run it beside the gate.
pub(crate) struct Errands {
    caller: Option<Caller>,
    waiting: mpsc::Receiver<News>,
}

impl Gate {
    /// A gate for mounts with these settings, and what tells its news.
    pub(crate) fn new(settings: &Settings) -> Result<(Arc<Self>, Errands), caller::Error> {
        let patience = Duration::from_millis(settings.gate_timeout_ms);
        let caller = if settings.terms.have_gates() { Some(Caller::new(patience)?) } else { None };
        let (news, waiting) = mpsc::channel(NEWS_WAITING_MAX);
        let gate = Self {
            server: Server { name: settings.public_name.clone(), port: settings.public_port },
            caller: caller.clone(),
            places: Semaphore::new(settings.gate_requests_max),
            news: Mutex::new(Some(news)),
        };
        Ok((Arc::new(gate), Errands { caller, waiting }))
    }

    /// Asks whether somebody may listen; `headers` are the fields that are passed on, `authorization` what the listener
    /// itself showed.
    pub async fn ask_listener(
        &self,
        at: &Addresses,
        listener: &Listener,
        headers: &[(String, String)],
        authorization: Option<&str>,
    ) -> Result<Pass, Shut> {
        let Some(url) = &at.listener_add else { return Ok(Pass::default()) };
        let form = form::listener_add(&self.server, listener, headers);
        let answer = self.ask(url, &authorization_for(at, authorization), form, &listener.mount).await?;
        let seconds = answer.field("icecast-auth-timelimit").and_then(|value| value.trim().parse().ok());
        Ok(Pass { time_max: seconds.map(Duration::from_secs) })
    }

    /// Asks whether somebody may send.
    pub async fn ask_sender(&self, url: &Url, at: &Addresses, sender: &Sender) -> Result<(), Shut> {
        let form = form::stream_auth(&self.server, sender);
        self.ask(url, &authorization_for(at, None), form, &sender.mount).await.map(drop)
    }

    /// Tells that a listener who was let in is gone, after so many seconds.
    pub fn listener_left(&self, at: &Addresses, listener: &Listener, seconds: u64, authorization: Option<&str>) {
        let Some(url) = &at.listener_remove else { return };
        let form = form::listener_remove(&self.server, listener, seconds);
        self.tell(News { url: url.clone(), authorization: Some(authorization_for(at, authorization)), form });
    }

    /// Tells that a mount has its first source, or has lost its last.
    pub fn mount_changed(&self, at: &Addresses, mount: &str, has_source: bool) {
        let url = if has_source { &at.mount_add } else { &at.mount_remove };
        let write = if has_source { form::mount_add } else { form::mount_remove };
        let Some(url) = url else { return };
        let authorization = Some(authorization_for(at, None));
        self.tell(News { url: url.clone(), authorization, form: write(&self.server, mount) });
    }

    /// Takes no more news: what waits is the last.
    pub(crate) fn close(&self) {
        self.news.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    async fn ask(&self, url: &Url, authorization: &str, form: String, mount: &str) -> Result<Answer, Shut> {
        let asked = self.try_to_ask(url, authorization, form, mount).await;
        let outcome = asked.as_ref().map_or_else(|shut| shut.label(), |_| "allowed");
        metrics::counter!("groundwave_gate_answers_total", "answer" => outcome).increment(1);
        asked
    }

    async fn try_to_ask(&self, url: &Url, authorization: &str, form: String, mount: &str) -> Result<Answer, Shut> {
        let path = mount.split('?').next().unwrap_or_default();
        let Some(caller) = &self.caller else { return Err(Shut::Unreachable) };
        let _place = self.places.try_acquire().map_err(|_| Shut::Busy)?;
        let answer = caller.post(url, Some(authorization), form).await.map_err(|error| {
            tracing::warn!(mount = path, host = url.host_str(), %error, "the authentication service did not answer");
            Shut::Unreachable
        })?;
        if let Some(message) = answer.field("icecast-auth-message") {
            let message: String = message.chars().take(MESSAGE_LETTERS_MAX).collect();
            tracing::info!(mount = path, message, "the authentication service says");
        }
        match answer.field("icecast-auth-user") {
            Some(value) if value.trim() == "1" => Ok(answer),
            _ => Err(Shut::Denied),
        }
    }

    fn tell(&self, news: News) {
        let queue = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        if queue.as_ref().is_some_and(|queue| queue.try_send(news).is_err()) {
            metrics::counter!("groundwave_gate_news_dropped_total").increment(1);
        }
    }
}

impl std::fmt::Debug for Gate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gate").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Errands {
    /// Tells the news one after the other, until the gate is closed and all is told.
    pub async fn run(mut self) {
        let Some(caller) = self.caller.take() else { return };
        while let Some(News { url, authorization, form }) = self.waiting.recv().await {
            if let Err(error) = caller.post(&url, authorization.as_deref(), form).await {
                metrics::counter!("groundwave_gate_news_lost_total").increment(1);
                tracing::warn!(host = url.host_str(), %error, "the authentication service could not be told");
            }
        }
    }

    /// How long a stop waits for it.
    pub const PATIENCE: Duration = FAREWELL_TIME;
}

/// What the service is shown: its own login, or the listener's, or an empty one, as Icecast does.
fn authorization_for(at: &Addresses, shown: Option<&str>) -> String {
    let basic = |user: &str, password: &str| format!("Basic {}", STANDARD.encode(format!("{user}:{password}")));
    match (&at.login, shown) {
        (Some((user, password)), _) => basic(user, password),
        (None, Some(shown)) => shown.to_owned(),
        (None, None) => basic("", ""),
    }
}
