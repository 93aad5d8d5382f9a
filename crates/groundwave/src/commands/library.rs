//! `groundwave library`: the pieces of a service.

use std::process::ExitCode;

use clap::Args;
use guide::library::as_minutes;
use station::Piece;

use super::{Place, choose_service, runtime};
use crate::assembly;

/// Lists the pieces that a service's automation can play.
#[derive(Debug, Args)]
pub(super) struct Library {
    /// The service
    service: String,
    /// The station, where the store is home to several
    #[arg(long, value_name = "SLUG")]
    station: Option<String>,
    /// Only pieces of this category
    #[arg(long, value_name = "SLUG")]
    category: Option<String>,
    #[command(flatten)]
    place: Place,
}

impl Library {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        runtime()?.block_on(async {
            let db = assembly::open_store(&self.place.settings()?).await?;
            let station = assembly::choose_station(&db, self.station.as_deref()).await?;
            let service = choose_service(store::service::all(&db, station.id).await?, &self.service)?;
            for piece in store::library::all(&db, station.id, service.id).await? {
                let category = piece.category.as_ref().map_or("-", |category| category.as_str());
                if self.category.as_deref().is_none_or(|wanted| wanted == category) {
                    println!("{}", told(&piece, category));
                }
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

fn told(piece: &Piece, category: &str) -> String {
    let loudness = piece.loudness.map_or("-".to_owned(), |loudness| format!("{:.1} LUFS", loudness.integrated_lufs));
    let lasts = as_minutes(piece.plays_ms());
    format!("{:<20} {category:<12} {lasts:>6} {loudness:>11}  {}", piece.id, piece.display_title())
}
