//! Roles of a station's own, and who was given which role where.
//!
//! The roles that every station begins with stand in [`station::role::presets`]; [`all`] has them too.

use std::collections::BTreeSet;

use station::role::{Scope, presets};
use station::{AccountId, Grant, Permission, Role, StationId};

use crate::row::Row;
use crate::value::json;
use crate::{Db, Error, Result, Tx};

questions! { "role":
    SAVE = "
        INSERT INTO role (station, slug, title, teaser, permissions)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (station, slug) DO UPDATE
        SET title = excluded.title, teaser = excluded.teaser, permissions = excluded.permissions";

    OWN = "
        SELECT slug, title, teaser, permissions
        FROM role
        WHERE station = $1
        ORDER BY slug";

    GRANTS = "
        SELECT station, account, role, scope
        FROM granted
        WHERE station = $1
        ORDER BY account, role, scope";

    GRANTS_OF = "
        SELECT station, account, role, scope
        FROM granted
        WHERE station = $1
          AND account = $2
        ORDER BY role, scope";

    GIVE = "
        INSERT INTO granted (station, account, role, scope)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (station, account, role, scope) DO NOTHING";

    TAKE = "
        DELETE FROM granted
        WHERE station = $1
          AND account = $2
          AND role = $3
          AND scope = $4";
}

/// Saves a role of the station's own.
pub async fn save(tx: &mut Tx, station: StationId, role: &Role) -> Result<()> {
    tx.execute(SAVE, values![station, &role.slug, &role.title, &role.teaser, json(&role.permissions)]).await?;
    Ok(())
}

/// The roles that can be given: those that every station has, then its own by name.
pub async fn all(db: &Db, station: StationId) -> Result<Vec<Role>> {
    Ok(with_presets(db.all(OWN, values![station], read).await?))
}

/// The same, as the transaction sees them.
pub async fn all_in(tx: &mut Tx, station: StationId) -> Result<Vec<Role>> {
    let own: Result<Vec<Role>> = tx.rows(OWN, values![station]).await?.iter().map(read).collect();
    Ok(with_presets(own?))
}

/// Every grant of the station.
pub async fn grants(db: &Db, station: StationId) -> Result<Vec<Grant>> {
    db.all(GRANTS, values![station], grant).await
}

/// The same, as the transaction sees them.
pub async fn grants_in(tx: &mut Tx, station: StationId) -> Result<Vec<Grant>> {
    tx.rows(GRANTS, values![station]).await?.iter().map(grant).collect()
}

/// What an account was given.
pub async fn grants_of(db: &Db, station: StationId, account: AccountId) -> Result<Vec<Grant>> {
    db.all(GRANTS_OF, values![station, account], grant).await
}

/// Gives a role. False if it was given before.
pub async fn give(tx: &mut Tx, grant: &Grant) -> Result<bool> {
    let values = values![grant.station, grant.account, &grant.role, grant.scope.name()];
    Ok(tx.execute(GIVE, values).await? == 1)
}

/// Takes a role back. False if it was not given.
pub async fn take(tx: &mut Tx, grant: &Grant) -> Result<bool> {
    let values = values![grant.station, grant.account, &grant.role, grant.scope.name()];
    Ok(tx.execute(TAKE, values).await? == 1)
}

/// A preset cannot be written over: whoever could, could make themselves anything.
fn with_presets(own: Vec<Role>) -> Vec<Role> {
    let mut roles = presets();
    let new = own.into_iter().filter(|role| roles.iter().all(|preset| preset.slug != role.slug)).collect::<Vec<_>>();
    roles.extend(new);
    roles
}

fn read(row: &Row) -> Result<Role> {
    // A permission that this version does not know gives nothing.
    let names: Vec<String> = row.json("permissions")?;
    let permissions: BTreeSet<Permission> = names.iter().filter_map(|name| Permission::parse(name)).collect();
    Ok(Role { slug: row.slug("slug")?, title: row.text("title")?, teaser: row.text("teaser")?, permissions })
}

fn grant(row: &Row) -> Result<Grant> {
    let scope = row.text("scope")?;
    Ok(Grant {
        station: StationId(row.number("station")?),
        account: AccountId(row.number("account")?),
        role: row.slug("role")?,
        scope: Scope::parse(&scope).ok_or_else(|| Error::corrupt("scope", format!("`{scope}` is no scope")))?,
    })
}
