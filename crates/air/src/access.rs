//! The access log: a line for each who listened or sent, in the form of Icecast 2.4, which the scripts that count
//! listener-hours read.
//!
//! `ADDRESS - USER [when it left] "GET /live.mp3 HTTP/1.1" STATUS BYTES "REFERER" "AGENT" SECONDS`
//!
//! A listener's address is nobody's business, but where a licence asks for it. So the address and the user stand in a
//! line only inside a declared reporting window. At any other time the address is an [alias](Aliases): the same for the
//! same listener on one day, so that a day's listeners can be counted, and worth nothing on the next.
//!
//! Start at [`AccessLog::write`].

use std::net::{IpAddr, Ipv6Addr};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::civil::Date;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};
use station::Timestamp;

/// The longest word from a request that stands in a line, in letters.
const WORD_LETTERS_MAX: usize = 512;

/// Where lines go. Writing must not wait: a fan-out thread does it.
pub trait Ledger: Send + Sync + 'static {
    /// Takes a line (without its end) of a day, in UTC.
    fn take(&self, day: Date, line: String);
}

/// How the access log is set up.
#[derive(Clone)]
pub struct Setup {
    /// Where lines go.
    pub ledger: Arc<dyn Ledger>,
    /// The declared reporting windows.
    pub reporting: Vec<Range<Timestamp>>,
}

impl std::fmt::Debug for Setup {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Setup").field("reporting", &self.reporting).finish_non_exhaustive()
    }
}

/// What a line says.
#[derive(Clone, Debug)]
pub struct Entry<'a> {
    /// From where it came.
    pub address: IpAddr,
    /// The user that it gave; empty if none.
    pub user: &'a str,
    /// When it left.
    pub at: Timestamp,
    /// The request line without its query.
    pub request: &'a str,
    /// The answer's status.
    pub status: u16,
    /// All that it was sent, the answer's head included.
    pub bytes: u64,
    /// The page that it came from; empty if it did not say.
    pub referer: &'a str,
    /// Its program; empty if it did not say.
    pub agent: &'a str,
    /// How long it was there.
    pub seconds: u64,
}

/// Writes lines.
#[derive(Debug)]
pub struct AccessLog {
    setup: Setup,
    aliases: Aliases,
}

impl AccessLog {
    /// A log set up so.
    pub fn new(setup: Setup) -> Self {
        Self { setup, aliases: Aliases::default() }
    }

    /// Writes a line.
    pub fn write(&self, entry: &Entry<'_>) {
        let is_declared = self.setup.reporting.iter().any(|window| window.contains(&entry.at));
        let address = match is_declared {
            true => entry.address.to_canonical().to_string(),
            false => self.aliases.of(entry.address, day(entry.at)).map_or_else(|| "-".to_owned(), |it| it.to_string()),
        };
        let user = if is_declared { entry.user } else { "" };
        self.setup.ledger.take(day(entry.at), line(&address, user, entry));
    }
}

/// What stands for listeners' addresses: made of a key that is drawn each day, held in memory, and forgotten.
///
/// An alias is written as an address of those that belong to nobody (`fd00::/8`), so that what reads addresses can
/// read it. A restart draws another key.
#[derive(Default)]
pub struct Aliases(Mutex<Option<(Date, [u8; 32])>>);

impl Aliases {
    /// The alias of an address on a day; `None` if the machine has no chance to draw a key from.
    pub fn of(&self, address: IpAddr, day: Date) -> Option<Ipv6Addr> {
        let written = match address.to_canonical() {
            IpAddr::V4(address) => address.to_ipv6_mapped(),
            IpAddr::V6(address) => address,
        };
        let hash = Sha256::new().chain_update(self.key(day)?).chain_update(written.octets()).finalize();
        let mut octets = [0xfd; 16];
        octets[1..].copy_from_slice(&hash[..15]);
        Some(Ipv6Addr::from(octets))
    }

    fn key(&self, day: Date) -> Option<[u8; 32]> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, key)) = held.filter(|(drawn_on, _)| *drawn_on == day) {
            return Some(key);
        }
        let mut key = [0; 32];
        getrandom::fill(&mut key).ok()?;
        *held = Some((day, key));
        Some(key)
    }
}

impl std::fmt::Debug for Aliases {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Aliases")
    }
}

fn line(address: &str, user: &str, entry: &Entry<'_>) -> String {
    format!(
        "{address} - {user} [{at}] \"{request}\" {status} {bytes} \"{referer}\" \"{agent}\" {seconds}",
        user = or_dash(&word(user).replace(' ', "_")),
        at = entry.at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        request = word(entry.request),
        status = entry.status,
        bytes = entry.bytes,
        referer = or_dash(&word(entry.referer)),
        agent = or_dash(&word(entry.agent)),
        seconds = entry.seconds,
    )
}

/// A word from outside that cannot end its field: Icecast, too, writes a dot for a quote.
fn word(text: &str) -> String {
    let safe = |letter: char| if letter == '"' || letter.is_control() { '.' } else { letter };
    text.chars().take(WORD_LETTERS_MAX).map(safe).collect()
}

fn or_dash(word: &str) -> &str {
    if word.is_empty() { "-" } else { word }
}

fn day(at: Timestamp) -> Date {
    TimeZone::UTC.to_datetime(at).date()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Sheet(Mutex<Vec<(Date, String)>>);

    impl Ledger for Sheet {
        fn take(&self, day: Date, line: String) {
            self.0.lock().unwrap().push((day, line));
        }
    }

    fn moment(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn entry(at: Timestamp) -> Entry<'static> {
        Entry {
            address: "::ffff:127.0.0.1".parse().unwrap(),
            user: "fred",
            at,
            request: "GET /live.mp3 HTTP/1.1",
            status: 200,
            bytes: 81_567,
            referer: "",
            agent: "VLC/3.0 \"q\"",
            seconds: 1,
        }
    }

    fn log(reporting: Vec<Range<Timestamp>>) -> (Arc<Sheet>, AccessLog) {
        let sheet = Arc::new(Sheet::default());
        let setup = Setup { ledger: Arc::clone(&sheet) as Arc<dyn Ledger>, reporting };
        (sheet, AccessLog::new(setup))
    }

    #[test]
    fn inside_a_declared_window_a_line_is_icecast_s_to_the_letter() {
        let window = moment("2026-11-24T00:00:00Z")..moment("2026-12-01T00:00:00Z");
        let (sheet, log) = log(vec![window]);
        log.write(&entry(moment("2026-11-24T05:41:08Z")));
        let expected = "127.0.0.1 - fred [24/Nov/2026:05:41:08 +0000] \"GET /live.mp3 HTTP/1.1\" 200 81567 \"-\" \"VLC/3.0 .q.\" 1";
        assert_eq!(sheet.0.lock().unwrap()[0].1, expected);
    }

    #[test]
    fn outside_every_window_no_address_and_no_user_is_written() {
        let window = moment("2026-11-24T00:00:00Z")..moment("2026-12-01T00:00:00Z");
        let (sheet, log) = log(vec![window]);
        for at in ["2026-11-23T23:59:59Z", "2026-12-01T00:00:00Z"] {
            log.write(&entry(moment(at)));
        }
        for (_, line) in sheet.0.lock().unwrap().iter() {
            assert!(!line.contains("127.0.0.1") && !line.contains("fred"), "{line}");
            assert!(line.starts_with("fd") && line.contains(" - - ["), "{line}");
        }
    }

    #[test]
    fn an_alias_is_the_same_for_a_day_and_another_on_the_next() {
        let aliases = Aliases::default();
        let day = |text: &str| text.parse::<Date>().unwrap();
        let (one, other) = ("203.0.113.7".parse().unwrap(), "203.0.113.8".parse().unwrap());
        let alias = aliases.of(one, day("2026-11-24")).unwrap();
        assert_eq!(aliases.of(one, day("2026-11-24")), Some(alias));
        assert_ne!(aliases.of(other, day("2026-11-24")), Some(alias));
        assert_ne!(aliases.of(one, day("2026-11-25")), Some(alias));
        assert_ne!(aliases.of(one, day("2026-11-24")), Some(alias), "a day's key does not come back");
    }

    #[test]
    fn no_word_of_a_listener_s_can_begin_a_line_of_its_own() {
        let (sheet, log) = log(Vec::new());
        log.write(&Entry { agent: "a\" 200\n1.2.3.4 - -", referer: "\r\n", ..entry(moment("2026-11-24T05:41:08Z")) });
        let line = &sheet.0.lock().unwrap()[0].1;
        assert!(!line.contains(['\n', '\r']) && line.matches('"').count() == 6, "{line}");
    }
}
