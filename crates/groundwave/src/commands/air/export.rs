//! `groundwave air export`: what was aired between two moments, as a file, to the bit.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use air::tape::{Cut, Manner, Told};
use anyhow::Context;
use clap::Args;
use serde_json::json;

use super::super::{Place, runtime};
use super::tape::Shelf;

/// Writes what a service aired between two moments to a file, frame by frame as it was sent. The station may run or not.
#[derive(Debug, Args)]
pub(super) struct Export {
    /// The service: `news`, or `wxyz/news` where several stations have one of that name
    service: String,
    /// From when: 2026-11-24T06:00 or 06:00 on the station's clock, or 2026-11-24T11:00:00Z
    from: String,
    /// Until when
    to: String,
    /// The file; it must not be there yet
    file: PathBuf,
    /// Which of the service's streams, if several are kept: mp3, aac, ogg-opus, ogg-vorbis, ogg-flac
    #[arg(long)]
    codec: Option<String>,
    /// A file for what was written and what is missing, as JSON
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    #[command(flatten)]
    place: Place,
}

impl Export {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        runtime()?.block_on(self.export())
    }

    async fn export(self) -> anyhow::Result<ExitCode> {
        let shelf = Shelf::find(&self.place, &self.service).await?;
        let (from, to) = (shelf.moment(&self.from)?, shelf.moment(&self.to)?);
        anyhow::ensure!(from < to, "{} is not before {}", self.from, self.to);
        let tape = shelf.tape(self.codec.as_deref())?;
        let mut cut = Cut::new(tape.between(from..to), Manner::AsAired);
        let file = File::options().write(true).create_new(true).open(&self.file);
        let written = write(&mut cut, file.with_context(|| unwritable(&self.file))?, &self.file).await;
        if written.is_err() || cut.told().bytes == 0 {
            // Half a file would be taken for the whole. That it cannot be taken away either changes nothing.
            let _ = std::fs::remove_file(&self.file);
        }
        written?;
        let told = cut.told();
        if told.bytes == 0 {
            let since = tape.since().await?.map(|since| since.to_zoned_datetime(shelf.zone.clone()));
            let begins = since.map_or("it is empty".to_owned(), |since| format!("it begins at {}", since.datetime()));
            anyhow::bail!("nothing of {} is on its tape between these moments; {begins}", self.service);
        }
        if let Some(report) = &self.report {
            let text = serde_json::to_vec_pretty(&as_json(&shelf, &tape, told))?;
            std::fs::write(report, text).with_context(|| unwritable(report))?;
        }
        tell(&shelf, &self.file, told);
        Ok(ExitCode::SUCCESS)
    }
}

async fn write(cut: &mut Cut, file: File, path: &Path) -> anyhow::Result<()> {
    let mut file = BufWriter::new(file);
    while let Some(piece) = cut.next().await.context("could not read the tape")? {
        file.write_all(&piece).with_context(|| unwritable(path))?;
    }
    file.flush().with_context(|| unwritable(path))
}

fn unwritable(path: &Path) -> String {
    format!("could not write {}", path.display())
}

/// Says to a person what was written, and what is missing.
fn tell(shelf: &Shelf, file: &Path, told: &Told) {
    let formats = told.formats.iter().map(ToString::to_string).collect::<Vec<_>>().join(", then ");
    eprintln!("{}: {} of {formats}, {} bytes", file.display(), hours(told.duration), told.bytes);
    let wall = |moment: station::Timestamp| moment.to_zoned_datetime(shelf.zone.clone()).datetime();
    for (at, gap) in &told.gaps {
        eprintln!("gap at {}: {} to {}, {}", hours(*at), wall(gap.from), wall(gap.to), gap.cause);
    }
}

/// `1:02:03.456`
fn hours(duration: Duration) -> String {
    let (seconds, ms) = (duration.as_secs(), duration.subsec_millis());
    format!("{}:{:02}:{:02}.{ms:03}", seconds / 3_600, seconds / 60 % 60, seconds % 60)
}

fn as_json(shelf: &Shelf, tape: &air::tape::Tape, told: &Told) -> serde_json::Value {
    let gap = |(at, gap): &(Duration, air::tape::Gap)| {
        json!({
            "offset_ms": at.as_millis() as u64,
            "from": gap.from.to_string(),
            "to": gap.to.to_string(),
            "cause": gap.cause.label(),
        })
    };
    let title = |(at, title): &(Duration, String)| json!({ "offset_ms": at.as_millis() as u64, "title": title });
    json!({
        "station": shelf.station.slug.as_str(),
        "service": shelf.service.slug.as_str(),
        "codec": tape.codec().slug(),
        "from": told.from.map(|from| from.to_string()),
        "duration_ms": told.duration.as_millis() as u64,
        "bytes": told.bytes,
        "gaps": told.gaps.iter().map(gap).collect::<Vec<_>>(),
        "titles": told.titles.iter().map(title).collect::<Vec<_>>(),
    })
}
