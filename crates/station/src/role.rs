//! Roles: who may do what, and where.
//!
//! A [`Permission`] is one thing that can be done; a [`Role`] is a set of them with a name; a [`Grant`] gives a role to
//! an account for the whole station, for one section or for one programme. [`Powers`] is what comes of all grants of one
//! account, and the only thing that is asked: a role's name never decides anything.
//!
//! Nobody can give what they have not got: see [`Powers::can_give`].

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::{AccountId, ProgrammeId, Slug, StationId};

macro_rules! permissions {
    ($($(#[doc = $doc:literal])* $name:ident = $slug:literal, $words:literal;)*) => {
        /// One thing that can be done at the desk.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum Permission { $($(#[doc = $doc])* $name,)* }

        impl Permission {
            /// Every permission, in the order in which people read them.
            pub const ALL: &[Permission] = &[$(Permission::$name),*];

            /// Its name in rows and forms.
            pub fn as_str(self) -> &'static str {
                match self { $(Permission::$name => $slug,)* }
            }

            /// What it lets somebody do, in words that follow "may".
            pub fn words(self) -> &'static str {
                match self { $(Permission::$name => $words,)* }
            }
        }
    };
}

permissions! {
    /// Read stories that are not published.
    ViewDrafts = "view-drafts", "read stories before they are published";
    /// Begin a story.
    Create = "create", "begin a story";
    /// Change a story that one is credited for or has begun.
    EditOwn = "edit-own", "edit their own stories";
    /// Change anybody's story.
    EditAny = "edit-any", "edit anybody's stories";
    /// Hand a story in for review.
    Submit = "submit", "hand a story in";
    /// Say that a story is ready.
    Approve = "approve", "say that a story is ready";
    /// Let a story be read.
    Publish = "publish", "publish";
    /// Let a story be read from a moment on.
    Schedule = "schedule", "schedule what is published later";
    /// Admit what was wrong and put it right.
    Correct = "correct", "correct what was published";
    /// Take a story off the site.
    Unpublish = "unpublish", "take a story off the site";
    /// Take a story away everywhere, for a grave reason.
    Kill = "kill", "kill a story";
    /// Bring pictures and sound in, and take them away.
    ManageMedia = "manage-media", "manage pictures and sound";
    /// Let an episode be heard.
    PublishEpisodes = "publish-episodes", "publish episodes";
    /// Change the schedule and the programmes.
    EditSchedule = "edit-schedule", "edit the schedule";
    /// Work the switch and the automation.
    OperateAir = "operate-air", "work the switch and the automation";
    /// Warn the public.
    IssueAlerts = "issue-alerts", "issue alerts";
    /// Run a pledge drive.
    ManagePledges = "manage-pledges", "manage pledge drives";
    /// Change what the station is: name, colours, sections, services.
    ManageStation = "manage-station", "change the station's identity and settings";
    /// Invite people, give them roles, end their sessions.
    ManageAccounts = "manage-accounts", "invite people and give them roles";
    /// Read figures and reports.
    ReadReports = "read-reports", "read figures and reports";
    /// Read the addresses of listeners in a declared reporting window.
    ReadAddresses = "read-addresses", "read listeners' addresses in a reporting window";
    /// Read who did what.
    ReadAudit = "read-audit", "read who did what";
}

impl Permission {
    /// The permission of that name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|permission| permission.as_str() == name)
    }
}

/// A set of permissions with a name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Role {
    /// Its name in rows.
    pub slug: Slug,
    /// What it is called: "Managing editor".
    pub title: String,
    /// One sentence: who has it.
    pub teaser: String,
    /// What it lets somebody do.
    pub permissions: BTreeSet<Permission>,
}

/// Where a role holds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Everywhere.
    Station,
    /// In one section.
    Section(Slug),
    /// In one programme.
    Programme(ProgrammeId),
}

/// A role, given to somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Whose desk.
    pub station: StationId,
    /// To whom.
    pub account: AccountId,
    /// Which role.
    pub role: Slug,
    /// Where it holds.
    pub scope: Scope,
}

/// What something belongs to: what a permission is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'a> {
    /// The section of a story.
    pub section: Option<&'a Slug>,
    /// The programme of an episode, a broadcast or a story.
    pub programme: Option<ProgrammeId>,
}

/// Everything that an account may do, and where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Powers(Vec<(Scope, BTreeSet<Permission>)>);

impl Powers {
    /// What `grants` come to. A grant of a role that is not among `roles` gives nothing.
    pub fn new(grants: &[Grant], roles: &[Role]) -> Self {
        let role = |slug: &Slug| roles.iter().find(|role| role.slug == *slug);
        let held =
            grants.iter().filter_map(|grant| Some((grant.scope.clone(), role(&grant.role)?.permissions.clone())));
        Self(held.collect())
    }

    /// True if they may do it somewhere: whether a page is shown at all.
    pub fn may(&self, permission: Permission) -> bool {
        self.0.iter().any(|(_, permissions)| permissions.contains(&permission))
    }

    /// True if they may do it to the station as a whole.
    pub fn may_everywhere(&self, permission: Permission) -> bool {
        self.may_in(permission, Place::default())
    }

    /// The programmes for which they may do it, where that is not everywhere.
    pub fn programmes(&self, permission: Permission) -> Vec<ProgrammeId> {
        let of = |(scope, permissions): &(Scope, BTreeSet<Permission>)| match scope {
            Scope::Programme(programme) if permissions.contains(&permission) => Some(*programme),
            _ => None,
        };
        self.0.iter().filter_map(of).collect()
    }

    /// True if they may do it to what belongs to `place`.
    pub fn may_in(&self, permission: Permission, place: Place<'_>) -> bool {
        self.0.iter().any(|(scope, permissions)| permissions.contains(&permission) && scope.covers(place))
    }

    /// True if they have all of `role` where `scope` holds, and so may give it to somebody.
    pub fn can_give(&self, role: &Role, scope: &Scope) -> bool {
        let place = scope.place();
        self.may_in(Permission::ManageAccounts, place)
            && role.permissions.iter().all(|permission| self.may_in(*permission, place))
    }

    /// All permissions that hold somewhere, in the order in which people read them.
    pub fn all(&self) -> BTreeSet<Permission> {
        self.0.iter().flat_map(|(_, permissions)| permissions).copied().collect()
    }
}

impl Scope {
    /// Its name in rows and forms: `station`, `section:news`, `programme:31`.
    pub fn name(&self) -> String {
        match self {
            Scope::Station => "station".to_owned(),
            Scope::Section(slug) => format!("section:{slug}"),
            Scope::Programme(id) => format!("programme:{id}"),
        }
    }

    /// The scope of that name.
    pub fn parse(name: &str) -> Option<Self> {
        match name.split_once(':') {
            None => (name == "station").then_some(Scope::Station),
            Some(("section", slug)) => Slug::parse(slug).ok().map(Scope::Section),
            Some(("programme", id)) => id.parse().ok().map(|id| Scope::Programme(ProgrammeId(id))),
            Some(_) => None,
        }
    }

    fn covers(&self, place: Place<'_>) -> bool {
        match self {
            Scope::Station => true,
            Scope::Section(section) => place.section == Some(section),
            Scope::Programme(programme) => place.programme == Some(*programme),
        }
    }

    fn place(&self) -> Place<'_> {
        match self {
            Scope::Station => Place::default(),
            Scope::Section(section) => Place { section: Some(section), programme: None },
            Scope::Programme(programme) => Place { section: None, programme: Some(*programme) },
        }
    }
}

/// The role that may do everything; a station always has somebody who holds it everywhere.
pub const OWNER: &str = "owner";

/// The roles that every station begins with: eight people share them.
pub fn presets() -> Vec<Role> {
    use Permission::*;
    let writing = [ViewDrafts, Create, EditOwn, Submit];
    let producing = [ViewDrafts, Create, EditOwn, Submit, ManageMedia, PublishEpisodes, EditSchedule];
    let editing = [
        ViewDrafts,
        Create,
        EditOwn,
        EditAny,
        Submit,
        Approve,
        Publish,
        Schedule,
        Correct,
        Unpublish,
        ManageMedia,
        PublishEpisodes,
        ReadReports,
    ];
    let leading = [Kill, EditSchedule, IssueAlerts, ManageAccounts, ReadAudit];
    vec![
        preset(OWNER, "Owner", "Answers for the station, and may do everything.", Permission::ALL),
        preset(
            "managing-editor",
            "Managing editor",
            "Runs the newsroom: publishes, kills, invites.",
            &[&editing[..], &leading[..]].concat(),
        ),
        preset("editor", "Editor", "Edits everybody's stories and publishes them.", &editing),
        preset("producer", "Producer or host", "Makes programmes: episodes, sound, the schedule.", &producing),
        preset(
            "reporter",
            "Reporter",
            "Writes, brings pictures and sound in, hands stories in.",
            &[&writing[..], &[ManageMedia]].concat(),
        ),
        preset("contributor", "Contributor", "Writes now and then, and hands stories in.", &writing),
        preset(
            "engineer",
            "Engineer",
            "Keeps the station on the air and the site in order.",
            &[ViewDrafts, OperateAir, EditSchedule, ManageStation, IssueAlerts, ReadReports, ReadAudit],
        ),
        preset("membership", "Membership", "Runs the drives and reads the figures.", &[ManagePledges, ReadReports]),
        preset(
            "board",
            "Board",
            "Reads drafts and figures, and changes nothing.",
            &[ViewDrafts, ReadReports, ReadAudit],
        ),
    ]
}

fn preset(slug: &str, title: &str, teaser: &str, permissions: &[Permission]) -> Role {
    Role {
        slug: Slug::parse(slug).expect("a preset's name is a slug"),
        title: title.to_owned(),
        teaser: teaser.to_owned(),
        permissions: permissions.iter().copied().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slug(text: &str) -> Slug {
        Slug::parse(text).unwrap()
    }

    fn powers(grants: &[(&str, Scope)]) -> Powers {
        let grant = |(role, scope): &(&str, Scope)| Grant {
            station: StationId(1),
            account: AccountId(2),
            role: slug(role),
            scope: scope.clone(),
        };
        Powers::new(&grants.iter().map(grant).collect::<Vec<_>>(), &presets())
    }

    fn role(name: &str) -> Role {
        presets().into_iter().find(|role| role.slug.as_str() == name).unwrap()
    }

    #[test]
    fn every_permission_has_a_name_of_its_own_that_leads_back() {
        for (at, permission) in Permission::ALL.iter().enumerate() {
            assert_eq!(Permission::parse(permission.as_str()), Some(*permission));
            assert!(Permission::ALL[..at].iter().all(|other| other.as_str() != permission.as_str()));
            assert_eq!(serde_json::to_value(permission).unwrap(), permission.as_str());
        }
    }

    #[test]
    fn every_scope_has_a_name_that_leads_back() {
        for scope in [Scope::Station, Scope::Section(slug("news")), Scope::Programme(ProgrammeId(31))] {
            assert_eq!(Scope::parse(&scope.name()), Some(scope));
        }
        for wrong in ["", "section", "section:", "section:A", "programme:x", "programme:", "desk:1", "station:"] {
            assert_eq!(Scope::parse(wrong), None, "{wrong} was taken");
        }
    }

    #[test]
    fn a_role_for_one_section_ends_at_its_door() {
        let (news, arts) = (slug("news"), slug("arts"));
        let editor = powers(&[("editor", Scope::Section(news.clone()))]);
        let of = |section| Place { section: Some(section), programme: None };
        assert!(editor.may(Permission::Publish));
        assert!(editor.may_in(Permission::Publish, of(&news)));
        assert!(!editor.may_in(Permission::Publish, of(&arts)));
        assert!(!editor.may_everywhere(Permission::Publish));
    }

    #[test]
    fn a_role_for_one_programme_covers_it_in_whatever_section() {
        let news = slug("news");
        let producer = powers(&[("producer", Scope::Programme(ProgrammeId(31)))]);
        let place = |id| Place { section: Some(&news), programme: Some(ProgrammeId(id)) };
        assert!(producer.may_in(Permission::PublishEpisodes, place(31)));
        assert!(!producer.may_in(Permission::PublishEpisodes, place(32)));
    }

    #[test]
    fn writing_and_publishing_are_apart() {
        for name in ["contributor", "reporter", "producer", "board", "engineer", "membership"] {
            assert!(!role(name).permissions.contains(&Permission::Publish), "{name} publishes");
        }
    }

    #[test]
    fn nobody_gives_what_they_have_not_got() {
        let editor = powers(&[("managing-editor", Scope::Station)]);
        assert!(editor.can_give(&role("reporter"), &Scope::Station));
        assert!(editor.can_give(&role("editor"), &Scope::Section(slug("news"))));
        assert!(!editor.can_give(&role(OWNER), &Scope::Station), "an editor made an owner");
        assert!(!editor.can_give(&role("engineer"), &Scope::Station), "an editor gave away the switch");
        let of_one_section = powers(&[("managing-editor", Scope::Section(slug("news")))]);
        assert!(of_one_section.can_give(&role("reporter"), &Scope::Section(slug("news"))));
        assert!(!of_one_section.can_give(&role("reporter"), &Scope::Station));
        assert!(!powers(&[("reporter", Scope::Station)]).can_give(&role("contributor"), &Scope::Station));
    }

    #[test]
    fn a_role_that_is_gone_gives_nothing() {
        assert_eq!(powers(&[("no-such-role", Scope::Station)]).all(), BTreeSet::new());
    }
}
