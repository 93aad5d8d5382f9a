//! Letters: what the desk sends by mail, in plain text, one at a time.
//!
//! A page only puts a letter in the tray; [`Letters::deliver`] takes them out and hands them to the mail server. So
//! nobody can tell from how long an answer takes whether a letter was sent, and a slow server keeps no page waiting.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::{AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};
use tokio::sync::mpsc;

use crate::settings::Mail;

/// How many letters may wait in the tray.
const WAITING_MAX: usize = 64;
/// How often a letter is tried, and how long is waited in between.
const TRIES: u32 = 3;
const PAUSE: Duration = Duration::from_secs(20);

/// A letter.
#[derive(Clone, Debug)]
pub(crate) struct Letter {
    pub(crate) to: String,
    pub(crate) subject: String,
    pub(crate) words: String,
}

/// The tray, and the way to the mail server.
pub(crate) struct Letters {
    tray: Option<mpsc::Sender<Letter>>,
    out: Mutex<Option<mpsc::Receiver<Letter>>>,
    mail: Option<Mail>,
}

impl Letters {
    pub(crate) fn new(mail: Option<Mail>) -> Self {
        let (tray, out) = mpsc::channel(WAITING_MAX);
        let is_set = mail.is_some();
        Self { tray: is_set.then_some(tray), out: Mutex::new(Some(out)), mail }
    }

    /// True if letters are sent at all.
    pub(crate) fn are_sent(&self) -> bool {
        self.tray.is_some()
    }

    /// Puts a letter in the tray. A full tray is counted, and the letter lost: its reader asks again.
    pub(crate) fn send(&self, letter: Letter) {
        let Some(tray) = &self.tray else { return };
        if tray.try_send(letter).is_err() {
            metrics::counter!("groundwave_desk_letters_lost_total", "reason" => "full").increment(1);
            tracing::warn!(letters_waiting = WAITING_MAX, "a letter of the desk was not sent: too many are waiting");
        }
    }

    /// Sends what is in the tray, for as long as the program runs.
    pub(crate) async fn deliver(&self) {
        let out = self.out.lock().unwrap_or_else(PoisonError::into_inner).take();
        let (Some(mut out), Some(mail)) = (out, &self.mail) else { return };
        let server = match AsyncSmtpTransport::<Tokio1Executor>::from_url(&mail.url) {
            Ok(builder) => builder.timeout(Some(Duration::from_secs(30))).build(),
            Err(error) => {
                tracing::error!(%error, "`smtp` in [mail] is no address of a mail server; no letters are sent");
                return;
            }
        };
        while let Some(letter) = out.recv().await {
            post(&server, &mail.from, letter).await;
        }
    }
}

async fn post(server: &AsyncSmtpTransport<Tokio1Executor>, from: &str, letter: Letter) {
    let message = match message(from, letter) {
        Ok(message) => message,
        Err(error) => {
            metrics::counter!("groundwave_desk_letters_lost_total", "reason" => "unwritable").increment(1);
            return tracing::error!(%error, "a letter of the desk could not be written; is `from` in [mail] a mail address?");
        }
    };
    for left in (0..TRIES).rev() {
        match server.send(message.clone()).await {
            Ok(_) => {
                metrics::counter!("groundwave_desk_letters_sent_total").increment(1);
                return;
            }
            Err(error) if left > 0 && !error.is_permanent() => {
                tracing::warn!(%error, tries_left = left, "the mail server did not take a letter of the desk");
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) => {
                metrics::counter!("groundwave_desk_letters_lost_total", "reason" => "refused").increment(1);
                return tracing::error!(%error, "a letter of the desk could not be sent");
            }
        }
    }
}

fn message(from: &str, letter: Letter) -> Result<Message, Box<dyn std::error::Error + Send + Sync>> {
    let from: Mailbox = from.parse()?;
    let to: Mailbox = letter.to.parse()?;
    let message = Message::builder().from(from).to(to).subject(letter.subject).header(ContentType::TEXT_PLAIN);
    Ok(message.header(lettre::message::header::ContentTransferEncoding::QuotedPrintable).body(letter.words)?)
}
