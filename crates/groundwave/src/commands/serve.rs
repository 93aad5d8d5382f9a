//! `groundwave serve`: the station as its settings say.

use std::io::{IsTerminal, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use super::{Place, runtime};
use crate::assembly::{self, House, Open};

/// Where the first owner's link is written where nobody watches a terminal.
const OWNER_LINK_FILE: &str = "owner-link.txt";

/// Runs the station until it is told to stop.
#[derive(Debug, Args)]
pub(super) struct Serve {
    #[command(flatten)]
    place: Place,
}

impl Serve {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let settings = self.place.settings()?;
        crate::logging::start(&settings.log)?;
        runtime()?.block_on(async {
            let dir = settings.data.dir.clone();
            let house = House::open(settings).await?;
            anyhow::ensure!(
                !house.stations.is_empty(),
                "there is no station in this store yet; `groundwave init` makes one, and `groundwave demo --data DIR` one to look at"
            );
            house.run(assembly::told_to_stop(), |open| tell_owner(open, &dir)).await?;
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// Tells how the first owner comes in: on the terminal, or in a file that nobody else may read. Never in the log.
fn tell_owner(open: &Open, dir: &Path) -> anyhow::Result<()> {
    let file = dir.join(OWNER_LINK_FILE);
    let links = open.desks.iter().filter_map(|desk| Some((desk.station.name.as_str(), desk.owner_link.as_deref()?)));
    let lines: String = links.map(|(name, link)| format!("{name}: {link}\n")).collect();
    if lines.is_empty() {
        // Somebody came in: what the file says is worth nothing any more.
        let _ = std::fs::remove_file(&file);
        return Ok(());
    }
    if std::io::stdout().is_terminal() {
        println!("Nobody owns the desk yet. Whoever opens this link first does:\n{lines}");
        return Ok(());
    }
    let written = std::fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(&file);
    written
        .and_then(|mut written| written.write_all(lines.as_bytes()))
        .with_context(|| format!("could not write {}", file.display()))?;
    tracing::warn!(file = %file.display(), "nobody owns the desk yet; the link for its owner is in this file");
    Ok(())
}
