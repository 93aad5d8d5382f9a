//! `groundwave air verify`: whether what is on the tapes is as it was written.

use std::process::ExitCode;

use air::tape::{Damage, Tape, Verified};
use anyhow::Context;
use clap::Args;

use super::super::{Place, runtime};
use crate::assembly;

/// Reads every tape from beginning to end and holds each checksum against what it is of. It changes nothing, and can be done
/// while the station runs. The program's exit code is 1 if anything is damaged.
#[derive(Debug, Args)]
pub(super) struct Verify {
    /// Only this service's
    service: Option<String>,
    #[command(flatten)]
    place: Place,
}

impl Verify {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        runtime()?.block_on(self.verify())
    }

    async fn verify(self) -> anyhow::Result<ExitCode> {
        let settings = self.place.settings()?;
        let db = assembly::open_store(&settings).await?;
        let vault = assembly::open_vault(&settings)?;
        let (mut is_known, mut is_damaged) = (false, false);
        for station in store::station::all(&db).await? {
            for service in store::service::all(&db, station.id).await? {
                if self.service.as_deref().is_some_and(|wanted| wanted != service.slug.as_str()) {
                    continue;
                }
                is_known = true;
                for mount in &service.mounts {
                    let tape = Tape::new(&vault, service.id, mount.codec);
                    let verified = tape.verify().await.context("could not read the tape")?;
                    if verified.reels > 0 {
                        println!("{}", told(&format!("{} ({})", service.name, mount.codec.name()), &verified));
                    }
                    is_damaged |= !verified.damage.is_empty();
                }
            }
        }
        anyhow::ensure!(is_known, "no service is called `{}`", self.service.unwrap_or_default());
        Ok(if is_damaged { ExitCode::FAILURE } else { ExitCode::SUCCESS })
    }
}

fn told(tape: &str, verified: &Verified) -> String {
    let Verified { reels, records, bytes, damage } = verified;
    let whole = format!("{tape}: {records} records on {reels} reels are whole, {} MB", bytes >> 20);
    let lines = damage.iter().map(|Damage { key, offset, bytes, from, to }| {
        format!("\n  damaged  {key}, {bytes} bytes at {offset}: what was aired from {from} to {to}")
    });
    whole + &lines.collect::<String>()
}
