//! What every page of the desk shows around its own words, and how times are said there.

use jiff::ZonedDateTime;
use jiff::tz::TimeZone;
use serde::Serialize;
use station::{Account, Permission, Station, Timestamp};

use crate::visit::Visit;

/// What every template gets as `frame`.
#[derive(Clone, Debug, Serialize)]
pub struct Frame {
    /// The page's title.
    pub title: String,
    /// The BCP 47 tag for `<html lang>`.
    pub language: String,
    /// What the station calls itself.
    pub station: String,
    /// Where its public site stands.
    pub site: String,
    /// Who is signed in.
    pub me: Option<Me>,
    /// Where they can go.
    pub menu: Vec<Item>,
    /// What has just been done.
    pub said: Option<&'static str>,
}

/// Whoever is signed in.
#[derive(Clone, Debug, Serialize)]
pub struct Me {
    /// What they are called.
    pub name: String,
    /// Two letters for them.
    pub initials: String,
    /// What they sign in with.
    pub email: String,
}

/// An entry of the menu.
#[derive(Clone, Debug, Serialize)]
pub struct Item {
    /// What it is called.
    pub title: &'static str,
    /// Where it leads.
    pub href: &'static str,
    /// True on that page, and on those below it.
    pub is_current: bool,
}

/// The menu: what it is called, where it leads, what one must be allowed to see it. To add a page to it, add a line.
const MENU: &[(&str, &str, Option<Permission>)] = &[
    ("Desk", "/", None),
    ("Stories", "/stories", Some(Permission::ViewDrafts)),
    ("Identity", "/identity", Some(Permission::ManageStation)),
    ("Master control", "/control", None),
    ("Redirects", "/redirects", Some(Permission::ManageStation)),
    ("People", "/people", Some(Permission::ManageAccounts)),
    ("Roles", "/roles", Some(Permission::ManageAccounts)),
    ("Audit log", "/audit", Some(Permission::ReadAudit)),
];

/// What can be said after something was done: the word in the address, and the sentence for it.
const SAID: &[(&str, &str)] = &[
    ("welcome", "You are in. Add a passkey below, and next time a finger or a glance is enough."),
    ("name-changed", "Your name is changed."),
    ("password-set", "Your password is set. Everywhere else you have been signed out."),
    ("codes-started", "One-time codes are on. You will be asked for one after your password."),
    ("codes-stopped", "One-time codes are off."),
    ("passkey-added", "The passkey is added. Next time, choose “Sign in with a passkey”."),
    ("passkey-removed", "The passkey is removed."),
    ("session-ended", "That device is signed out."),
    ("sessions-ended", "Every other device is signed out."),
    ("signed-out", "You are signed out."),
    ("role-given", "The role is given."),
    ("role-taken", "The role is taken back."),
    ("role-saved", "The role is saved."),
    ("disabled", "The account is disabled, and signed out everywhere."),
    ("enabled", "The account is enabled."),
    ("saved", "The story is saved."),
    ("revision-named", "The text is kept under that name."),
    ("name-missing", "Give the text a name first."),
    ("restored", "The text is brought back. The one before it is in the history."),
    ("not-restored", "Somebody else is writing in this story, so nothing was brought back."),
    ("person-set", "The credit is changed."),
    ("submit", "The story is handed in."),
    ("send-back", "The story is sent back to its writer."),
    ("approve", "The story is ready to be published."),
    ("schedule", "The story is set for that moment."),
    ("unschedule", "The story is taken out of the schedule."),
    ("publish", "The story is published: readers see it now."),
    ("update", "The story is updated: readers see the new text now."),
    ("correct", "The correction stands on the page, with today’s date."),
    ("unpublish", "The story is off the site."),
    ("kill", "The story is killed: it is gone from every page."),
    ("preview-revoked", "Every preview link to this story is worthless now."),
    ("identity-changed", "The station’s identity is changed: the site shows it now."),
    ("redirect-saved", "The redirect is saved."),
    ("redirect-removed", "The redirect is removed."),
    ("missed-forgotten", "The address is off the list, until somebody asks for it again."),
    ("switched", "The switch is set."),
    ("lined-up", "The piece is lined up."),
    ("taken-out", "The piece is taken out of the queue."),
    ("skipped", "What automation played is ended."),
];

impl Frame {
    /// The frame of a page that this visit gets.
    pub fn new(visit: &Visit, title: &str) -> Self {
        let may = |permission: &Option<Permission>| {
            visit
                .visitor
                .as_ref()
                .is_some_and(|visitor| permission.is_none_or(|permission| visitor.powers.may(permission)))
        };
        let is_below = |href: &str| visit.path == href || href != "/" && visit.path.starts_with(&format!("{href}/"));
        let menu = MENU.iter().filter(|(_, _, permission)| may(permission));
        Self {
            title: title.to_owned(),
            language: visit.station.language.clone(),
            station: visit.station.name.clone(),
            site: visit.desk.settings.site_of(&visit.station),
            me: visit.visitor.as_ref().map(|visitor| Me::new(&visitor.account)),
            menu: menu.map(|(title, href, _)| Item { title, href, is_current: is_below(href) }).collect(),
            said: said(visit.asked("said")),
        }
    }
}

impl Me {
    fn new(account: &Account) -> Self {
        Self { name: account.name.clone(), initials: initials(&account.name), email: account.email.clone() }
    }
}

fn said(word: &str) -> Option<&'static str> {
    SAID.iter().find(|(known, _)| *known == word).map(|(_, sentence)| *sentence)
}

/// The first letters of the first and the last word of a name.
pub fn initials(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().and_then(|word| word.chars().next());
    let last = words.next_back().and_then(|word| word.chars().next());
    first.into_iter().chain(last).flat_map(char::to_uppercase).collect()
}

/// A moment: in words as one would say it now, and exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Moment {
    /// For `datetime` and machines: `2026-11-24T16:33:00-05:00`.
    pub exact: String,
    /// As one says it: "today at 4:33 PM".
    pub words: String,
    /// The whole of it, for whoever hovers: "November 24, 2026 at 4:33 PM EST".
    pub whole: String,
}

/// How times are said at the desk. Its pages are never kept, so they may say "today".
#[derive(Clone, Debug)]
pub struct Times {
    zone: TimeZone,
    is_american: bool,
    now: Timestamp,
}

impl Times {
    /// The times of `station`, said at the moment `now`.
    pub fn new(station: &Station, now: Timestamp) -> Self {
        let zone = TimeZone::get(&station.zone).unwrap_or(TimeZone::UTC);
        let is_american = station.language == "en" || station.language.eq_ignore_ascii_case("en-us");
        Self { zone, is_american, now }
    }

    /// A moment with its words.
    pub fn say(&self, at: Timestamp) -> Moment {
        let (local, now) = (self.local(at), self.local(self.now));
        let days_ago = now.date().since(local.date()).map(|span| span.get_days()).unwrap_or(i32::MAX);
        let time = self.time(at);
        let words = match days_ago {
            0 => format!("today at {time}"),
            1 => format!("yesterday at {time}"),
            -1 => format!("tomorrow at {time}"),
            2..=6 => format!("{} at {time}", local.strftime("%A")),
            _ => format!("{} at {time}", self.date(&local)),
        };
        let whole = format!("{} at {time} {}", self.date(&local), local.strftime("%Z"));
        Moment { exact: local.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string(), words, whole }
    }

    /// A time of day: "4:33 PM".
    pub fn time(&self, at: Timestamp) -> String {
        let shape = if self.is_american { "%-I:%M %p" } else { "%H:%M" };
        self.local(at).strftime(shape).to_string()
    }

    fn date(&self, local: &ZonedDateTime) -> String {
        let shape = if self.is_american { "%B %-d, %Y" } else { "%-d %B %Y" };
        local.strftime(shape).to_string()
    }

    fn local(&self, at: Timestamp) -> ZonedDateTime {
        at.to_zoned_datetime(self.zone.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(language: &str, zone: &str) -> Times {
        let zone = TimeZone::get(zone).unwrap();
        Times { zone, is_american: language == "en-US", now: "2026-11-24T21:33:00Z".parse().unwrap() }
    }

    #[test]
    fn a_moment_is_said_as_one_says_it_today() {
        let times = times("en-US", "America/New_York");
        let words = |at: &str| times.say(at.parse().unwrap()).words;
        assert_eq!(words("2026-11-24T14:05:00Z"), "today at 9:05 AM");
        assert_eq!(words("2026-11-24T04:59:00Z"), "yesterday at 11:59 PM");
        assert_eq!(words("2026-11-20T17:00:00Z"), "Friday at 12:00 PM");
        assert_eq!(words("2026-11-25T17:00:00Z"), "tomorrow at 12:00 PM");
        assert_eq!(words("2025-11-24T17:00:00Z"), "November 24, 2025 at 12:00 PM");
        assert_eq!(times.say("2026-11-24T14:05:00Z".parse().unwrap()).whole, "November 24, 2026 at 9:05 AM EST");
    }

    #[test]
    fn a_british_station_says_it_the_british_way() {
        let said = times("en-GB", "Europe/London").say("2026-11-01T18:00:00Z".parse().unwrap());
        assert_eq!(
            (said.words.as_str(), said.exact.as_str()),
            ("1 November 2026 at 18:00", "2026-11-01T18:00:00+00:00")
        );
    }

    #[test]
    fn initials_are_those_of_the_first_and_last_name() {
        for (name, letters) in
            [("June Okafor", "JO"), ("Del", "D"), ("Ana de la Cruz", "AC"), ("élise ødegård", "ÉØ"), ("", "")]
        {
            assert_eq!(initials(name), letters);
        }
    }

    #[test]
    fn every_sentence_has_a_word_of_its_own() {
        for (at, (word, sentence)) in SAID.iter().enumerate() {
            assert_eq!(said(word), Some(*sentence));
            assert!(SAID[..at].iter().all(|(other, _)| other != word));
        }
        assert_eq!(said("<script>"), None);
    }
}
