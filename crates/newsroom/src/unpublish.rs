//! Unpublish: a story is taken off the site. It may come back.

use station::act::Ending;
use station::redirect::{Cause, target};
use station::{Act, Story};
use store::Tx;

use crate::show::path;
use crate::{Errand, Error, Result, leads, reason, redirect, settle, taken_up};

/// Takes a published story off the site. `ending` says what stands at its address from now on; `why` is for the newsroom.
pub async fn unpublish(tx: &mut Tx, errand: &Errand<'_>, ending: Ending, why: &str) -> Result<Story> {
    let why = reason(why)?;
    let stands = taken_up(tx, errand, Act::Unpublish).await?;
    let ending = checked(ending)?;
    if let (Ending::Redirect { to }, Some(at)) = (&ending, stands.published_at) {
        let from = path(errand.station, &stands, at);
        redirect::lead(tx, stands.station, errand.redirect(from, to.clone(), Cause::Unpublished)).await?;
    }
    store::ending::save(tx, stands.station, stands.id, &ending).await?;
    store::plan::cancel(tx, stands.station, stands.id).await?;
    let story = Story { state: leads(Act::Unpublish, &stands)?, ..stands.clone() };
    settle(tx, errand, Act::Unpublish, stands.state, &story, why).await?;
    Ok(story)
}

fn checked(ending: Ending) -> Result<Ending> {
    Ok(match ending {
        Ending::Gone => Ending::Gone,
        Ending::Redirect { to } => Ending::Redirect { to: target(&to)? },
        Ending::Notice { words } if words.trim().is_empty() => return Err(Error::Incomplete { what: "the notice" }),
        Ending::Notice { words } => Ending::Notice { words: words.trim().to_owned() },
    })
}
