//! The certificates of the TLS door: read from their files, and read again when those change.
//!
//! Whatever renews a certificate (certbot, an administrator) writes files; nothing else is asked of it. Within seconds the new
//! ones are shown to whoever connects, and nobody who is connected notices. Files that cannot be used leave the last good
//! ones in force, and the log says why.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use air::tls::{Certificates, Pair};
use anyhow::Context;
use jiff::ToSpan as _;
use station::{Clock, Timestamp};

use crate::settings::Settings;

/// How often the files are looked at.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// How often it is said again that a certificate ends soon.
const SAY_AGAIN_AFTER: Duration = Duration::from_secs(24 * 3_600);
/// How many days before its end a certificate ends soon.
pub const SOON_DAYS: i64 = 14;
/// The largest file that is read, in bytes.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// The two files of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Files {
    /// The certificate with its chain.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Files {
    /// Those that the settings name, the ones for everybody in front.
    pub fn all(settings: &Settings) -> Vec<Self> {
        let further = settings.tls_hosts.iter().map(|host| (&host.certificate, &host.key));
        std::iter::once((&settings.tls.certificate, &settings.tls.key))
            .chain(further)
            .filter_map(|pair| match pair {
                (Some(certificate), Some(key)) => Some(Self { certificate: certificate.clone(), key: key.clone() }),
                _ => None,
            })
            .collect()
    }

    /// The pair in them, which need not be good today.
    pub fn read(&self) -> anyhow::Result<Pair> {
        let (chain, key) = (read(&self.certificate)?, read(&self.key)?);
        Pair::read(&chain, &key).with_context(|| {
            format!("could not use certificate {} with key {}", self.certificate.display(), self.key.display())
        })
    }
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    let told = || format!("could not read {}", file.display());
    let size = std::fs::metadata(file).with_context(told)?.len();
    anyhow::ensure!(size <= FILE_BYTES_MAX, "{} is larger than 1 MB: it is no certificate and no key", file.display());
    std::fs::read(file).with_context(told)
}

fn read_all(files: &[Files]) -> anyhow::Result<Vec<Pair>> {
    files.iter().map(Files::read).collect()
}

/// The certificates of the settings, for the first time; `None` if no TLS is spoken.
pub fn open(settings: &Settings) -> anyhow::Result<Option<Certificates>> {
    if settings.tls.listen.is_empty() {
        return Ok(None);
    }
    let pairs = read_all(&Files::all(settings)).context("could not speak TLS; see [tls]")?;
    Ok(Some(Certificates::new(pairs)?))
}

/// Looks at the files again and again, and shows what is new in them.
pub async fn watch(files: Vec<Files>, certificates: Certificates, clock: Arc<dyn Clock>) {
    let mut ticks = tokio::time::interval(LOOK_EVERY);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let (mut is_told, mut said_at) = (false, None);
    loop {
        ticks.tick().await;
        match read_all(&files) {
            Ok(pairs) => {
                is_told = false;
                if certificates.replace(pairs) {
                    said_at = None;
                    tracing::info!("the certificates have changed; who connects now is shown the new ones");
                }
            }
            Err(error) if !std::mem::replace(&mut is_told, true) => {
                tracing::error!(
                    error = format!("{error:#}"),
                    "the certificates cannot be used; the last good ones are shown"
                );
            }
            Err(_) => {}
        }
        tell_their_end(&certificates, &*clock, &mut said_at);
    }
}

/// Says once a day that a certificate ends soon, and always gives the figure.
fn tell_their_end(certificates: &Certificates, clock: &dyn Clock, said_at: &mut Option<Duration>) {
    let Some(until) = certificates.good_until() else { return };
    metrics::gauge!("groundwave_tls_certificate_until_timestamp_seconds").set(until.as_second() as f64);
    let is_said = said_at.is_some_and(|at| clock.elapsed().saturating_sub(at) < SAY_AGAIN_AFTER);
    if is_soon(until, clock.now()) && !is_said {
        *said_at = Some(clock.elapsed());
        tracing::warn!(%until, "a certificate ends soon, or has ended: renew it, and write it to the same file");
    }
}

/// True if what is good until then must be renewed now.
pub fn is_soon(until: Timestamp, now: Timestamp) -> bool {
    now.checked_add((24 * SOON_DAYS).hours()).is_ok_and(|soon| until < soon)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn testing(name: &str) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../air/src/tls/testing").join(name)
    }

    #[test]
    fn a_fault_names_the_files() {
        let mixed = Files { certificate: testing("certificate.pem"), key: testing("other-key.pem") };
        let told = format!("{:#}", mixed.read().expect_err("they are not of each other"));
        assert!(told.contains("certificate.pem") && told.contains("other-key.pem"), "{told}");
        assert!(told.ends_with("the key does not belong to the certificate"), "{told}");
        let missing = Files { certificate: testing("nowhere.pem"), key: testing("key.pem") };
        assert!(format!("{:#}", missing.read().expect_err("it is not there")).contains("nowhere.pem"));
    }

    #[test]
    fn two_weeks_are_soon() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let until = at("2026-12-24T00:00:00Z");
        assert!(!is_soon(until, at("2026-12-09T23:59:59Z")));
        assert!(is_soon(until, at("2026-12-10T00:00:01Z")) && is_soon(until, at("2027-01-01T00:00:00Z")));
    }
}
