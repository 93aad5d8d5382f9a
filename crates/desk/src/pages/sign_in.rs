//! The way in and out: by password and code, by passkey, by a link in a letter.
//!
//! Whether an address has an account is not to be learned here: an unknown one takes as long, counts as much and is
//! answered in the same words.

use std::sync::Arc;
use std::time::Duration;

use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use station::{Account, account};
use store::ticket::Ticket;

use crate::answer::{Answer, Fault};
use crate::cookies::Cookie;
use crate::doer::{self, Deed};
use crate::letters::Letter;
use crate::proof::passkey::{self, Refusal, Shown};
use crate::proof::{code, recovery};
use crate::sessions::{self, SignIn};
use crate::throttle::{Try, Wait};
use crate::tickets::{self, Kind};
use crate::view::Frame;
use crate::visit::{Visit, then};

/// The length of a secret of ours: what else a browser calls its device by is not kept.
const SECRET_LETTERS: usize = 43;

#[derive(Serialize)]
struct View<'a> {
    frame: Frame,
    email: &'a str,
    then: &'a str,
    /// True if they are signed in, and are asked once more.
    is_again: bool,
    /// True if a link can be sent by mail.
    has_letters: bool,
    fault: Option<String>,
    note: Option<&'static str>,
}

/// Says a fault, or that something was done.
#[derive(Default)]
struct Told {
    fault: Option<String>,
    note: Option<&'static str>,
    email: String,
    then: String,
}

pub(crate) async fn show(visit: Arc<Visit>) -> super::Result {
    let is_again = visit.asked("again") == "yes";
    let then = then(visit.asked("then"));
    if visit.visitor.is_some() && !is_again {
        return Ok(Answer::see_other(then));
    }
    let email = visit.visitor.as_ref().map(|visitor| visitor.account.email.clone()).unwrap_or_default();
    Ok(page(&visit, Told { email, then: then.to_owned(), ..Told::default() }))
}

fn page(visit: &Visit, told: Told) -> Answer {
    let frame = Frame { me: None, menu: Vec::new(), ..Frame::new(visit, "Sign in") };
    let view = View {
        frame,
        email: &told.email,
        then: &told.then,
        is_again: visit.visitor.is_some(),
        has_letters: visit.desk.letters.are_sent(),
        fault: told.fault,
        note: told.note,
    };
    Answer::page("sign_in.html", &view)
}

pub(crate) async fn with_password(visit: Arc<Visit>) -> super::Result {
    let form = visit.form()?;
    let email = account::email(form.get("email")).unwrap_or_default();
    let then = then(form.get("then")).to_owned();
    let account = open_account(&visit, &email).await?;
    let known_device = known_device(&visit, account.as_ref()).await?;
    let key = format!("{}/{email}", visit.station.id);
    let a_try = Try { account: &key, network: &visit.network, known_device: known_device.as_deref() };
    let again = |fault: String| {
        page(
            &visit,
            Told { fault: Some(fault), email: form.get("email").to_owned(), then: then.clone(), ..Told::default() },
        )
    };
    if let Err(wait) = visit.desk.throttle.count(a_try, visit.desk.clock.elapsed()) {
        return Ok(again(wait_words(wait)).with_status(StatusCode::TOO_MANY_REQUESTS));
    }
    let proofs = match &account {
        Some(account) => store::account::proofs(visit.db(), visit.station.id, account.id).await?,
        None => None,
    };
    let kept = proofs.as_ref().and_then(|proofs| proofs.password.as_deref());
    let is_right = visit.desk.hasher.is_right(form.whole("password"), kept).await?;
    let Some(account) = account.filter(|_| is_right) else {
        metrics::counter!("groundwave_desk_sign_ins_wrong_total").increment(1);
        let words = "That address and password do not go together. Check both, and try again.";
        return Ok(again(words.to_owned()).with_status(StatusCode::UNPROCESSABLE_ENTITY));
    };
    visit.desk.throttle.forgive(a_try);
    let wants_code = proofs.is_some_and(|proofs| proofs.totp.is_some());
    first_proof(&visit, &account, wants_code, "with a password", &then).await
}

/// After the first proof: in, or on to the second.
async fn first_proof(visit: &Visit, account: &Account, wants_code: bool, by: &str, then: &str) -> super::Result {
    if !wants_code {
        return let_in(visit, account, by, then).await;
    }
    let mut tx = visit.db().begin().await?;
    let halfway = tickets::issue(&mut tx, visit.station.id, Kind::Halfway, Some(account.id), by, visit.now).await?;
    tx.commit().await?;
    let query = url::form_urlencoded::Serializer::new(String::new()).append_pair("then", then).finish();
    let on = Answer::see_other(format!("/sign-in/code?{query}"));
    Ok(on.with_cookie(Cookie::Halfway.set(&halfway, visit.is_https())))
}

pub(crate) async fn show_code(visit: Arc<Visit>) -> super::Result {
    match halfway(&visit).await? {
        Some(_) => Ok(code_page(&visit, then(visit.asked("then")), None)),
        None => Ok(Answer::see_other("/sign-in")),
    }
}

fn code_page(visit: &Visit, then: &str, fault: Option<String>) -> Answer {
    #[derive(Serialize)]
    struct CodeView<'a> {
        frame: Frame,
        then: &'a str,
        fault: Option<String>,
    }
    let frame = Frame { me: None, menu: Vec::new(), ..Frame::new(visit, "One more step") };
    Answer::page("code.html", &CodeView { frame, then, fault })
}

pub(crate) async fn with_code(visit: Arc<Visit>) -> super::Result {
    let form = visit.form()?;
    let then = then(form.get("then"));
    let Some((secret, ticket)) = halfway(&visit).await? else { return Ok(Answer::see_other("/sign-in")) };
    let Some(account) = account_of(&visit, &ticket).await? else { return Ok(Answer::see_other("/sign-in")) };
    let known_device = known_device(&visit, Some(&account)).await?;
    let key = format!("{}/{}/code", visit.station.id, account.id);
    let a_try = Try { account: &key, network: &visit.network, known_device: known_device.as_deref() };
    if let Err(wait) = visit.desk.throttle.count(a_try, visit.desk.clock.elapsed()) {
        return Ok(code_page(&visit, then, Some(wait_words(wait))).with_status(StatusCode::TOO_MANY_REQUESTS));
    }
    let mut tx = visit.db().begin().await?;
    let Some(by) = second_proof(&visit, &mut tx, &account, form.get("code"), &ticket.document).await? else {
        metrics::counter!("groundwave_desk_sign_ins_wrong_total").increment(1);
        let words = "That is not the code of this moment. Wait for the next one, or use a recovery code.";
        return Ok(code_page(&visit, then, Some(words.to_owned())).with_status(StatusCode::UNPROCESSABLE_ENTITY));
    };
    // Of two that come at once, one gets in.
    if tickets::take(&mut tx, visit.station.id, Kind::Halfway, &secret, visit.now).await?.is_none() {
        return Ok(Answer::see_other("/sign-in"));
    }
    tx.commit().await?;
    visit.desk.throttle.forgive(a_try);
    let answer = let_in(&visit, &account, &by, then).await?;
    Ok(answer.with_cookie(Cookie::Halfway.clear(visit.is_https())))
}

/// Uses up the code, if it is right: a one-time code or a recovery code. Returns by what they signed in, in words.
async fn second_proof(
    visit: &Visit,
    tx: &mut store::Tx,
    account: &Account,
    typed: &str,
    by: &str,
) -> Result<Option<String>, Fault> {
    let station = visit.station.id;
    let proofs = store::account::proofs(visit.db(), station, account.id).await?;
    let secret = proofs.and_then(|proofs| proofs.totp);
    if let Some(step) = secret.and_then(|secret| code::step(&secret, typed, visit.now)) {
        let is_new = store::account::use_totp_step(tx, station, account.id, step).await?;
        return Ok(is_new.then(|| format!("{by} and a one-time code")));
    }
    let is_right = store::recovery_code::take(tx, station, account.id, &recovery::sha256(typed)).await?;
    Ok(is_right.then(|| format!("{by} and a recovery code")))
}

pub(crate) async fn send_letter(visit: Arc<Visit>) -> super::Result {
    let form = visit.form()?;
    let told = |fault, note| Told {
        fault,
        note,
        email: form.get("email").to_owned(),
        then: then(form.get("then")).to_owned(),
    };
    if !visit.desk.letters.are_sent() {
        return Err(Fault::NotFound);
    }
    let Some(email) = account::email(form.get("email")) else {
        let words = "That is no mail address. Write it like june@radio.example.";
        return Ok(page(&visit, told(Some(words.to_owned()), None)).with_status(StatusCode::UNPROCESSABLE_ENTITY));
    };
    if let Err(wait) = visit.desk.throttle.count_asking(&visit.network, visit.desk.clock.elapsed()) {
        return Ok(page(&visit, told(Some(wait_words(wait)), None)).with_status(StatusCode::TOO_MANY_REQUESTS));
    }
    // Beside the answer, which therefore takes as long for an address that nobody has. How many there can be at once is
    // bounded by the count above.
    let writer = visit.clone();
    tokio::spawn(async move {
        if let Err(fault) = write_letter(&writer, &email).await {
            tracing::error!(?fault, "a link to sign in with could not be sent");
        }
    });
    let note =
        "If that address has an account, a letter is on its way. The link in it is good for fifteen minutes, once.";
    Ok(page(&visit, told(None, Some(note))))
}

async fn write_letter(visit: &Visit, email: &str) -> Result<(), Fault> {
    let Some(account) = open_account(visit, email).await? else { return Ok(()) };
    let key = format!("{}/{}", visit.station.id, account.id);
    if visit.desk.throttle.count_letter(&key, visit.desk.clock.elapsed()).is_err() {
        return Ok(());
    }
    let mut tx = visit.db().begin().await?;
    let secret = tickets::issue_instead(&mut tx, visit.station.id, Kind::Letter, Some(account.id), visit.now).await?;
    tx.commit().await?;
    let (name, station) = (&account.name, &visit.station.name);
    let link = visit.absolute(&format!("/sign-in/letter/{secret}"));
    visit.desk.letters.send(Letter {
        to: account.email.clone(),
        subject: format!("Sign in to the desk of {station}"),
        words: format!(
            "Hello {name},\n\nopen this address to sign in to the desk of {station}:\n\n{link}\n\nIt is good once, for fifteen minutes. If you did not ask for it, do nothing: without it nobody gets in.\n"
        ),
    });
    Ok(())
}

pub(crate) async fn show_letter(visit: Arc<Visit>) -> super::Result {
    #[derive(Serialize)]
    struct LetterView<'a> {
        frame: Frame,
        name: &'a str,
        ticket: &'a str,
    }
    let ticket = tickets::look(visit.db(), visit.station.id, Kind::Letter, visit.word(0), visit.now).await?;
    let account = match ticket {
        Some(ticket) => account_of(&visit, &ticket).await?,
        None => None,
    };
    let Some(account) = account else { return Ok(used_up(&visit)) };
    let frame = Frame { me: None, menu: Vec::new(), ..Frame::new(&visit, "Sign in") };
    Ok(Answer::page("letter.html", &LetterView { frame, name: &account.name, ticket: visit.word(0) }))
}

pub(crate) async fn with_letter(visit: Arc<Visit>) -> super::Result {
    let mut tx = visit.db().begin().await?;
    let ticket = tickets::take(&mut tx, visit.station.id, Kind::Letter, visit.word(0), visit.now).await?;
    tx.commit().await?;
    let account = match ticket {
        Some(ticket) => account_of(&visit, &ticket).await?,
        None => None,
    };
    let Some(account) = account else { return Ok(used_up(&visit)) };
    let proofs = store::account::proofs(visit.db(), visit.station.id, account.id).await?;
    let wants_code = proofs.is_some_and(|proofs| proofs.totp.is_some());
    first_proof(&visit, &account, wants_code, "by a link in a letter", "/").await
}

/// A link that is not good any more.
pub(super) fn used_up(visit: &Visit) -> Answer {
    let words = "That link has been used, or its time is over. Sign in here, or ask for a new one.";
    page(visit, Told { fault: Some(words.to_owned()), ..Told::default() }).with_status(StatusCode::GONE)
}

pub(crate) async fn challenge(visit: Arc<Visit>) -> super::Result {
    if let Err(wait) = visit.desk.throttle.count_asking(&visit.network, visit.desk.clock.elapsed()) {
        return Ok(refused(&wait_words(wait)).with_status(StatusCode::TOO_MANY_REQUESTS));
    }
    let mut tx = visit.db().begin().await?;
    let challenge = tickets::issue(&mut tx, visit.station.id, Kind::Challenge, None, "", visit.now).await?;
    tx.commit().await?;
    let party = visit.desk.settings.party(&visit.station);
    Ok(Answer::json(json!({ "challenge": challenge, "party": party.id })))
}

pub(crate) async fn with_passkey(visit: Arc<Visit>) -> super::Result {
    let shown: Shown = visit.json()?;
    let then = then(visit.asked("then"));
    match check_passkey(&visit, &shown).await? {
        Ok((account, passkey, uses)) => {
            let mut tx = visit.db().begin().await?;
            if !store::passkey::note_use(&mut tx, &passkey, uses, visit.now).await? {
                return Ok(refused(&Refusal::Copied.to_string()));
            }
            tx.commit().await?;
            let answer = let_in(&visit, &account, "with a passkey", then).await?;
            // The browser's script goes on by itself; what the answer has for it are the cookies.
            Ok(Answer { cookies: answer.cookies, ..Answer::json(json!({ "to": then })) })
        }
        Err(refusal) => {
            metrics::counter!("groundwave_desk_sign_ins_wrong_total").increment(1);
            Ok(refused(&format!("That passkey was not taken: {refusal}.")))
        }
    }
}

/// The account whose passkey was shown, with the passkey, and how often that now counts itself used.
async fn check_passkey(
    visit: &Visit,
    shown: &Shown,
) -> Result<Result<(Account, store::passkey::Passkey, i64), Refusal>, Fault> {
    let station = visit.station.id;
    let challenge = match passkey::challenge(&shown.client_data) {
        Ok(challenge) => challenge,
        Err(refusal) => return Ok(Err(refusal)),
    };
    // Used up whatever comes of it: a challenge is answered once.
    let mut tx = visit.db().begin().await?;
    let ticket = tickets::take(&mut tx, station, Kind::Challenge, &challenge, visit.now).await?;
    tx.commit().await?;
    if ticket.is_none() {
        return Ok(Err(Refusal::Late));
    }
    let Some(kept) = store::passkey::by_id(visit.db(), station, &shown.id).await? else {
        return Ok(Err(Refusal::NotKept));
    };
    let account = store::account::by_id(visit.db(), station, kept.account).await?.filter(Account::is_open);
    let Some(account) = account else { return Ok(Err(Refusal::NotKept)) };
    let party = visit.desk.settings.party(&visit.station);
    Ok(passkey::check(&party, shown, &kept).map(|uses| (account, kept, uses)))
}

pub(crate) async fn out(visit: Arc<Visit>) -> super::Result {
    let visitor = visit.visitor();
    let mut tx = visit.db().begin().await?;
    store::session::end(&mut tx, visit.station.id, visitor.account.id, visitor.session.id).await?;
    let deed = Deed { act: "signed-out", subject: String::new(), words: "signed out" };
    doer::note(&mut tx, visit.station.id, &visitor.doer(), deed, visit.now).await?;
    tx.commit().await?;
    let answer = super::done("/sign-in", "signed-out");
    Ok(answer.with_cookie(Cookie::Session.clear(visit.is_https())))
}

/// Begins a session in place of the one that this browser had.
pub(super) async fn let_in(visit: &Visit, account: &Account, by: &str, then: &str) -> super::Result {
    let device = visit.device();
    let known_device = visit.cookie(Cookie::Device).filter(|mark| mark.len() == SECRET_LETTERS);
    let mut tx = visit.db().begin().await?;
    if let Some(before) = &visit.visitor {
        store::session::end(&mut tx, visit.station.id, before.account.id, before.session.id).await?;
    }
    let signed_in = sessions::begin(&mut tx, SignIn { account, by, device: &device, known_device }, visit.now).await?;
    tx.commit().await?;
    let answer = Answer::see_other(then).with_cookie(Cookie::Session.set(&signed_in.session, visit.is_https()));
    Ok(answer.with_cookie(Cookie::Device.set(&signed_in.device, visit.is_https())))
}

async fn open_account(visit: &Visit, email: &str) -> Result<Option<Account>, Fault> {
    Ok(store::account::by_email(visit.db(), visit.station.id, email).await?.filter(Account::is_open))
}

async fn account_of(visit: &Visit, ticket: &Ticket) -> Result<Option<Account>, Fault> {
    let Some(id) = ticket.account else { return Ok(None) };
    Ok(store::account::by_id(visit.db(), visit.station.id, id).await?.filter(Account::is_open))
}

/// The device's mark, if this account has signed in on it before.
async fn known_device(visit: &Visit, account: Option<&Account>) -> Result<Option<String>, Fault> {
    let (Some(account), Some(mark)) = (account, visit.cookie(Cookie::Device)) else { return Ok(None) };
    let is_known = sessions::is_known_device(visit.db(), &visit.station, account.id, &mark).await?;
    Ok(is_known.then_some(mark))
}

async fn halfway(visit: &Visit) -> Result<Option<(String, Ticket)>, Fault> {
    let Some(secret) = visit.cookie(Cookie::Halfway) else { return Ok(None) };
    let ticket = tickets::look(visit.db(), visit.station.id, Kind::Halfway, &secret, visit.now).await?;
    Ok(ticket.map(|ticket| (secret, ticket)))
}

/// Why the browser's script does not get what it asked for.
pub(super) fn refused(words: &str) -> Answer {
    Answer::json(json!({ "error": words })).with_status(StatusCode::UNPROCESSABLE_ENTITY)
}

fn wait_words(Wait(left): Wait) -> String {
    let minutes = left.as_secs().div_ceil(Duration::from_secs(60).as_secs()).max(1);
    let minutes = if minutes == 1 { "a minute".to_owned() } else { format!("{minutes} minutes") };
    format!("There were too many tries. Wait {minutes}, or sign in with a passkey.")
}
