//! `/preview/{secret}`: a story as it will look, for whoever has a link from the desk.

use sha2::{Digest, Sha256};
use station::Story;
use station::story::State;

use super::story::known_people;
use super::{Draft, Fault, Result, Visit};
use crate::view::story::Page;

/// The text that is being written, on the page that readers will see. A link that has ended, was taken back or never was
/// leads nowhere, and so does one to a story that was killed.
pub async fn draft(visit: &Visit) -> Result<Draft> {
    let (db, edition) = (&visit.db, &visit.edition);
    let found = store::preview::by_secret(db, edition.station.id, &sha256(visit.word(0))).await?;
    let link = found.filter(|link| edition.now < link.ends_at).ok_or(Fault::NotFound)?;
    let story = store::story::by_id(db, edition.station.id, link.story).await?.ok_or(Fault::NotFound)?;
    if matches!(story.state, State::Killed | State::Withdrawn) {
        return Err(Fault::NotFound);
    }
    let story = as_written(visit, story).await?;
    let people = known_people(visit, &story).await?;
    Ok(Draft::new("story.html", &Page::preview(edition, &story, &people, link.ends_at), Vec::new()))
}

async fn as_written(visit: &Visit, story: Story) -> Result<Story> {
    let draft = store::draft::by_story(&visit.db, visit.edition.station.id, story.id).await?;
    Ok(draft.map_or(story.clone(), |draft| draft.document.apply_to(story)))
}

/// The hash under which the store keeps a secret, in hexadecimal digits.
fn sha256(secret: &str) -> String {
    Sha256::digest(secret.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
