//! Redirects: an address leads elsewhere, in one step and never in a circle.

use station::StationId;
use station::redirect::{Fault, Pattern, Redirect, target};
use store::Tx;

use crate::Result;

/// How many redirects one behind the other are followed before they count as a circle.
const HOPS_MAX: usize = 16;

/// Leads an address elsewhere: where its target (see [`target`]) leads on itself, to its end. What led to the address goes
/// there too. Returns the redirect as it is kept.
pub async fn lead(tx: &mut Tx, station: StationId, redirect: Redirect) -> Result<Redirect> {
    let to = end(tx, station, &redirect.from, target(&redirect.to)?).await?;
    let redirect = Redirect { to, ..redirect };
    store::redirect::save(tx, station, &redirect).await?;
    store::missed::forget(tx, station, &redirect.from.path).await?;
    Ok(redirect)
}

/// Where `to` leads in the end.
async fn end(tx: &mut Tx, station: StationId, from: &Pattern, to: String) -> Result<String> {
    let mut place = to;
    for _ in 0..HOPS_MAX {
        let path = place.strip_suffix("/*").unwrap_or(&place);
        if from.covers(path) {
            break;
        }
        match store::redirect::covering_in(tx, station, path).await? {
            Some(next) => match on(&next, &place) {
                Some(on) => place = on,
                None => return Ok(place),
            },
            None => return Ok(place),
        }
    }
    Err(Fault::Circle(from.to_string()).into())
}

/// Where `next` leads `place` on. What stands for many addresses is led on only by what leads each to its like.
fn on(next: &Redirect, place: &str) -> Option<String> {
    match place.strip_suffix("/*") {
        None => Some(next.target(place)),
        Some(path) if next.from.is_prefix && next.to.ends_with("/*") => Some(format!("{}/*", next.target(path))),
        Some(_) => None,
    }
}
