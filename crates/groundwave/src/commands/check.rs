//! `groundwave check`: whether this machine is fit, before anything starts.

use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;

use clap::Args;

use station::{Clock, Station, Timestamp};

use super::{Place, runtime, told};
use crate::certificates::{self, Files};
use crate::clock::System;
use crate::reception;
use crate::settings::Settings;

/// Free space below which a warning is given, in bytes: a day's rewind of two services.
const FREE_BYTES_WANTED: u64 = 2 << 30;

/// Looks at folder, store, certificates and ports, and starts nothing.
#[derive(Debug, Args)]
pub(super) struct Check {
    #[command(flatten)]
    place: Place,
}

/// What a look at one thing found.
enum Finding {
    Fit(String),
    Doubtful(String),
    Unfit(String),
}

impl Check {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let settings = self.place.settings()?;
        let findings = runtime()?.block_on(look(&settings));
        let is_unfit = findings.iter().any(|finding| matches!(finding, Finding::Unfit(_)));
        for finding in findings {
            match finding {
                Finding::Fit(words) => println!("ok       {words}"),
                Finding::Doubtful(words) => println!("warning  {words}"),
                Finding::Unfit(words) => println!("unfit    {words}"),
            }
        }
        Ok(if is_unfit { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

async fn look(settings: &Settings) -> Vec<Finding> {
    let mut findings = vec![look_at_folder(&settings.data.dir), look_at_password(settings)];
    findings.push(look_at_store(settings).await);
    findings.extend(look_at_certificates(settings, System::start().now()).await);
    let ports = settings.door.listen.iter().chain(&settings.tls.listen).chain(&settings.metrics.listen);
    findings.extend(ports.map(|address| look_at_port(*address)));
    findings
}

fn look_at_folder(dir: &Path) -> Finding {
    let shown = dir.display();
    let probe = dir.join(".groundwave-check");
    let written = std::fs::create_dir_all(dir)
        .and_then(|()| std::fs::write(&probe, b"fit"))
        .and_then(|()| std::fs::remove_file(&probe));
    match (written, free_bytes(dir)) {
        (Err(cause), _) => {
            Finding::Unfit(format!("folder {shown}: {cause}; give [data] dir one that this user may write in"))
        }
        (Ok(()), Some(free)) if free < FREE_BYTES_WANTED => {
            Finding::Doubtful(format!("folder {shown}: only {} MB are free; rewind alone wants 2,000", free >> 20))
        }
        (Ok(()), _) => Finding::Fit(format!("folder {shown} can be written")),
    }
}

/// Free space of the file system that holds `dir`, as `df` tells it.
fn free_bytes(dir: &Path) -> Option<u64> {
    let answer = std::process::Command::new("df").args(["-Pk", "--"]).arg(dir).output().ok()?;
    let line = String::from_utf8(answer.stdout).ok()?.lines().nth(1)?.to_owned();
    line.split_whitespace().nth(3)?.parse::<u64>().ok().map(|kib| kib * 1024)
}

fn look_at_password(settings: &Settings) -> Finding {
    match crate::assembly::source_password(settings) {
        Err(error) => Finding::Unfit(told(&error)),
        Ok(None) => {
            Finding::Doubtful("no encoder can come in: set source_password or source_password_file in [air]".to_owned())
        }
        Ok(Some(_)) => Finding::Fit("encoders have a password".to_owned()),
    }
}

async fn look_at_store(settings: &Settings) -> Finding {
    if settings.store.url.is_empty() && !settings.data.dir.join("station.db").exists() {
        return Finding::Fit("store: none yet; it is made at the first start".to_owned());
    }
    match crate::assembly::open_store(settings).await {
        Ok(_) => Finding::Fit("store answers".to_owned()),
        Err(error) => Finding::Unfit(format!("store: {}", told(&error))),
    }
}

/// Looks at every certificate, and whether there is one for each host name.
async fn look_at_certificates(settings: &Settings, now: Timestamp) -> Vec<Finding> {
    let files = Files::all(settings);
    let mut findings = files.iter().map(|files| look_at_certificate(files, now)).collect::<Vec<_>>();
    let pairs = files.iter().filter_map(|files| files.read().ok()).collect::<Vec<_>>();
    if !settings.tls.listen.is_empty() && pairs.len() == files.len() {
        let names = host_names(settings).await.into_iter();
        let bare = names.filter(|name| !pairs.iter().any(|pair| pair.is_for(name)));
        findings.extend(bare.map(|name| {
            Finding::Doubtful(format!("no certificate is for {name}: browsers will warn; name one in [[tls.host]]"))
        }));
    }
    findings
}

fn look_at_certificate(files: &Files, now: Timestamp) -> Finding {
    let shown = files.certificate.display();
    match files.read() {
        Err(error) => Finding::Unfit(told(&error)),
        Ok(pair) => {
            let (from, until) = (pair.validity().start, pair.validity().end);
            match () {
                () if until <= now => {
                    Finding::Unfit(format!("certificate {shown} has expired on {until}: renew it, in the same file"))
                }
                () if now < from => Finding::Unfit(format!(
                    "certificate {shown} is good from {from} on, and here it is {now}: is this machine's clock right?"
                )),
                () if certificates::is_soon(until, now) => {
                    Finding::Doubtful(format!("certificate {shown} ends on {until}: renew it, in the same file"))
                }
                () => Finding::Fit(format!("certificate {shown} is good until {until}")),
            }
        }
    }
}

/// The names by which pages and desks are asked for.
async fn host_names(settings: &Settings) -> Vec<String> {
    if settings.store.url.is_empty() && !settings.data.dir.join("station.db").exists() {
        return Vec::new();
    }
    let Ok(db) = crate::assembly::open_store(settings).await else { return Vec::new() };
    let stations = store::station::all(&db).await.unwrap_or_default();
    let desk = reception::desk_settings(settings, None);
    let desk_of = |station: &Station| Some(desk.origin_of(station).split_once("://")?.1.split(':').next()?.to_owned());
    let mut names = stations.iter().flat_map(|station| station.host_names.clone()).collect::<Vec<_>>();
    if settings.desk.is_open {
        names.extend(stations.iter().filter_map(desk_of));
    }
    names
}

fn look_at_port(address: SocketAddr) -> Finding {
    match std::net::TcpListener::bind(address) {
        Ok(_) => Finding::Fit(format!("address {address} is free")),
        Err(cause) => Finding::Unfit(format!("address {address}: {cause}; stop what uses it, or give another")),
    }
}
