//! Roles: what each lets somebody do, and making one of the station's own.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::StatusCode;
use serde::Serialize;
use station::role::{Powers, presets};
use station::{Permission, Role, Slug, account};

use crate::answer::{Answer, Fault};
use crate::doer::{self, Deed};
use crate::view::Frame;
use crate::visit::Visit;

use super::done;

/// The longest sentence about a role, in characters.
const TEASER_CHARACTERS_MAX: usize = 200;

#[derive(Serialize)]
struct View {
    frame: Frame,
    roles: Vec<Line>,
    permissions: Vec<Choice>,
    can_save: bool,
    fault: Option<&'static str>,
}

#[derive(Serialize)]
struct Line {
    title: String,
    teaser: String,
    is_own: bool,
    may: Vec<&'static str>,
}

#[derive(Serialize)]
struct Choice {
    name: &'static str,
    words: &'static str,
    /// True if the visitor has it and so may give it.
    can_give: bool,
}

pub(crate) async fn show(visit: Arc<Visit>) -> super::Result {
    page(&visit, None).await
}

async fn page(visit: &Visit, fault: Option<&'static str>) -> super::Result {
    let preset = presets();
    let roles = store::role::all(visit.db(), visit.station.id).await?;
    let view = View {
        frame: Frame::new(visit, "Roles"),
        roles: roles
            .into_iter()
            .map(|role| Line {
                is_own: preset.iter().all(|preset| preset.slug != role.slug),
                title: role.title,
                teaser: role.teaser,
                may: role.permissions.iter().map(|permission| permission.words()).collect(),
            })
            .collect(),
        permissions: Permission::ALL
            .iter()
            .map(|permission| Choice {
                name: permission.as_str(),
                words: permission.words(),
                can_give: visit.powers().may_everywhere(*permission),
            })
            .collect(),
        can_save: visit.powers().may_everywhere(Permission::ManageAccounts),
        fault,
    };
    let answer = Answer::page("roles.html", &view);
    Ok(if fault.is_some() { answer.with_status(StatusCode::UNPROCESSABLE_ENTITY) } else { answer })
}

/// Saves a role of the station's own. Whoever changes a role changes what others may do; so they must have all that it
/// gives, before and after.
pub(crate) async fn save(visit: Arc<Visit>) -> super::Result {
    let form = visit.form()?;
    let (Some(title), teaser) = (account::name(form.get("title")), form.get("teaser")) else {
        return page(&visit, Some("Give the role a name of one line.")).await;
    };
    let slug = Slug::from_headline(&title, "role");
    if presets().iter().any(|preset| preset.slug == slug) {
        return page(&visit, Some("A role of that name is there already, and stays as it is. Choose another name."))
            .await;
    }
    let permissions: BTreeSet<Permission> = form.all("permission").filter_map(Permission::parse).collect();
    if permissions.is_empty() {
        return page(&visit, Some("Choose at least one thing that the role lets somebody do.")).await;
    }
    let teaser = teaser.chars().filter(|letter| !letter.is_control()).take(TEASER_CHARACTERS_MAX).collect();
    let role = Role { slug, title, teaser, permissions };
    let mut tx = visit.db().begin().await?;
    let before =
        store::role::all_in(&mut tx, visit.station.id).await?.into_iter().find(|known| known.slug == role.slug);
    if [Some(&role), before.as_ref()].into_iter().flatten().any(|role| !has_all(visit.powers(), role)) {
        return Err(Fault::NotAllowed);
    }
    store::role::save(&mut tx, visit.station.id, &role).await?;
    let words = format!("saved the role {}", role.title);
    let deed = Deed { act: "role-saved", subject: role.slug.to_string(), words: &words };
    doer::note(&mut tx, visit.station.id, &visit.visitor().doer(), deed, visit.now).await?;
    tx.commit().await?;
    Ok(done("/roles", "role-saved"))
}

fn has_all(powers: &Powers, role: &Role) -> bool {
    let wanted = role.permissions.iter().chain([&Permission::ManageAccounts]);
    wanted.into_iter().all(|permission| powers.may_everywhere(*permission))
}
