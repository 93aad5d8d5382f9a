//! Redirects: addresses that lead elsewhere, a list of them from another system, and what readers asked for in vain.

use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;
use station::redirect::{Cause, Pattern};
use station::{Redirect, Timestamp};
use store::Tx;

use crate::answer::{Answer, Fault};
use crate::doer::{self, Deed};
use crate::view::{Frame, Moment, Times};
use crate::visit::Visit;

use super::done;
use super::join::sentence;

/// How many redirects a page of the list shows.
const REDIRECTS: u32 = 50;
/// How many addresses that were asked for in vain are shown.
const MISSED: u32 = 50;
/// How many lines a list may have.
const LINES_MAX: usize = 5_000;
/// How many lines that could not be taken are named.
const FAULTS_SHOWN: usize = 20;

#[derive(Serialize)]
struct View {
    frame: Frame,
    redirects: Vec<Line>,
    count: i64,
    older: Option<String>,
    missed: Vec<Missed>,
    /// What a form is filled with: an address from the list below, or what could not be taken.
    from: String,
    to: String,
    fault: Option<String>,
    imported: Option<Imported>,
}

#[derive(Serialize)]
struct Line {
    from: String,
    to: String,
    cause: &'static str,
    by: String,
    at: Moment,
}

#[derive(Serialize)]
struct Missed {
    path: String,
    times: i64,
    last: Moment,
}

/// What came of a list.
#[derive(Default, Serialize)]
struct Imported {
    taken: usize,
    faults: Vec<String>,
    more_faults: usize,
}

pub(crate) async fn show(visit: Arc<Visit>) -> super::Result {
    let from = visit.asked("from").to_owned();
    page(&visit, from, String::new(), None, None).await
}

async fn page(
    visit: &Visit,
    from: String,
    to: String,
    fault: Option<String>,
    imported: Option<Imported>,
) -> super::Result {
    let (db, station) = (visit.db(), visit.station.id);
    let times = Times::new(&visit.station, visit.now);
    let before = before(visit.asked("before"))?;
    let place = before.as_ref().map(|(moment, path)| (*moment, path.as_str()));
    let mut redirects = store::redirect::list(db, station, place, REDIRECTS + 1).await?;
    let older = cut(&mut redirects);
    let missed = store::missed::most(db, station, MISSED).await?;
    let view = View {
        frame: Frame::new(visit, "Redirects"),
        redirects: redirects.into_iter().map(|redirect| line(&times, redirect)).collect(),
        count: store::redirect::count(db, station).await?,
        older,
        missed: missed
            .into_iter()
            .map(|missed| Missed { last: times.say(missed.last_at), path: missed.path, times: missed.times })
            .collect(),
        from,
        to,
        fault,
        imported,
    };
    let status = if view.fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Ok(Answer::page("redirects.html", &view).with_status(status))
}

pub(crate) async fn save(visit: Arc<Visit>) -> super::Result {
    let form = visit.form()?;
    let (from, to) = (form.get("from"), form.get("to"));
    let mut tx = visit.db().begin().await?;
    match lead(&mut tx, &visit, from, to, Cause::ByHand).await {
        Ok(redirect) => {
            let words = format!("led {} to {}", redirect.from, redirect.to);
            note(&mut tx, &visit, "redirect-saved", redirect.from.to_string(), &words).await?;
            tx.commit().await?;
            Ok(done("/redirects", "redirect-saved"))
        }
        Err(newsroom::Error::Store(error)) => Err(error.into()),
        Err(fault) => {
            drop(tx);
            page(&visit, from.to_owned(), to.to_owned(), Some(sentence(&fault.to_string())), None).await
        }
    }
}

pub(crate) async fn remove(visit: Arc<Visit>) -> super::Result {
    let form = visit.form()?;
    let from = Pattern::parse(form.get("from")).map_err(|_| Fault::Unreadable)?;
    let mut tx = visit.db().begin().await?;
    if !store::redirect::forget(&mut tx, visit.station.id, &from).await? {
        return Err(Fault::NotFound);
    }
    note(&mut tx, &visit, "redirect-removed", from.to_string(), &format!("removed the redirect of {from}")).await?;
    tx.commit().await?;
    Ok(done("/redirects", "redirect-removed"))
}

/// Takes a list: a line for each, the address, a comma or a tab, and where it leads. What cannot be taken is named.
pub(crate) async fn import(visit: Arc<Visit>) -> super::Result {
    let form = visit.form()?;
    let list = form.get("list");
    if list.lines().count() > LINES_MAX {
        let fault = format!("That are more than {LINES_MAX} lines. Bring them in parts.");
        return page(&visit, String::new(), String::new(), Some(fault), None).await;
    }
    let mut imported = Imported::default();
    let mut tx = visit.db().begin().await?;
    for (number, (from, to)) in pairs(list) {
        match lead(&mut tx, &visit, &from, &to, Cause::Imported).await {
            Ok(_) => imported.taken += 1,
            Err(newsroom::Error::Store(error)) => return Err(error.into()),
            Err(fault) if imported.faults.len() < FAULTS_SHOWN => {
                imported.faults.push(format!("Line {number}: {fault}."));
            }
            Err(_) => imported.more_faults += 1,
        }
    }
    let words = format!("brought in a list of {} redirects", imported.taken);
    note(&mut tx, &visit, "redirects-imported", String::new(), &words).await?;
    tx.commit().await?;
    page(&visit, String::new(), String::new(), None, Some(imported)).await
}

pub(crate) async fn forget_missed(visit: Arc<Visit>) -> super::Result {
    let form = visit.form()?;
    let path = form.get("path");
    let mut tx = visit.db().begin().await?;
    store::missed::forget(&mut tx, visit.station.id, path).await?;
    note(&mut tx, &visit, "missed-forgotten", path.to_owned(), &format!("struck {path} off the list")).await?;
    tx.commit().await?;
    Ok(done("/redirects", "missed-forgotten"))
}

async fn lead(tx: &mut Tx, visit: &Visit, from: &str, to: &str, cause: Cause) -> newsroom::Result<Redirect> {
    let (from, by) = (Pattern::parse(from)?, visit.visitor().account.name.clone());
    let redirect = Redirect { from, to: to.to_owned(), cause, by, at: visit.now };
    newsroom::redirect::lead(tx, visit.station.id, redirect).await
}

async fn note(tx: &mut Tx, visit: &Visit, act: &str, subject: String, words: &str) -> store::Result<()> {
    let deed = Deed { act, subject, words };
    doer::note(tx, visit.station.id, &visit.visitor().doer(), deed, visit.now).await
}

/// The lines of a list that hold something, by number, without the heading that exports have.
fn pairs(list: &str) -> impl Iterator<Item = (usize, (String, String))> {
    let lines = (1..).zip(list.lines()).filter(|(_, line)| !line.trim().is_empty());
    let pairs = lines.map(|(number, line)| (number, pair(line)));
    pairs.filter(|(number, (from, _))| *number > 1 || from.contains('/'))
}

/// `"/old","/new",301` → `/old` and `/new`.
fn pair(line: &str) -> (String, String) {
    let mark = if line.contains('\t') { '\t' } else { ',' };
    let mut fields = line.split(mark).map(|field| field.trim().trim_matches('"').trim().to_owned());
    (fields.next().unwrap_or_default(), fields.next().unwrap_or_default())
}

/// Where in the list the page starts. A place that is written wrongly does not exist.
fn before(asked: &str) -> Result<Option<(Timestamp, String)>, Fault> {
    if asked.is_empty() {
        return Ok(None);
    }
    let place = asked
        .split_once('-')
        .and_then(|(moment, path)| Some((Timestamp::from_microsecond(moment.parse().ok()?).ok()?, path.to_owned())));
    place.map(Some).ok_or(Fault::NotFound)
}

fn cut(redirects: &mut Vec<Redirect>) -> Option<String> {
    if redirects.len() <= REDIRECTS as usize {
        return None;
    }
    redirects.truncate(REDIRECTS as usize);
    let last = redirects.last()?;
    let place = format!("{}-{}", last.at.as_microsecond(), last.from.path);
    Some(format!(
        "/redirects?{}",
        url::form_urlencoded::Serializer::new(String::new()).append_pair("before", &place).finish()
    ))
}

fn line(times: &Times, redirect: Redirect) -> Line {
    Line {
        from: redirect.from.to_string(),
        to: redirect.to,
        cause: match redirect.cause {
            Cause::Moved => "a story moved",
            Cause::Unpublished => "a story was unpublished",
            Cause::ByHand => "by hand",
            Cause::Imported => "from a list",
        },
        by: redirect.by,
        at: times.say(redirect.at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_is_read_as_other_systems_write_it() {
        let list = "source,target\n/a,/b\n\n\"/c\" , \"/d\",301\nhttps://old.example/e\t/f, g\nnonsense\n";
        let read: Vec<(usize, (String, String))> = pairs(list).collect();
        let pair = |from: &str, to: &str| (from.to_owned(), to.to_owned());
        assert_eq!(
            read,
            [
                (2, pair("/a", "/b")),
                (4, pair("/c", "/d")),
                (5, pair("https://old.example/e", "/f, g")),
                (6, pair("nonsense", ""))
            ]
        );
    }
}
