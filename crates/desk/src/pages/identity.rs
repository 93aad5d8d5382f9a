//! The station's identity: what it calls itself, its call signs, its colour. Every page of the site shows it.

use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;
use station::{Accent, Event, Permission, Station, account};

use crate::answer::Answer;
use crate::doer::{self, Deed};
use crate::view::Frame;
use crate::visit::{Form, Visit};

use super::done;

/// The longest tagline, in characters.
const TAGLINE_CHARACTERS_MAX: usize = 200;
/// How many call signs a station may have, and how long each may be, in characters.
const CALL_SIGNS_MAX: usize = 12;
const CALL_SIGN_CHARACTERS_MAX: usize = 80;
/// What text wants against what it stands on, by WCAG 2.2, 1.4.3.
const CONTRAST_MIN: f64 = 4.5;
/// The site's paper by day and by night: as in `tokens.css`.
const PAPER: [&str; 2] = ["#fbfaf7", "#151413"];

#[derive(Serialize)]
struct View {
    frame: Frame,
    name: String,
    tagline: String,
    call_signs: String,
    email: String,
    accent: String,
    /// What stands on the accent: black or white, whichever is read better.
    ink: &'static str,
    checks: Vec<Check>,
    zone: String,
    language: String,
    hosts: String,
    fault: Option<&'static str>,
}

/// What is seen of the accent somewhere, and whether it can be read there.
#[derive(Debug, PartialEq, Serialize)]
struct Check {
    /// `ink`, `light` or `dark`.
    place: &'static str,
    /// The ratio, with one digit behind the point.
    ratio: String,
    words: &'static str,
}

pub(crate) async fn show(visit: Arc<Visit>) -> super::Result {
    Ok(page(&visit, &visit.station, None))
}

fn page(visit: &Visit, station: &Station, fault: Option<&'static str>) -> Answer {
    let view = View {
        frame: Frame::new(visit, "Identity"),
        name: station.name.clone(),
        tagline: station.tagline.clone(),
        call_signs: station.call_signs.join("\n"),
        email: station.email.clone().unwrap_or_default(),
        accent: station.accent.as_str().to_owned(),
        ink: ink(&station.accent),
        checks: checks(&station.accent),
        zone: station.zone.clone(),
        language: station.language.clone(),
        hosts: station.host_names.join(", "),
        fault,
    };
    let status = if fault.is_some() { StatusCode::UNPROCESSABLE_ENTITY } else { StatusCode::OK };
    Answer::page("identity.html", &view).with_status(status)
}

pub(crate) async fn save(visit: Arc<Visit>) -> super::Result {
    visit.check(Permission::ManageStation, station::role::Place::default())?;
    let form = visit.form()?;
    let changed = match read(&visit.station, &form) {
        Ok(changed) => changed,
        Err(fault) => return Ok(page(&visit, &visit.station, Some(fault))),
    };
    let mut tx = visit.db().begin().await?;
    store::station::save(&mut tx, &changed).await?;
    store::change::add(&mut tx, changed.id, &Event::StationChanged).await?;
    let deed = Deed { act: "identity-changed", subject: String::new(), words: "changed the station’s identity" };
    doer::note(&mut tx, changed.id, &visit.visitor().doer(), deed, visit.now).await?;
    tx.commit().await?;
    Ok(done("/identity", "identity-changed"))
}

/// The station with what the form says. What it does not ask for stays.
fn read(station: &Station, form: &Form) -> Result<Station, &'static str> {
    let name = account::name(form.get("name")).ok_or("Give the station a name of one line.")?;
    let tagline = form.get("tagline");
    let is_line = |line: &str, max: usize| line.chars().count() <= max && !line.contains(char::is_control);
    if !is_line(tagline, TAGLINE_CHARACTERS_MAX) {
        return Err("The tagline is one line of at most 200 characters.");
    }
    let call_signs: Vec<String> =
        form.get("call_signs").lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    if call_signs.len() > CALL_SIGNS_MAX || !call_signs.iter().all(|line| is_line(line, CALL_SIGN_CHARACTERS_MAX)) {
        return Err("Write each call sign on a line of its own: at most twelve lines of 80 characters.");
    }
    let email = match form.get("email") {
        "" => None,
        text => Some(account::email(text).ok_or("That is no mail address.")?),
    };
    let accent = Accent::parse(form.get("accent")).ok_or("Write the colour like #1b5e8c.")?;
    Ok(Station { name, tagline: tagline.to_owned(), call_signs, email, accent, ..station.clone() })
}

fn ink(accent: &Accent) -> &'static str {
    let against = |ink: &str| Accent::parse(ink).map_or(0.0, |ink| accent.contrast(&ink));
    if against("#ffffff") >= against("#000000") { "#ffffff" } else { "#000000" }
}

fn checks(accent: &Accent) -> Vec<Check> {
    let ratio = |other: &str| Accent::parse(other).map_or(1.0, |other| accent.contrast(&other));
    let check = |place, ratio: f64, well, badly| Check {
        place,
        ratio: format!("{ratio:.1}"),
        words: if ratio >= CONTRAST_MIN { well } else { badly },
    };
    vec![
        check(
            "ink",
            ratio(ink(accent)),
            "Buttons in this colour can be read.",
            "Buttons in this colour are hard to read.",
        ),
        check(
            "light",
            ratio(PAPER[0]),
            "Links in it can be read on a light page.",
            "Too pale for words on a light page: the site takes a darker shade of it there.",
        ),
        check(
            "dark",
            ratio(PAPER[1]),
            "Links in it can be read on a dark page.",
            "Too dark for words on a dark page: the site takes a lighter shade of it there.",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(accent: &str) -> Vec<(String, bool)> {
        let checks = checks(&Accent::parse(accent).unwrap());
        checks.into_iter().map(|check| (check.ratio, !check.words.starts_with("Too"))).collect()
    }

    #[test]
    fn a_colour_is_held_against_both_papers() {
        let pairs = |pairs: [(&str, bool); 3]| pairs.map(|(ratio, is_well)| (ratio.to_owned(), is_well)).to_vec();
        assert_eq!(said("#000000"), pairs([("21.0", true), ("20.1", true), ("1.1", false)]));
        assert_eq!(said("#ffffff"), pairs([("21.0", true), ("1.0", false), ("18.4", true)]));
    }

    #[test]
    fn whatever_is_chosen_its_buttons_can_be_read() {
        for red in (0..=255).step_by(15) {
            for green in (0..=255).step_by(15) {
                for blue in (0..=255).step_by(15) {
                    let accent = Accent::parse(&format!("#{red:02x}{green:02x}{blue:02x}")).unwrap();
                    assert_eq!(checks(&accent)[0].words, "Buttons in this colour can be read.", "{}", accent.as_str());
                }
            }
        }
    }
}
