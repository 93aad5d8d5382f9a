//! The audit log: who did what to what, when, on which device.

use std::sync::Arc;

use serde::Serialize;
use station::audit::Placed;

use crate::answer::{Answer, Fault};
use crate::view::{Frame, Moment, Times};
use crate::visit::Visit;

/// How many entries a page shows.
const ENTRIES: u32 = 50;

#[derive(Serialize)]
struct View {
    frame: Frame,
    entries: Vec<Line>,
    older: Option<String>,
}

#[derive(Serialize)]
struct Line {
    number: i64,
    at: Moment,
    who: String,
    words: String,
    device: String,
}

pub(crate) async fn show(visit: Arc<Visit>) -> super::Result {
    let before = match visit.asked("before") {
        "" => None,
        number => Some(number.parse().map_err(|_| Fault::NotFound)?),
    };
    let placed = store::audit::latest(visit.db(), visit.station.id, before, ENTRIES).await?;
    let times = Times::new(&visit.station, visit.now);
    // Entries are numbered from 1 without gaps.
    let older = placed.last().filter(|last| last.number > 1).map(|last| format!("/audit?before={}", last.number));
    let entries = placed.into_iter().map(|placed| line(&times, placed)).collect();
    Ok(Answer::page("audit.html", &View { frame: Frame::new(&visit, "Audit log"), entries, older }))
}

fn line(times: &Times, Placed { number, entry }: Placed) -> Line {
    Line { number, at: times.say(entry.at), who: entry.who, words: entry.words, device: entry.device }
}
