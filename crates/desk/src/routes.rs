//! Every address of the desk, on one screen: what it takes, who may ask, and what answers. What has no line here does not
//! exist.
//!
//! To add a page: a line here, a file in `pages/`, a template. The tests go through the table and hold the page to its
//! line: for every role, for every kind of request from another site, for a body that is too large.

use http::Method;
use station::Permission;

use crate::origin::CrossSite;
use crate::pages::{self, Handler};

/// A line of the table.
pub struct Route {
    /// What is done.
    pub method: Method,
    /// The path. `{name}` stands for one word.
    pub path: &'static str,
    /// Who may.
    pub guard: Guard,
    /// How large a body may come with it, in bytes.
    pub body_bytes_max: usize,
    /// Whether a browser may keep the answer.
    pub kept: Kept,
    /// Whether another site's page may send it.
    pub cross_site: CrossSite,
    /// What answers.
    pub(crate) handler: Handler,
}

/// Who may ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Anybody.
    Anyone,
    /// Whoever is signed in.
    SignedIn,
    /// Whoever signed in a short while ago: it changes what they sign in with.
    Fresh,
    /// Whoever may do this somewhere. The page looks where.
    May(Permission),
}

/// Whether a browser may keep an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    /// No: it is of one person and one moment.
    Nowhere,
    /// For ever: it is named by its content.
    ForEver,
}

const KB: usize = 1024;
/// A long story with a long table is a tenth of it.
const STORY: usize = 2 * 1024 * KB;

/// `page!(home::show)`: a function of `pages`, as the table holds it.
macro_rules! page {
    ($($path:ident)::+) => { |visit| Box::pin(pages::$($path)::+(visit)) };
}

/// The table.
#[rustfmt::skip]
pub const ROUTES: &[Route] = {
    use CrossSite::{Allowed, LinksOnly, Refused};
    use Guard::{Anyone, Fresh, May, SignedIn};
    use Kept::{ForEver, Nowhere};
    use Permission::{
        Approve, Correct, Create, Kill, ManageAccounts, ManageStation, OperateAir, Publish, ReadAudit, Schedule, Submit, Unpublish, ViewDrafts,
    };
    &[
        //    method path                         guard                body     kept     from others  what answers
        get ("/",                                 SignedIn,            0,       Nowhere, LinksOnly,   page!(home::show)),

        get ("/stories",                          May(ViewDrafts),     0,       Nowhere, LinksOnly,   page!(stories::show)),
        get ("/stories/new",                      May(Create),         0,       Nowhere, LinksOnly,   page!(stories::show_new)),
        post("/stories/new",                      May(Create),         8 * KB,  Nowhere, Refused,     page!(stories::begin)),
        // Whose story it is, the page finds out.
        get ("/stories/{story}/edit",             May(ViewDrafts),     0,       Nowhere, LinksOnly,   page!(story::show)),
        post("/stories/{story}/edit",             May(ViewDrafts),     STORY,   Nowhere, Refused,     page!(story::save_form)),
        get ("/stories/{story}/draft.json",       May(ViewDrafts),     0,       Nowhere, Refused,     page!(story::draft)),
        post("/stories/{story}/draft",            May(ViewDrafts),     STORY,   Nowhere, Refused,     page!(story::save)),
        post("/stories/{story}/lock",             May(ViewDrafts),     KB,      Nowhere, Refused,     page!(story::lock)),
        post("/stories/{story}/lock/release",     May(ViewDrafts),     KB,      Nowhere, Refused,     page!(story::release)),
        get ("/stories/{story}/history",          May(ViewDrafts),     0,       Nowhere, LinksOnly,   page!(history::show)),
        post("/stories/{story}/history/name",     May(ViewDrafts),     KB,      Nowhere, Refused,     page!(history::name)),
        post("/stories/{story}/history/{number}/restore", May(ViewDrafts), 0,   Nowhere, Refused,     page!(history::restore)),
        get ("/stories/{story}/compare",          May(ViewDrafts),     0,       Nowhere, LinksOnly,   page!(history::compare)),

        get ("/sign-in",                          Anyone,              0,       Nowhere, LinksOnly,   page!(sign_in::show)),
        post("/sign-in",                          Anyone,              8 * KB,  Nowhere, Refused,     page!(sign_in::with_password)),
        get ("/sign-in/code",                     Anyone,              0,       Nowhere, LinksOnly,   page!(sign_in::show_code)),
        post("/sign-in/code",                     Anyone,              KB,      Nowhere, Refused,     page!(sign_in::with_code)),
        post("/sign-in/letter",                   Anyone,              KB,      Nowhere, Refused,     page!(sign_in::send_letter)),
        get ("/sign-in/letter/{ticket}",          Anyone,              0,       Nowhere, LinksOnly,   page!(sign_in::show_letter)),
        post("/sign-in/letter/{ticket}",          Anyone,              0,       Nowhere, Refused,     page!(sign_in::with_letter)),
        post("/sign-in/passkey/challenge",        Anyone,              0,       Nowhere, Refused,     page!(sign_in::challenge)),
        post("/sign-in/passkey",                  Anyone,              16 * KB, Nowhere, Refused,     page!(sign_in::with_passkey)),
        post("/sign-out",                         SignedIn,            0,       Nowhere, Refused,     page!(sign_in::out)),
        get ("/join/{ticket}",                    Anyone,              0,       Nowhere, LinksOnly,   page!(join::show)),
        post("/join/{ticket}",                    Anyone,              8 * KB,  Nowhere, Refused,     page!(join::come_in)),

        get ("/account",                          SignedIn,            0,       Nowhere, LinksOnly,   page!(account::show)),
        post("/account/name",                     SignedIn,            KB,      Nowhere, Refused,     page!(account::rename)),
        post("/account/password",                 Fresh,               8 * KB,  Nowhere, Refused,     page!(account::set_password)),
        get ("/account/codes",                    Fresh,               0,       Nowhere, LinksOnly,   page!(account::show_codes)),
        post("/account/codes",                    Fresh,               KB,      Nowhere, Refused,     page!(account::start_codes)),
        post("/account/codes/stop",               Fresh,               0,       Nowhere, Refused,     page!(account::stop_codes)),
        post("/account/recovery-codes",           Fresh,               0,       Nowhere, Refused,     page!(account::make_recovery_codes)),
        post("/account/passkeys/challenge",       Fresh,               0,       Nowhere, Refused,     page!(account::challenge)),
        post("/account/passkeys",                 Fresh,               16 * KB, Nowhere, Refused,     page!(account::add_passkey)),
        post("/account/passkeys/remove",          Fresh,               4 * KB,  Nowhere, Refused,     page!(account::remove_passkey)),
        post("/account/sessions/end",             SignedIn,            KB,      Nowhere, Refused,     page!(account::end_session)),
        post("/account/sessions/end-others",      SignedIn,            0,       Nowhere, Refused,     page!(account::end_other_sessions)),

        get ("/stories/{story}",                  May(ViewDrafts),     0,       Nowhere, LinksOnly,   page!(acts::show)),
        post("/stories/{story}/submit",           May(Submit),         8 * KB,  Nowhere, Refused,     page!(acts::submit)),
        post("/stories/{story}/send-back",        May(Approve),        8 * KB,  Nowhere, Refused,     page!(acts::send_back)),
        post("/stories/{story}/approve",          May(Approve),        KB,      Nowhere, Refused,     page!(acts::approve)),
        post("/stories/{story}/schedule",         May(Schedule),       KB,      Nowhere, Refused,     page!(acts::schedule)),
        post("/stories/{story}/unschedule",       May(Schedule),       KB,      Nowhere, Refused,     page!(acts::unschedule)),
        post("/stories/{story}/publish",          May(Publish),        KB,      Nowhere, Refused,     page!(acts::publish)),
        post("/stories/{story}/update",           May(Publish),        8 * KB,  Nowhere, Refused,     page!(acts::update)),
        post("/stories/{story}/correct",          May(Correct),        8 * KB,  Nowhere, Refused,     page!(acts::correct)),
        post("/stories/{story}/unpublish",        May(Unpublish),      8 * KB,  Nowhere, Refused,     page!(acts::unpublish)),
        post("/stories/{story}/kill",             May(Kill),           8 * KB,  Nowhere, Refused,     page!(acts::kill)),
        post("/stories/{story}/preview",          May(ViewDrafts),     KB,      Nowhere, Refused,     page!(preview::make)),
        post("/stories/{story}/preview/revoke",   May(ViewDrafts),     0,       Nowhere, Refused,     page!(preview::revoke)),

        get ("/identity",                         May(ManageStation),  0,       Nowhere, LinksOnly,   page!(identity::show)),
        post("/identity",                         May(ManageStation),  8 * KB,  Nowhere, Refused,     page!(identity::save)),
        get ("/redirects",                        May(ManageStation),  0,       Nowhere, LinksOnly,   page!(redirects::show)),
        post("/redirects",                        May(ManageStation),  4 * KB,  Nowhere, Refused,     page!(redirects::save)),
        post("/redirects/remove",                 May(ManageStation),  4 * KB,  Nowhere, Refused,     page!(redirects::remove)),
        post("/redirects/import",                 May(ManageStation),  2048 * KB, Nowhere, Refused,   page!(redirects::import)),
        post("/redirects/missed/forget",          May(ManageStation),  4 * KB,  Nowhere, Refused,     page!(redirects::forget_missed)),

        get ("/people",                           May(ManageAccounts), 0,       Nowhere, LinksOnly,   page!(people::show)),
        post("/people",                           May(ManageAccounts), 4 * KB,  Nowhere, Refused,     page!(people::invite)),
        get ("/people/{account}",                 May(ManageAccounts), 0,       Nowhere, LinksOnly,   page!(people::show_one)),
        post("/people/{account}/link",            May(ManageAccounts), 0,       Nowhere, Refused,     page!(people::link)),
        post("/people/{account}/disable",         May(ManageAccounts), 0,       Nowhere, Refused,     page!(people::disable)),
        post("/people/{account}/enable",          May(ManageAccounts), 0,       Nowhere, Refused,     page!(people::enable)),
        post("/people/{account}/person",          May(ManageAccounts), KB,      Nowhere, Refused,     page!(people::set_person)),
        post("/people/{account}/roles",           May(ManageAccounts), KB,      Nowhere, Refused,     page!(people::give)),
        post("/people/{account}/roles/take",      May(ManageAccounts), KB,      Nowhere, Refused,     page!(people::take)),
        get ("/roles",                            May(ManageAccounts), 0,       Nowhere, LinksOnly,   page!(roles::show)),
        post("/roles",                            May(ManageAccounts), 8 * KB,  Nowhere, Refused,     page!(roles::save)),
        get ("/audit",                            May(ReadAudit),      0,       Nowhere, LinksOnly,   page!(audit::show)),

        get ("/control",                          SignedIn,            0,       Nowhere, LinksOnly,   page!(control::show)),
        get ("/control/now",                      SignedIn,            0,       Nowhere, Refused,     page!(control::follow)),
        post("/control/{service}/switch",         May(OperateAir),     KB,      Nowhere, Refused,     page!(control::switch)),
        post("/control/{service}/queue",          May(OperateAir),     KB,      Nowhere, Refused,     page!(control::line_up)),
        post("/control/{service}/queue/{number}/remove", May(OperateAir), 0,    Nowhere, Refused,     page!(control::take_out)),
        post("/control/{service}/skip",           May(OperateAir),     0,       Nowhere, Refused,     page!(control::skip)),

        get ("/assets/{name}",                    Anyone,              0,       ForEver, Allowed,     page!(files::asset)),
        get ("/icon.svg",                         Anyone,              0,       Nowhere, Allowed,     page!(files::icon)),
        get ("/robots.txt",                       Anyone,              0,       Nowhere, Allowed,     page!(files::robots)),
    ]
};

const fn get(
    path: &'static str,
    guard: Guard,
    body_bytes_max: usize,
    kept: Kept,
    cross_site: CrossSite,
    handler: Handler,
) -> Route {
    Route { method: Method::GET, path, guard, body_bytes_max, kept, cross_site, handler }
}

const fn post(
    path: &'static str,
    guard: Guard,
    body_bytes_max: usize,
    kept: Kept,
    cross_site: CrossSite,
    handler: Handler,
) -> Route {
    Route { method: Method::POST, path, guard, body_bytes_max, kept, cross_site, handler }
}

impl Route {
    /// The words of `path` that stand where the table has a name, decoded.
    pub(crate) fn words(&self, path: &str) -> Vec<String> {
        let pieces = self.path.split('/').zip(path.split('/'));
        pieces.filter(|(piece, _)| piece.starts_with('{')).map(|(_, word)| word.to_owned()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_line_stands_twice() {
        for (at, route) in ROUTES.iter().enumerate() {
            let is_same = |other: &&Route| other.path == route.path && other.method == route.method;
            assert!(!ROUTES[..at].iter().any(|other| is_same(&other)), "{} {} stands twice", route.method, route.path);
        }
    }

    #[test]
    fn whatever_changes_something_is_refused_to_other_sites_and_never_kept() {
        for route in ROUTES.iter().filter(|route| route.method == Method::POST) {
            assert_eq!(route.cross_site, CrossSite::Refused, "{}", route.path);
            assert_eq!(route.kept, Kept::Nowhere, "{}", route.path);
        }
    }

    #[test]
    fn what_anybody_may_ask_is_the_way_in_and_plain_files() {
        let open = ROUTES.iter().filter(|route| route.guard == Guard::Anyone);
        for route in open {
            let is_way_in = route.path.starts_with("/sign-in") || route.path.starts_with("/join/");
            let is_file = route.cross_site == CrossSite::Allowed && route.method == Method::GET;
            assert!(is_way_in || is_file, "{} is open to everybody", route.path);
        }
    }

    #[test]
    fn a_path_gives_the_words_that_the_table_names() {
        let line = ROUTES.iter().find(|route| route.path == "/people/{account}/link").unwrap();
        assert_eq!(line.words("/people/17/link"), ["17"]);
    }
}
