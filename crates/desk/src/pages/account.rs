//! One's own account: name, password, passkeys, one-time codes, and where one is signed in.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use qrcodegen::{QrCode, QrCodeEcc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use station::{Account, SessionId, account};
use store::Tx;
use store::passkey::Passkey;

use crate::accounts::Register;
use crate::answer::{Answer, Fault};
use crate::doer::{self, Deed};
use crate::proof::passkey::{self, ALGORITHMS, New};
use crate::proof::{code, password, recovery};
use crate::tickets::{self, Kind};
use crate::view::{Frame, Moment, Times};
use crate::visit::Visit;

use super::{done, people, sign_in};

/// How many passkeys one account may have.
const PASSKEYS_MAX: usize = 20;
/// The longest name of a passkey, in characters.
const PASSKEY_NAME_CHARACTERS_MAX: usize = 60;
/// How many letters the secret of one-time codes has.
const CODE_SECRET_LETTERS: usize = 32;

#[derive(Serialize)]
struct View {
    frame: Frame,
    name: String,
    email: String,
    roles: Vec<String>,
    has_password: bool,
    has_codes: bool,
    recovery_codes: usize,
    passkeys: Vec<PasskeyLine>,
    sessions: Vec<SessionLine>,
    characters_min: usize,
    /// True if they signed in a short while ago.
    is_fresh: bool,
    fault: Option<String>,
}

#[derive(Serialize)]
struct PasskeyLine {
    id: String,
    name: String,
    made: Moment,
    used: Option<Moment>,
}

#[derive(Serialize)]
struct SessionLine {
    id: i64,
    device: String,
    began: Moment,
    seen: Moment,
    is_this: bool,
}

pub(crate) async fn show(visit: Arc<Visit>) -> super::Result {
    page(&visit, None).await
}

async fn page(visit: &Visit, fault: Option<String>) -> super::Result {
    let (visitor, db, station) = (visit.visitor(), visit.db(), visit.station.id);
    let id = visitor.account.id;
    let times = Times::new(&visit.station, visit.now);
    let proofs = store::account::proofs(db, station, id).await?.ok_or(Fault::NotFound)?;
    let register = Register::read(db, station).await?;
    let places = people::Places::read(visit).await?;
    let passkeys = store::passkey::of_account(db, station, id).await?;
    let sessions = store::session::of_account(db, station, id).await?;
    let view = View {
        frame: Frame::new(visit, "Your account"),
        name: visitor.account.name.clone(),
        email: visitor.account.email.clone(),
        roles: register.held_by(id).map(|(grant, role)| places.title(role, &grant.scope)).collect(),
        has_password: proofs.password.is_some(),
        has_codes: proofs.totp.is_some(),
        recovery_codes: store::recovery_code::left(db, station, id).await?.len(),
        passkeys: passkeys
            .into_iter()
            .map(|passkey| PasskeyLine {
                id: passkey.id,
                name: passkey.name,
                made: times.say(passkey.made_at),
                used: passkey.used_at.map(|at| times.say(at)),
            })
            .collect(),
        sessions: sessions
            .into_iter()
            .filter(|session| visit.now < session.ends_at)
            .map(|session| SessionLine {
                id: session.id.0,
                device: session.device,
                began: times.say(session.began_at),
                seen: times.say(session.seen_at),
                is_this: session.id == visitor.session.id,
            })
            .collect(),
        characters_min: password::CHARACTERS_MIN,
        is_fresh: visitor.is_fresh,
        fault,
    };
    let answer = Answer::page("account.html", &view);
    Ok(if view.fault.is_some() { answer.with_status(StatusCode::UNPROCESSABLE_ENTITY) } else { answer })
}

pub(crate) async fn rename(visit: Arc<Visit>) -> super::Result {
    let Some(name) = account::name(visit.form()?.get("name")) else {
        return page(&visit, Some("A name is one line, and not empty.".to_owned())).await;
    };
    let mut tx = visit.db().begin().await?;
    let account = own(&visit, &mut tx).await?;
    let words = format!("changed their name to {name}");
    store::account::save(&mut tx, &Account { name, ..account }).await?;
    note(&visit, &mut tx, "name-changed", &words).await?;
    tx.commit().await?;
    Ok(done("/account", "name-changed"))
}

pub(crate) async fn set_password(visit: Arc<Visit>) -> super::Result {
    let form = visit.form()?;
    let account = &visit.visitor().account;
    let chosen = form.whole("password");
    if let Err(weakness) = password::check(chosen, &[&account.name, &account.email, &visit.station.name]) {
        return page(&visit, Some(weakness.to_string())).await;
    }
    let hash = visit.desk.hasher.hash(chosen).await?;
    let mut tx = visit.db().begin().await?;
    store::account::set_password(&mut tx, visit.station.id, account.id, Some(&hash)).await?;
    end_others(&visit, &mut tx).await?;
    // What was sent by mail before was sent to whoever may have read the old password.
    tickets::void(&mut tx, visit.station.id, Kind::Letter, Some(account.id)).await?;
    tickets::void(&mut tx, visit.station.id, Kind::Halfway, Some(account.id)).await?;
    note(&visit, &mut tx, "password-set", "set a new password").await?;
    tx.commit().await?;
    Ok(done("/account", "password-set"))
}

pub(crate) async fn show_codes(visit: Arc<Visit>) -> super::Result {
    Ok(codes_page(&visit, &code::mint(), None))
}

fn codes_page(visit: &Visit, secret: &str, fault: Option<&str>) -> Answer {
    #[derive(Serialize)]
    struct CodesView<'a> {
        frame: Frame,
        secret: &'a str,
        spaced: String,
        address: &'a str,
        /// The QR code: its side in modules, and the path that draws it.
        side: i32,
        drawing: String,
        fault: Option<&'a str>,
    }
    let address = code::address(secret, &visit.station.name, &visit.visitor().account.email);
    let (side, drawing) = draw(&address);
    let frame = Frame::new(visit, "One-time codes");
    let view = CodesView { frame, secret, spaced: code::spaced(secret), address: &address, side, drawing, fault };
    Answer::page("codes.html", &view)
}

/// A QR code as an SVG path of unit squares.
fn draw(text: &str) -> (i32, String) {
    // The longest address (name and mail address at their longest) fits a code of a quarter of the largest size.
    let code = QrCode::encode_text(text, QrCodeEcc::Low).expect("an address of codes fits a QR code");
    let modules = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
    let dark = modules.filter(|(x, y)| code.get_module(*x, *y));
    (code.size(), dark.map(|(x, y)| format!("M{x} {y}h1v1h-1z")).collect())
}

/// Turns codes on. The secret comes back with the form, so that looking at the page changes nothing: whoever is signed in
/// may choose their own secret, and nobody else can send the form.
pub(crate) async fn start_codes(visit: Arc<Visit>) -> super::Result {
    let form = visit.form()?;
    let secret = form.get("secret");
    let step = code::step(secret, form.get("code"), visit.now).filter(|_| secret.len() == CODE_SECRET_LETTERS);
    let Some(step) = step else {
        let fault = "That is not the code of this moment. Check the clock of your phone, and type the next one.";
        let secret = if secret.len() == CODE_SECRET_LETTERS { secret.to_owned() } else { code::mint() };
        return Ok(codes_page(&visit, &secret, Some(fault)).with_status(StatusCode::UNPROCESSABLE_ENTITY));
    };
    let id = visit.visitor().account.id;
    let mut tx = visit.db().begin().await?;
    store::account::set_totp(&mut tx, visit.station.id, id, Some(secret), step).await?;
    let codes = new_recovery_codes(&visit, &mut tx).await?;
    note(&visit, &mut tx, "codes-started", "turned on one-time codes").await?;
    tx.commit().await?;
    Ok(recovery_page(&visit, codes, Some("One-time codes are on. You will be asked for one after your password.")))
}

pub(crate) async fn stop_codes(visit: Arc<Visit>) -> super::Result {
    let id = visit.visitor().account.id;
    let mut tx = visit.db().begin().await?;
    store::account::set_totp(&mut tx, visit.station.id, id, None, 0).await?;
    store::recovery_code::replace(&mut tx, visit.station.id, id, &[], visit.now).await?;
    note(&visit, &mut tx, "codes-stopped", "turned off one-time codes").await?;
    tx.commit().await?;
    Ok(done("/account", "codes-stopped"))
}

pub(crate) async fn make_recovery_codes(visit: Arc<Visit>) -> super::Result {
    let proofs = store::account::proofs(visit.db(), visit.station.id, visit.visitor().account.id).await?;
    if proofs.is_none_or(|proofs| proofs.totp.is_none()) {
        return Err(Fault::NotFound);
    }
    let mut tx = visit.db().begin().await?;
    let codes = new_recovery_codes(&visit, &mut tx).await?;
    note(&visit, &mut tx, "recovery-codes-made", "made new recovery codes").await?;
    tx.commit().await?;
    Ok(recovery_page(&visit, codes, None))
}

async fn new_recovery_codes(visit: &Visit, tx: &mut Tx) -> store::Result<Vec<String>> {
    let codes = recovery::mint();
    let kept: Vec<String> = codes.iter().map(|code| recovery::sha256(code)).collect();
    store::recovery_code::replace(tx, visit.station.id, visit.visitor().account.id, &kept, visit.now).await?;
    Ok(codes)
}

fn recovery_page(visit: &Visit, codes: Vec<String>, said: Option<&'static str>) -> Answer {
    #[derive(Serialize)]
    struct RecoveryView {
        frame: Frame,
        codes: Vec<String>,
    }
    let frame = Frame { said, ..Frame::new(visit, "Recovery codes") };
    Answer::page("recovery_codes.html", &RecoveryView { frame, codes })
}

pub(crate) async fn challenge(visit: Arc<Visit>) -> super::Result {
    let (account, station) = (&visit.visitor().account, visit.station.id);
    let mut tx = visit.db().begin().await?;
    let challenge = tickets::issue(&mut tx, station, Kind::NewPasskey, Some(account.id), "", visit.now).await?;
    tx.commit().await?;
    let known = store::passkey::of_account(visit.db(), station, account.id).await?;
    Ok(Answer::json(json!({
        "challenge": challenge,
        "party": visit.desk.settings.party(&visit.station).id,
        "station": visit.station.name,
        // Nothing that says who it is leaves with a passkey but what its owner sees anyway.
        "user": URL_SAFE_NO_PAD.encode(account.id.0.to_be_bytes()),
        "email": account.email,
        "name": account.name,
        "algorithms": ALGORITHMS,
        "known": known.into_iter().map(|passkey| passkey.id).collect::<Vec<_>>(),
    })))
}

/// What the browser's script sends of a new passkey.
#[derive(Deserialize)]
struct Named {
    name: String,
    #[serde(flatten)]
    new: New,
}

pub(crate) async fn add_passkey(visit: Arc<Visit>) -> super::Result {
    let Named { name, new } = visit.json()?;
    let (account, station) = (&visit.visitor().account, visit.station.id);
    let made = match register(&visit, &new).await? {
        Ok(made) => made,
        Err(refusal) => return Ok(sign_in::refused(&format!("The passkey was not added: {refusal}."))),
    };
    if store::passkey::of_account(visit.db(), station, account.id).await?.len() >= PASSKEYS_MAX {
        return Ok(sign_in::refused("There is no room for another passkey. Remove one first."));
    }
    let name = passkey_name(&name).unwrap_or_else(|| visit.device());
    let words = format!("added the passkey “{name}”");
    let passkey = Passkey {
        id: made.id,
        station,
        account: account.id,
        name,
        public_key: made.public_key,
        algorithm: made.algorithm,
        uses: made.uses,
        made_at: visit.now,
        used_at: None,
    };
    let mut tx = visit.db().begin().await?;
    match store::passkey::add(&mut tx, &passkey).await {
        Err(store::Error::Taken { .. }) => return Ok(sign_in::refused("This passkey is here already.")),
        added => added?,
    }
    note(&visit, &mut tx, "passkey-added", &words).await?;
    tx.commit().await?;
    Ok(Answer::json(json!({ "to": "/account?said=passkey-added" })))
}

async fn register(visit: &Visit, new: &New) -> Result<Result<passkey::Made, passkey::Refusal>, Fault> {
    let challenge = match passkey::challenge(&new.client_data) {
        Ok(challenge) => challenge,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let mut tx = visit.db().begin().await?;
    let ticket = tickets::take(&mut tx, visit.station.id, Kind::NewPasskey, &challenge, visit.now).await?;
    tx.commit().await?;
    if ticket.and_then(|ticket| ticket.account) != Some(visit.visitor().account.id) {
        return Ok(Err(passkey::Refusal::Late));
    }
    Ok(passkey::register(&visit.desk.settings.party(&visit.station), new))
}

fn passkey_name(typed: &str) -> Option<String> {
    account::name(typed).map(|name| name.chars().take(PASSKEY_NAME_CHARACTERS_MAX).collect())
}

pub(crate) async fn remove_passkey(visit: Arc<Visit>) -> super::Result {
    let form = visit.form()?;
    let id = visit.visitor().account.id;
    let passkeys = store::passkey::of_account(visit.db(), visit.station.id, id).await?;
    let passkey = passkeys.into_iter().find(|passkey| passkey.id == form.get("passkey")).ok_or(Fault::NotFound)?;
    let mut tx = visit.db().begin().await?;
    if store::passkey::remove(&mut tx, visit.station.id, id, &passkey.id).await? {
        note(&visit, &mut tx, "passkey-removed", &format!("removed the passkey “{}”", passkey.name)).await?;
    }
    tx.commit().await?;
    Ok(done("/account", "passkey-removed"))
}

pub(crate) async fn end_session(visit: Arc<Visit>) -> super::Result {
    let id = visit.form()?.get("session").parse().map(SessionId).map_err(|_| Fault::NotFound)?;
    let mut tx = visit.db().begin().await?;
    if !store::session::end(&mut tx, visit.station.id, visit.visitor().account.id, id).await? {
        return Err(Fault::NotFound);
    }
    note(&visit, &mut tx, "session-ended", "signed another device out").await?;
    tx.commit().await?;
    Ok(done("/account", "session-ended"))
}

pub(crate) async fn end_other_sessions(visit: Arc<Visit>) -> super::Result {
    let mut tx = visit.db().begin().await?;
    end_others(&visit, &mut tx).await?;
    note(&visit, &mut tx, "sessions-ended", "signed every other device out").await?;
    tx.commit().await?;
    Ok(done("/account", "sessions-ended"))
}

/// Ends all sessions but this one, and forgets the devices that were known.
async fn end_others(visit: &Visit, tx: &mut Tx) -> store::Result<()> {
    let visitor = visit.visitor();
    store::session::end_others(tx, visit.station.id, visitor.account.id, Some(visitor.session.id)).await?;
    store::device::forget(tx, visit.station.id, visitor.account.id).await
}

/// One's own account as it is now, held until the transaction ends.
async fn own(visit: &Visit, tx: &mut Tx) -> super::Result<Account> {
    let account = store::account::by_id_in(tx, visit.station.id, visit.visitor().account.id).await?;
    account.ok_or(Fault::NotFound)
}

async fn note(visit: &Visit, tx: &mut Tx, act: &str, words: &str) -> store::Result<()> {
    let deed = Deed { act, subject: String::new(), words };
    doer::note(tx, visit.station.id, &visit.visitor().doer(), deed, visit.now).await
}
