//! `groundwave init`: a station where there is none yet.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use jiff::tz::TimeZone;
use station::{Accent, Block, Clock, Codec, Event, Mount, Section, Service, ServiceId, Slug, Station, StationId};
use station::{Timestamp, account};
use store::Db;

use super::{first_settings, runtime};
use crate::assembly;
use crate::clock::System;
use crate::reception;
use crate::settings::Settings;

/// The colour of a station that has not chosen one.
const ACCENT: &str = "#1b5e8c";

/// Makes a station, its settings where there are none, and a link for its owner.
#[derive(Debug, Args)]
pub(super) struct Init {
    /// What the station is called
    #[arg(long)]
    name: String,
    /// The town it is in
    #[arg(long)]
    town: String,
    /// Its time zone, like America/New_York
    #[arg(long)]
    zone: String,
    /// The host name that leads to it, like radio.example; `localhost` to try it out
    #[arg(long)]
    host: String,
    /// The language that it speaks, as a BCP 47 tag
    #[arg(long, default_value = "en-US")]
    language: String,
    /// The folder that holds everything
    #[arg(long, value_name = "DIR", default_value = "data")]
    data: PathBuf,
}

impl Init {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        runtime()?.block_on(async {
            let now = System::start().now();
            let (station, service) = (self.station(now)?, self.service(now));
            let settings = self.settings(&station)?;
            let db = assembly::open_store(&settings).await?;
            anyhow::ensure!(
                store::station::all(&db).await?.is_empty(),
                "there is a station in {} already; nothing was changed",
                self.data.display()
            );
            save(&db, &station, Service { station: station.id, ..service }).await?;
            let link = owner_link(&db, &settings, &station, now).await?;
            db.close().await;
            self.tell(&station, link);
            Ok(ExitCode::SUCCESS)
        })
    }

    fn station(&self, now: Timestamp) -> anyhow::Result<Station> {
        let name = account::name(&self.name).context("`--name` wants a name of one line")?;
        TimeZone::get(&self.zone)
            .with_context(|| format!("`{}` is no time zone; write it like America/New_York", self.zone))?;
        let host = self.host.trim().to_ascii_lowercase();
        let is_host =
            !host.is_empty() && host.chars().all(|letter| letter.is_ascii_alphanumeric() || "-.".contains(letter));
        anyhow::ensure!(is_host, "`{}` is no host name; write it like radio.example, without a port", self.host);
        let about = format!("{name} is public radio in {}.", self.town.trim());
        Ok(Station {
            id: StationId::mint(now, store::id::chance()),
            slug: Slug::from_headline(&name, "station"),
            tagline: format!("Public radio in {}", self.town.trim()),
            call_signs: Vec::new(),
            host_names: vec![host],
            zone: self.zone.clone(),
            language: self.language.clone(),
            accent: Accent::parse(ACCENT).expect("the colour stands above"),
            banner: None,
            about: vec![Block::paragraph(&about)],
            email: None,
            org_service_ids: Vec::new(),
            name,
        })
    }

    /// One service with one stream, so that an encoder has somewhere to send to.
    fn service(&self, now: Timestamp) -> Service {
        let mount = Mount {
            path: "/live.mp3".to_owned(),
            codec: Codec::Mp3,
            bitrate_kbps: 128,
            sample_rate_hz: 44_100,
            channels: 2,
        };
        Service {
            id: ServiceId::mint(now, store::id::chance()),
            station: StationId(0),
            slug: Slug::parse("live").expect("`live` is a slug"),
            name: self.name.trim().to_owned(),
            teaser: format!("Live from {}", self.town.trim()),
            position: 1,
            mounts: vec![mount],
        }
    }

    fn settings(&self, station: &Station) -> anyhow::Result<Settings> {
        let file = self.data.join("groundwave.toml");
        if !file.exists() {
            let is_https = !is_of_this_machine(&station.host_names[0]);
            first_settings::write(&file, &format!("# {}.", station.name), &format!("[site]\nis_https = {is_https}\n"))?;
        }
        let mut settings = Settings::load(Some(&file))?;
        settings.data.dir = self.data.clone();
        Ok(settings)
    }

    fn tell(&self, station: &Station, owner_link: Option<String>) {
        let dir = self.data.display();
        println!("{} is made, in {dir}.\n", station.name);
        println!("  Start     groundwave serve --data {dir}");
        println!("  Settings  {}", Path::new(&self.data).join("groundwave.toml").display());
        if let Some(link) = owner_link {
            println!(
                "  Desk      {link}\n            Whoever opens this first, once the station runs, owns the desk. It is good for a week."
            );
        }
        if !is_of_this_machine(&station.host_names[0]) {
            println!(
                "\nPut a proxy with https in front of the door for {host} and desk.{host}.",
                host = station.host_names[0]
            );
        }
    }
}

fn is_of_this_machine(host: &str) -> bool {
    host == "localhost" || host.ends_with(".localhost")
}

/// Everything that a station needs to begin, in one transaction.
async fn save(db: &Db, station: &Station, service: Service) -> anyhow::Result<()> {
    let section = Section {
        station: station.id,
        slug: Slug::parse("news").expect("`news` is a slug"),
        title: "News".to_owned(),
        teaser: "What happens here".to_owned(),
        position: 1,
    };
    let mut tx = db.begin().await?;
    store::station::save(&mut tx, station).await?;
    store::section::save(&mut tx, &section).await?;
    store::service::save(&mut tx, &service).await?;
    store::change::add(&mut tx, station.id, &Event::StationChanged).await?;
    tx.commit().await?;
    Ok(())
}

async fn owner_link(db: &Db, settings: &Settings, station: &Station, now: Timestamp) -> anyhow::Result<Option<String>> {
    let desk = reception::desk_settings(settings, crate::assembly::public_port_of(settings));
    if !settings.desk.is_open || desk.safe_origin_of(station).is_err() {
        return Ok(None);
    }
    let ticket = desk::accounts::owner_ticket(db, station.id, now).await?;
    Ok(ticket.map(|ticket| desk::way_in(&desk, station, &ticket)))
}
