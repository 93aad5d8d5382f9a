//! `groundwave import rotation`: a service's categories, clocks and timed pieces, from a file.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use station::Event;

use super::super::{Place, choose_service};
use crate::{assembly, rotation_file};

/// Takes what a service's automation plays by from a file, in the place of what it played by before.
#[derive(Debug, Args)]
pub(super) struct Rotation {
    #[command(flatten)]
    place: Place,
    /// The station, where the store is home to several
    #[arg(long, value_name = "SLUG")]
    station: Option<String>,
    /// The service
    #[arg(long, value_name = "SLUG")]
    service: String,
    /// The file
    file: PathBuf,
}

impl Rotation {
    pub(super) async fn run(self) -> anyhow::Result<ExitCode> {
        let settings = self.place.settings()?;
        let shown = self.file.display();
        let text = std::fs::read_to_string(&self.file).with_context(|| format!("could not read {shown}"))?;
        let db = assembly::open_store(&settings).await?;
        let station = assembly::choose_station(&db, self.station.as_deref()).await?;
        let service = choose_service(store::service::all(&db, station.id).await?, &self.service)?;
        let pieces = store::library::all(&db, station.id, service.id).await?;
        let rotation = rotation_file::read(&text, station.id, service.id, &pieces)
            .with_context(|| format!("{shown} cannot be played by"))?;
        let mut tx = db.begin().await?;
        store::rotation::save(&mut tx, &rotation).await?;
        store::change::add(&mut tx, station.id, &Event::LibraryChanged { service: service.id }).await?;
        tx.commit().await?;
        for category in &rotation.categories {
            let count = pieces.iter().filter(|piece| piece.category.as_ref() == Some(&category.slug)).count();
            println!("{:<16} {count} pieces", category.slug.as_str());
        }
        println!("{} is played by {shown} from the next piece on", service.name);
        Ok(ExitCode::SUCCESS)
    }
}
