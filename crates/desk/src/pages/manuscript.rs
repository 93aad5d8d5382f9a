//! A story as whoever opens it finds it: what stands, its draft, who holds it, and what they may do with it.

use station::role::Place;
use station::{Draft, Permission, ProgrammeId, Slug, Story, StoryId};
use store::draft::{Kept, Lock};

use crate::answer::Fault;
use crate::visit::Visit;

/// A story, opened.
pub(crate) struct Manuscript {
    pub story: Story,
    pub draft: Option<Kept>,
    /// Who holds it at this moment.
    pub lock: Option<Lock>,
    /// True if they may write in it.
    pub can_edit: bool,
}

impl Manuscript {
    /// The story of the `at`th word of the path, if there is one and they may see it.
    pub async fn open(visit: &Visit, at: usize) -> Result<Self, Fault> {
        let (db, station, id) = (visit.db(), visit.station.id, StoryId(visit.number(at)?));
        let story = store::story::by_id(db, station, id).await?.ok_or(Fault::NotFound)?;
        let draft = store::draft::by_story(db, station, id).await?;
        let lock = newsroom::write::holder(store::draft::lock(db, station, id).await?, visit.now);
        let is_own = is_own(visit, &story, draft.as_ref());
        let place = place(&story.section, story.programme);
        if !is_own && !visit.powers().may_in(Permission::ViewDrafts, place) {
            return Err(Fault::NotAllowed);
        }
        let can_edit =
            story.source.is_none() && story.state != station::story::State::Killed && may_edit(visit, is_own, place);
        Ok(Self { story, draft, lock, can_edit })
    }

    /// The same, if they may write in it.
    pub async fn open_to_write(visit: &Visit, at: usize) -> Result<Self, Fault> {
        let manuscript = Self::open(visit, at).await?;
        if manuscript.can_edit { Ok(manuscript) } else { Err(Fault::NotAllowed) }
    }

    /// Refuses a text that would move the story to where they may not write.
    pub fn check_place(&self, visit: &Visit, document: &Draft) -> Result<(), Fault> {
        let is_own = is_own(visit, &self.story, self.draft.as_ref());
        let is_same = document.section == self.story.section && document.programme == self.story.programme;
        let may = is_same || may_edit(visit, is_own, place(&document.section, document.programme));
        if may { Ok(()) } else { Err(Fault::NotAllowed) }
    }

    /// The working text: the draft, or what stands where there is none.
    pub fn document(&self) -> Draft {
        self.draft.as_ref().map_or_else(|| Draft::of(&self.story), |draft| draft.document.clone())
    }

    /// Its version; 0 where there is none yet.
    pub fn version(&self) -> i64 {
        self.draft.as_ref().map_or(0, |draft| draft.version)
    }

    /// Who holds it, if that is another.
    pub fn held_by_another(&self, visit: &Visit) -> Option<&Lock> {
        self.lock.as_ref().filter(|lock| lock.account != visit.visitor().account.id)
    }
}

/// What a story belongs to, as permissions see it.
pub(crate) fn place(section: &Slug, programme: Option<ProgrammeId>) -> Place<'_> {
    Place { section: Some(section), programme }
}

fn may_edit(visit: &Visit, is_own: bool, place: Place<'_>) -> bool {
    let may = |permission| visit.powers().may_in(permission, place);
    may(Permission::EditAny) || is_own && may(Permission::EditOwn)
}

/// Their own is what they have begun, and what credits them.
fn is_own(visit: &Visit, story: &Story, draft: Option<&Kept>) -> bool {
    let me = &visit.visitor().account;
    let has_begun = draft.is_some_and(|draft| draft.begun_by == Some(me.id));
    has_begun || me.person.is_some() && story.bylines.iter().any(|byline| byline.person == me.person)
}
