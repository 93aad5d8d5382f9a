//! Programmes: the series, when they are on, what can be heard again.

use jiff::civil::Weekday;
use serde::Serialize;
use station::schedule::{Days, Rule};
use station::{Broadcast, Episode, Person, Programme};

use super::episode::Teaser;
use super::frame::Head;
use super::moment::Wording;
use super::person::Author;
use super::schedule::Airing;
use super::sound::Place;
use super::story::Credit;
use super::{Block, Edition, Frame, Picture, json_ld, sample};

/// The page of a programme.
#[derive(Clone, Debug, Serialize)]
pub struct Page {
    /// What stands around it.
    pub frame: Frame,
    /// The programme.
    pub programme: Card,
    /// What the page says.
    pub about: Vec<Block>,
    /// Who presents it, with their bios.
    pub hosts: Vec<Author>,
    /// Its next broadcasts.
    pub upcoming: Vec<Upcoming>,
    /// What can be heard again, newest first.
    pub episodes: Vec<Teaser>,
    /// Where older episodes are.
    pub older: Option<String>,
}

/// The page of all programmes.
#[derive(Clone, Debug, Serialize)]
pub struct ListPage {
    /// What stands around it.
    pub frame: Frame,
    /// Every programme, by title.
    pub programmes: Vec<Card>,
}

/// A programme in short.
#[derive(Clone, Debug, Serialize)]
pub struct Card {
    /// What it is called.
    pub title: String,
    /// Its page.
    pub href: String,
    /// One or two sentences.
    pub teaser: String,
    /// Its picture.
    pub picture: Option<Picture>,
    /// Who presents it.
    pub hosts: Vec<Credit>,
    /// When it is on, in words: "Monday to Friday at 6:00 AM on Harrow Valley News".
    pub times: Vec<String>,
}

/// A broadcast that is to come.
#[derive(Clone, Debug, Serialize)]
pub struct Upcoming {
    /// On which service.
    pub service: String,
    /// The broadcast.
    pub airing: Airing,
}

/// What the pages of programmes are made from.
pub struct Rows<'a> {
    /// The station's people.
    pub people: &'a [Person],
    /// The weekly rules.
    pub rules: &'a [Rule],
}

impl Card {
    /// A programme in short.
    pub fn new(edition: &Edition, programme: &Programme, rows: &Rows<'_>) -> Self {
        let hosts = programme.hosts.iter().filter_map(|id| rows.people.iter().find(|person| person.id == *id));
        Self {
            title: programme.title.clone(),
            href: href(programme),
            teaser: programme.teaser.clone(),
            picture: programme.image.as_ref().and_then(Picture::of),
            hosts: hosts
                .map(|person| Credit { name: person.name.clone(), href: Some(super::person::href(person)) })
                .collect(),
            times: times(edition, programme, rows.rules),
        }
    }
}

impl Page {
    /// The page of a programme; `upcoming` are broadcasts of it, `episodes` one page of them.
    pub fn new(
        edition: &Edition,
        programme: &Programme,
        rows: &Rows<'_>,
        upcoming: &[Broadcast],
        episodes: &[Episode],
        older: Option<String>,
    ) -> Self {
        let card = Card::new(edition, programme, rows);
        let head = Head {
            place: "programmes",
            title: &programme.title,
            description: &programme.teaser,
            path: &card.href,
            picture: card.picture.as_ref(),
            json_ld: Some(json_ld::programme(edition, programme, &card.href)),
            ..Head::default()
        };
        let place = Place { page: &card.href, context: &programme.title, title: &programme.title, artwork: None };
        let words = edition.times();
        let one = std::slice::from_ref(programme);
        let hosts = programme.hosts.iter().filter_map(|id| rows.people.iter().find(|person| person.id == *id));
        Self {
            frame: Frame::new(edition, &head),
            about: Block::all(&programme.about, &words, &place),
            hosts: hosts.map(|person| Author::new(edition, person)).collect(),
            upcoming: upcoming
                .iter()
                .map(|b| Upcoming { service: service_name(edition, b), airing: Airing::of(b, one, &words) })
                .collect(),
            episodes: episodes.iter().map(|episode| Teaser::new(edition, episode, Some(programme))).collect(),
            older,
            programme: card,
        }
    }

    /// For tests and the preview.
    pub fn sample() -> Self {
        let (programmes, people, rules) = (sample::programmes(), sample::people(), sample::rules());
        let rows = Rows { people: &people, rules: &rules };
        let of_it: Vec<Broadcast> =
            sample::broadcasts().into_iter().filter(|b| b.programme == programmes[0].id).take(5).collect();
        Self::new(&sample::edition(), &programmes[0], &rows, &of_it, &sample::episodes(), None)
    }
}

impl ListPage {
    /// The page of all programmes.
    pub fn new(edition: &Edition, programmes: &[Programme], rows: &Rows<'_>) -> Self {
        let description = format!("The programmes of {}, and when they are on.", edition.station.name);
        let head = Head {
            place: "programmes",
            title: "Programmes",
            description: &description,
            path: "/programmes",
            ..Head::default()
        };
        let mut cards: Vec<Card> = programmes.iter().map(|programme| Card::new(edition, programme, rows)).collect();
        cards.sort_by_cached_key(|card| sorting_title(&card.title));
        Self { frame: Frame::new(edition, &head), programmes: cards }
    }

    /// For tests and the preview.
    pub fn sample() -> Self {
        let (people, rules) = (sample::people(), sample::rules());
        Self::new(&sample::edition(), &sample::programmes(), &Rows { people: &people, rules: &rules })
    }
}

/// The page of a programme.
pub fn href(programme: &Programme) -> String {
    format!("/programmes/{}", programme.slug)
}

fn service_name(edition: &Edition, broadcast: &Broadcast) -> String {
    let service = edition.services.iter().find(|service| service.id == broadcast.service);
    service.map(|service| service.name.clone()).unwrap_or_default()
}

/// "The Morning Ledger" stands under M.
fn sorting_title(title: &str) -> String {
    let lower = title.to_lowercase();
    lower.strip_prefix("the ").map(Into::into).unwrap_or(lower)
}

fn times(edition: &Edition, programme: &Programme, rules: &[Rule]) -> Vec<String> {
    let today = edition.now.to_zoned_datetime(edition.zone()).date();
    let is_valid = |rule: &&Rule| {
        rule.programme == programme.id && rule.valid_from <= today && rule.valid_until.is_none_or(|last| today <= last)
    };
    let mut rules: Vec<&Rule> = rules.iter().filter(is_valid).collect();
    rules.sort_by_key(|rule| (rule.days.iter().next().map(Weekday::to_monday_zero_offset), rule.start));
    rules.into_iter().map(|rule| rule_in_words(edition, rule, &edition.times())).collect()
}

fn rule_in_words(edition: &Edition, rule: &Rule, times: &Wording) -> String {
    let service = edition.services.iter().find(|service| service.id == rule.service);
    let when = format!("{} at {}", days_in_words(rule.days), times.wall_time(rule.start));
    match service {
        Some(service) => format!("{when} on {}", service.name),
        None => when,
    }
}

/// "Every day", "Monday to Friday", "Saturday and Sunday".
fn days_in_words(days: Days) -> String {
    let list: Vec<Weekday> = days.iter().collect();
    let is_row = list.windows(2).all(|pair| pair[0].next() == pair[1]);
    match list.as_slice() {
        [] => "Never".to_owned(),
        [one] => format!("{one:?}"),
        [_, _, _, _, _, _, _] => "Every day".to_owned(),
        [first, .., last] if is_row && list.len() > 2 => format!("{first:?} to {last:?}"),
        [rest @ .., last] => {
            let names: Vec<String> = rest.iter().map(|day| format!("{day:?}")).collect();
            format!("{} and {last:?}", names.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_said_as_people_say_them() {
        use Weekday::*;
        let said = |days: &[Weekday]| days_in_words(Days::of(days));
        assert_eq!(days_in_words(Days::ALL), "Every day");
        assert_eq!(days_in_words(Days::WEEKDAYS), "Monday to Friday");
        assert_eq!(said(&[Saturday, Sunday]), "Saturday and Sunday");
        assert_eq!(said(&[Monday, Wednesday, Friday]), "Monday, Wednesday and Friday");
        assert_eq!(said(&[Thursday]), "Thursday");
    }

    #[test]
    fn a_programme_says_when_it_is_on_and_stands_under_its_first_real_word() {
        let page = ListPage::sample();
        let ledger = page.programmes.iter().find(|card| card.title == "The Morning Ledger").unwrap();
        assert_eq!(ledger.times[0], "Monday to Friday at 6:00 AM on Harrow Valley News");
        let titles: Vec<String> = page.programmes.iter().map(|card| sorting_title(&card.title)).collect();
        assert!(titles.is_sorted());
    }
}
