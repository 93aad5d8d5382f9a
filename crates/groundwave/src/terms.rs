//! The settings of the air that are about who listens and who relays, as the air wants them: terms, relays, access
//! log, bans.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use air::Air;
use air::access::Setup;
use air::bans::{Lists, Network, Networks};
use air::gate::Addresses;
use air::relay::master::Master;
use air::relay::{Relay, Upstream};
use air::settings::Sources;
use air::terms::{Table, Terms, Words};
use anyhow::Context;
use bytes::Bytes;
use jiff::ToSpan as _;
use jiff::tz::TimeZone;

use crate::access_log::Files;
use crate::settings::{self, Days, Header, Settings};

/// How often the lists of bans are looked at. What is written into them holds within ten seconds.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The largest list that is read, in bytes.
const LIST_BYTES_MAX: u64 = 16 << 20;
/// The largest intro that is read, in bytes.
const INTRO_BYTES_MAX: u64 = 16 << 20;

/// The terms of every mount.
pub fn table(settings: &Settings) -> anyhow::Result<Table> {
    let terms = settings.mounts.iter().map(|mount| Ok((mount.path.clone(), terms(mount)?)));
    Ok(Table::new(terms.collect::<anyhow::Result<Vec<_>>>()?))
}

fn terms(mount: &settings::Mount) -> anyhow::Result<Terms> {
    let seconds = |seconds: Option<u32>| seconds.map(|seconds| Duration::from_secs(seconds.into()));
    let password = mount.source_password.reveal();
    Ok(Terms {
        listeners_max: mount.listeners_max.map(u64::from),
        listener_time_max: seconds(mount.listener_seconds_max),
        burst: seconds(mount.burst_seconds),
        is_hidden: mount.hidden,
        is_public: mount.public,
        intro: mount.intro.as_deref().map(|file| read_intro(file, &mount.path)).transpose()?,
        fallback_when_full: mount.fallback_when_full.clone(),
        source: (!password.is_empty())
            .then(|| Sources { user: mount.source_user.clone(), password: password.to_owned() }),
        gate: gate(mount).map(Arc::new),
        headers: headers(&mount.headers),
        words: Words {
            name: mount.name.clone(),
            description: mount.description.clone(),
            genre: mount.genre.clone(),
            url: mount.url.clone(),
        },
    })
}

/// The services that are asked and told about a mount; `None` if there are none.
fn gate(mount: &settings::Mount) -> Option<Addresses> {
    let addresses =
        [&mount.listener_add, &mount.listener_remove, &mount.mount_add, &mount.mount_remove, &mount.stream_auth];
    addresses.iter().any(|address| address.is_some()).then(|| Addresses {
        listener_add: mount.listener_add.clone(),
        listener_remove: mount.listener_remove.clone(),
        mount_add: mount.mount_add.clone(),
        mount_remove: mount.mount_remove.clone(),
        stream_auth: mount.stream_auth.clone(),
        headers: mount.auth_headers.clone(),
        header_prefix: mount.auth_header_prefix.clone(),
        login: (!mount.auth_user.is_empty())
            .then(|| (mount.auth_user.clone(), mount.auth_password.reveal().to_owned())),
    })
}

/// The streams of other servers that are inputs of ours.
pub fn relays(settings: &Settings) -> Vec<Relay> {
    settings.relays.iter().filter_map(relay).collect()
}

fn relay(relay: &settings::Relay) -> Option<Relay> {
    let url = relay.from.as_ref()?;
    let login = (!relay.user.is_empty()).then(|| (relay.user.clone(), relay.password.reveal().to_owned()));
    let target = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
    let from = Upstream { host: host(url), port: url.port_or_known_default()?, target, login };
    let path = relay.mount.clone().unwrap_or_else(|| url.path().to_owned());
    Some(Relay { from, path, on_demand: relay.on_demand, with_titles: relay.titles })
}

/// The directories that public mounts are announced to.
pub fn directory(settings: &Settings) -> air::directory::Setup {
    let directory = &settings.directory;
    let patience = Duration::from_secs(directory.timeout_seconds.into());
    air::directory::Setup { urls: directory.urls.clone(), patience }
}

/// The server whose mounts are all relayed, if there is one.
pub fn master(settings: &Settings) -> Option<Master> {
    let master = &settings.master;
    let url = master.server.as_ref()?;
    Some(Master {
        host: host(url),
        port: url.port_or_known_default()?,
        user: master.user.clone(),
        password: master.password.reveal().to_owned(),
        every: Duration::from_secs(master.update_seconds.into()),
        on_demand: master.on_demand,
    })
}

fn host(url: &url::Url) -> String {
    url.host_str().unwrap_or_default().to_owned()
}

/// Fields of an answer, as the air takes them.
pub fn headers(headers: &[Header]) -> Vec<(String, String)> {
    headers.iter().map(|header| (header.name.clone(), header.value.clone())).collect()
}

fn read_intro(file: &Path, mount: &str) -> anyhow::Result<Bytes> {
    let told = || format!("could not read the intro of `{mount}`, {}", file.display());
    let size = std::fs::metadata(file).with_context(told)?.len();
    anyhow::ensure!(size <= INTRO_BYTES_MAX, "the intro of `{mount}`, {}, is larger than 16 MB", file.display());
    Ok(std::fs::read(file).with_context(told)?.into())
}

/// The access log, if there is one.
pub fn access_log(settings: &Settings) -> anyhow::Result<Option<Setup>> {
    let Some(dir) = &settings.access_log.dir else { return Ok(None) };
    let files = Files::open(dir, settings.access_log.keep_days)
        .with_context(|| format!("could not open the folder of the access log, {}", dir.display()))?;
    let reporting = settings.access_log.reporting.iter().map(window).collect::<anyhow::Result<_>>()?;
    Ok(Some(Setup { ledger: Arc::new(files), reporting }))
}

/// Days as the span from the first's beginning to the last's end.
fn window(days: &Days) -> anyhow::Result<std::ops::Range<station::Timestamp>> {
    let begin = |day: jiff::civil::Date| TimeZone::UTC.to_timestamp(day.to_datetime(jiff::civil::Time::midnight()));
    Ok(begin(days.first)?..begin(days.last.checked_add(1.day())?)?)
}

/// The lists of bans, and the files that add to them.
pub struct Bans {
    denied: Vec<Network>,
    allowed: Vec<Network>,
    deny_file: Option<PathBuf>,
    allow_file: Option<PathBuf>,
}

impl Bans {
    /// Those of the settings.
    pub fn of(settings: &Settings) -> Self {
        let air = &settings.air;
        Self {
            denied: air.deny.clone(),
            allowed: air.allow.clone(),
            deny_file: air.deny_file.clone(),
            allow_file: air.allow_file.clone(),
        }
    }

    /// Reads the lists for the first time. A file that cannot be read stops the start: nobody should think that
    /// somebody is kept out who is not.
    pub fn hold(&self, air: &Air) -> anyhow::Result<()> {
        air.bans().replace(self.read()?);
        Ok(())
    }

    /// Looks at the files again and again. One that cannot be read any more leaves what was read from it in force.
    pub async fn watch(self, air: Arc<Air>) {
        let mut ticks = tokio::time::interval(LOOK_EVERY);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut is_told = false;
        while self.deny_file.is_some() || self.allow_file.is_some() {
            ticks.tick().await;
            match self.read() {
                Ok(lists) => {
                    is_told = false;
                    if air.bans().replace(lists) {
                        tracing::info!("the lists of bans have changed");
                    }
                }
                Err(error) if !std::mem::replace(&mut is_told, true) => {
                    tracing::error!(
                        error = format!("{error:#}"),
                        "the lists of bans cannot be read; the last ones hold"
                    );
                }
                Err(_) => {}
            }
        }
    }

    fn read(&self) -> anyhow::Result<Lists> {
        Ok(Lists {
            denied: list(&self.denied, self.deny_file.as_deref())?,
            allowed: list(&self.allowed, self.allow_file.as_deref())?,
        })
    }
}

fn list(networks: &[Network], file: Option<&Path>) -> anyhow::Result<Networks> {
    let Some(file) = file else { return Ok(networks.iter().copied().collect()) };
    let told = || format!("could not read the list {}", file.display());
    let size = std::fs::metadata(file).with_context(told)?.len();
    anyhow::ensure!(size <= LIST_BYTES_MAX, "the list {} is larger than 16 MB", file.display());
    let (mut all, faults) = Networks::read(&std::fs::read_to_string(file).with_context(told)?);
    for (line, fault) in faults {
        tracing::warn!(file = %file.display(), line, %fault, "a line of a list was left out");
    }
    all.extend(networks.iter().copied());
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relay_asks_for_the_path_and_the_query_that_are_set() {
        let text = "[[air.relay]]\nfrom = \"http://radio.test/live.mp3?k=v\"\nuser = \"u\"\n[[air.relay]]\n\
            from = \"http://[::1]:8000/\"\nmount = \"/a.mp3\"\n";
        let settings = Settings::read("groundwave.toml", text, &[]).unwrap();
        let [one, other] = &relays(&settings)[..] else { panic!("two relays are read") };
        assert_eq!((one.from.port, one.from.target.as_str(), one.path.as_str()), (80, "/live.mp3?k=v", "/live.mp3"));
        assert_eq!(one.from.login, Some(("u".to_owned(), String::new())));
        assert_eq!((other.from.target.as_str(), other.path.as_str()), ("/", "/a.mp3"));
    }

    #[test]
    fn a_window_lasts_to_the_end_of_its_last_day() {
        let days = Days { first: "2026-02-02".parse().unwrap(), last: "2026-02-08".parse().unwrap() };
        let window = window(&days).unwrap();
        assert_eq!(window.start.to_string(), "2026-02-02T00:00:00Z");
        assert_eq!(window.end.to_string(), "2026-02-09T00:00:00Z");
    }

    #[test]
    fn a_list_is_what_the_settings_and_its_file_say() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("deny");
        std::fs::write(&file, "203.0.113.7\nnot an address\n").unwrap();
        let own = "198.51.100.0/24".parse::<Network>().unwrap();
        let networks = list(&[own], Some(&file)).unwrap();
        assert!(networks.has("203.0.113.7".parse().unwrap()) && networks.has("198.51.100.9".parse().unwrap()));
        std::fs::remove_file(&file).unwrap();
        assert!(list(&[own], Some(&file)).is_err());
    }
}
