//! What the schedule is written in: weekly rules, exceptions for one date, broadcasts of their own.

use station::schedule::{Days, Exception, OneOff, Rule};
use station::{OneOffId, ProgrammeId, RuleId, ServiceId, StationId, Timestamp};

use crate::row::Row;
use crate::value::json;
use crate::{Db, Result, Tx};

questions! { "schedule":
    SAVE_RULE = "
        INSERT INTO rule (station, id, service, programme, title, days, start_time, minutes, valid_from, valid_until)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (station, id) DO UPDATE
        SET service = excluded.service, programme = excluded.programme, title = excluded.title, days = excluded.days,
            start_time = excluded.start_time, minutes = excluded.minutes, valid_from = excluded.valid_from,
            valid_until = excluded.valid_until";

    DELETE_RULE = "
        DELETE FROM rule
        WHERE station = $1
          AND id = $2";

    RULES = "
        SELECT station, id, service, programme, title, days, start_time, minutes, valid_from, valid_until
        FROM rule
        WHERE station = $1
        ORDER BY service, valid_from, start_time, id";

    SAVE_EXCEPTION = "
        INSERT INTO rule_exception (station, rule, on_date, change)
        VALUES ($1, $2, $3, $4)
        ON CONFLICT (station, rule, on_date) DO UPDATE
        SET change = excluded.change";

    EXCEPTIONS = "
        SELECT station, rule, on_date, change
        FROM rule_exception
        WHERE station = $1
        ORDER BY rule, on_date";

    SAVE_ONE_OFF = "
        INSERT INTO one_off (station, id, service, programme, title, start_at, end_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (station, id) DO UPDATE
        SET service = excluded.service, programme = excluded.programme, title = excluded.title,
            start_at = excluded.start_at, end_at = excluded.end_at";

    ONE_OFFS = "
        SELECT station, id, service, programme, title, start_at, end_at
        FROM one_off
        WHERE station = $1
          AND end_at > $2
          AND start_at < $3
        ORDER BY start_at, id";
}

/// Saves the rule.
pub async fn save_rule(tx: &mut Tx, rule: &Rule) -> Result<()> {
    tx.execute(
        SAVE_RULE,
        values![
            rule.station,
            rule.id,
            rule.service,
            rule.programme,
            rule.title.as_deref(),
            rule.days.0,
            rule.start.to_string(),
            rule.minutes,
            rule.valid_from.to_string(),
            rule.valid_until.map(|date| date.to_string()),
        ],
    )
    .await?;
    Ok(())
}

/// Takes the rule away, and its exceptions with it.
pub async fn delete_rule(tx: &mut Tx, station: StationId, rule: RuleId) -> Result<()> {
    tx.execute(DELETE_RULE, values![station, rule]).await?;
    Ok(())
}

/// The station's rules, for all its services.
pub async fn rules(db: &Db, station: StationId) -> Result<Vec<Rule>> {
    db.all(RULES, values![station], rule).await
}

/// Saves the exception; it takes the place of another for the same rule and date.
pub async fn save_exception(tx: &mut Tx, exception: &Exception) -> Result<()> {
    let date = exception.date.to_string();
    tx.execute(SAVE_EXCEPTION, values![exception.station, exception.rule, date, json(&exception.change)]).await?;
    Ok(())
}

/// The exceptions to all the station's rules.
pub async fn exceptions(db: &Db, station: StationId) -> Result<Vec<Exception>> {
    db.all(EXCEPTIONS, values![station], exception).await
}

/// Saves the broadcast.
pub async fn save_one_off(tx: &mut Tx, one_off: &OneOff) -> Result<()> {
    tx.execute(
        SAVE_ONE_OFF,
        values![
            one_off.station,
            one_off.id,
            one_off.service,
            one_off.programme,
            one_off.title.as_deref(),
            one_off.start,
            one_off.end,
        ],
    )
    .await?;
    Ok(())
}

/// The station's broadcasts of their own that are on at some moment between `from` and `to`.
pub async fn one_offs(db: &Db, station: StationId, from: Timestamp, to: Timestamp) -> Result<Vec<OneOff>> {
    db.all(ONE_OFFS, values![station, from, to], one_off).await
}

fn rule(row: &Row) -> Result<Rule> {
    Ok(Rule {
        id: RuleId(row.number("id")?),
        station: StationId(row.number("station")?),
        service: ServiceId(row.number("service")?),
        programme: ProgrammeId(row.number("programme")?),
        title: row.maybe_text("title")?,
        days: Days(row.small("days")?),
        start: row.parsed("start_time")?,
        minutes: row.small("minutes")?,
        valid_from: row.parsed("valid_from")?,
        valid_until: row.maybe_parsed("valid_until")?,
    })
}

fn exception(row: &Row) -> Result<Exception> {
    Ok(Exception {
        station: StationId(row.number("station")?),
        rule: RuleId(row.number("rule")?),
        date: row.parsed("on_date")?,
        change: row.json("change")?,
    })
}

fn one_off(row: &Row) -> Result<OneOff> {
    Ok(OneOff {
        id: OneOffId(row.number("id")?),
        station: StationId(row.number("station")?),
        service: ServiceId(row.number("service")?),
        programme: ProgrammeId(row.number("programme")?),
        title: row.maybe_text("title")?,
        start: row.time("start_at")?,
        end: row.time("end_at")?,
    })
}
