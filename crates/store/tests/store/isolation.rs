//! No question crosses from one station to another.
//!
//! Two stations have the same ids, slugs, paths and external ids in everything; whatever belongs to one says its name.
//! Every reading function is asked for each of them, and each answer must speak of that station alone. A check against
//! the source holds the list complete: a function that reads and is not here fails the test.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;

use station::event::Revision;
use station::{Event, Station};
use store::Db;
use store::story::Sought;

use crate::sample::{self, ACCOUNT, EPISODE, ORIGIN, PERSON, PIECE, PROGRAMME, RULE, SERVICE, STORY, STORY_DATE, at};

/// Reads whose answers are not of one station, each with the reason.
const NOT_OF_A_STATION: &[(&str, &str)] = &[
    ("change::heads", "the courier follows every station"),
    ("owner::get", "what the outside world says of itself"),
    ("station::all", "the program starts all its stations"),
];

/// Reads that answer yes or no.
const WITHOUT_A_NAME: &[&str] = &["episode::slug_is_free_in", "person::slug_is_free_in", "story::slug_is_free_in"];

/// Answers that have no name in them, and what they are where no other station's rows are counted or looked at.
fn nameless(station: &Station) -> [(&'static str, String); 3] {
    [
        ("plan::next", format!("{:?}", Some(sample::plan(station).due_at))),
        ("plan::due", format!("{:?}", [STORY])),
        ("redirect::count", "1".to_owned()),
    ]
}

/// What every reading function answers when it is asked for `station`, by the function's name.
async fn everything_of(db: &Db, station: &Station) -> BTreeMap<&'static str, String> {
    let id = station.id;
    let (from, to) = (at("2026-11-24T00:00:00Z"), at("2026-11-25T00:00:00Z"));
    let noon = at("2026-11-24T12:00:00Z");
    let mut tx = db.begin().await.unwrap();
    let news = sample::slug("news");
    let answers = [
        answer("change::after", store::change::after(db, id, Revision(0), 99).await),
        answer("station::by_host", store::station::by_host(db, &station.host_names[0]).await),
        answer("station::by_slug", store::station::by_slug(db, station.slug.as_str()).await),
        answer("section::all", store::section::all(db, id).await),
        answer("section::by_slug", store::section::by_slug(db, id, "news").await),
        answer("service::all", store::service::all(db, id).await),
        answer("service::by_slug", store::service::by_slug(db, id, "talk").await),
        answer("programme::all", store::programme::all(db, id).await),
        answer("programme::by_slug", store::programme::by_slug(db, id, "the-morning").await),
        answer("programme::by_id", store::programme::by_id(db, id, PROGRAMME).await),
        answer("person::all", store::person::all(db, id).await),
        answer("person::by_slug", store::person::by_slug(db, id, "jo-birch").await),
        answer("person::by_id", store::person::by_id(db, id, PERSON).await),
        answer("person::by_external", store::person::by_external(db, id, "cds", "bio-1").await),
        answer("person::by_external_in", store::person::by_external_in(&mut tx, id, "cds", "bio-1").await),
        answer("person::slug_is_free_in", store::person::slug_is_free_in(&mut tx, id, &sample::slug("jo-birch")).await),
        answer("story::by_path", store::story::by_path(db, id, "news", STORY_DATE, "the-river-rises").await),
        answer("story::by_id", store::story::by_id(db, id, STORY).await),
        answer("story::by_id_in", store::story::by_id_in(&mut tx, id, STORY).await),
        answer("story::by_external", store::story::by_external(db, id, "cds", "story-1").await),
        answer("story::by_external_in", store::story::by_external_in(&mut tx, id, "cds", "story-1").await),
        answer(
            "story::slug_is_free_in",
            store::story::slug_is_free_in(&mut tx, id, &news, STORY_DATE, &sample::slug("the-river-rises")).await,
        ),
        answer("story::latest", store::story::latest(db, id, None, 99).await),
        answer("story::latest_in_section", store::story::latest_in_section(db, id, "news", None, 99).await),
        answer("story::by_person", store::story::by_person(db, id, PERSON, None, 99).await),
        answer("story::list_for_desk", store::story::list_for_desk(db, id, &Sought::default(), None, 99).await),
        answer("story::history", store::story::history(db, id, STORY, 99).await),
        answer("draft::by_story", store::draft::by_story(db, id, STORY).await),
        answer("draft::by_story_in", store::draft::by_story_in(&mut tx, id, STORY).await),
        answer("draft::lock", store::draft::lock(db, id, STORY).await),
        answer("draft::lock_in", store::draft::lock_in(&mut tx, id, STORY).await),
        answer("draft::answered_in", store::draft::answered_in(&mut tx, id, STORY, "save").await),
        answer("revision::list", store::revision::list(db, id, STORY, None, 99).await),
        answer("revision::list_in", store::revision::list_in(&mut tx, id, STORY, None, 99).await),
        answer("revision::by_number", store::revision::by_number(db, id, STORY, 2).await),
        answer("revision::by_number_in", store::revision::by_number_in(&mut tx, id, STORY, 2).await),
        answer("schedule::rules", store::schedule::rules(db, id).await),
        answer("schedule::exceptions", store::schedule::exceptions(db, id).await),
        answer("schedule::one_offs", store::schedule::one_offs(db, id, from, to).await),
        answer("broadcast::between", store::broadcast::between(db, id, from, to).await),
        answer("broadcast::now_next", store::broadcast::now_next(db, id, SERVICE, noon).await),
        answer("episode::by_slug", store::episode::by_slug(db, id, "the-first").await),
        answer("episode::by_id", store::episode::by_id(db, id, EPISODE).await),
        answer(
            "episode::slug_is_free_in",
            store::episode::slug_is_free_in(&mut tx, id, &sample::slug("the-first")).await,
        ),
        answer("recording::by_episode", store::recording::by_episode(db, id, EPISODE).await),
        answer("recording::between", store::recording::between(db, id, from, to).await),
        answer("recording::orders", store::recording::orders(db, id).await),
        answer("episode::by_programme", store::episode::by_programme(db, id, PROGRAMME, None, 99).await),
        answer("episode::latest", store::episode::latest(db, id, None, 99).await),
        answer("library::all", store::library::all(db, id, SERVICE).await),
        answer("library::by_origin_in", store::library::by_origin_in(&mut tx, id, SERVICE, ORIGIN).await),
        answer("rotation::by_service", store::rotation::by_service(db, id, SERVICE).await),
        answer("spin::between", store::spin::between(db, id, SERVICE, from, to).await),
        answer("account::all", store::account::all(db, id).await),
        answer("account::by_id", store::account::by_id(db, id, ACCOUNT).await),
        answer("account::by_id_in", store::account::by_id_in(&mut tx, id, ACCOUNT).await),
        answer("account::by_email", store::account::by_email(db, id, "jo@harrow.example").await),
        answer("account::proofs", store::account::proofs(db, id, ACCOUNT).await),
        answer("audit::latest", store::audit::latest(db, id, None, 99).await),
        answer("audit::check", store::audit::check(db, id).await),
        answer("device::known", store::device::known(db, id, ACCOUNT, "device").await),
        answer("passkey::by_id", store::passkey::by_id(db, id, "credential").await),
        answer("passkey::of_account", store::passkey::of_account(db, id, ACCOUNT).await),
        answer("recovery_code::left", store::recovery_code::left(db, id, ACCOUNT).await),
        answer("role::all", store::role::all(db, id).await),
        answer("role::all_in", store::role::all_in(&mut tx, id).await),
        answer("role::grants", store::role::grants(db, id).await),
        answer("role::grants_in", store::role::grants_in(&mut tx, id).await),
        answer("role::grants_of", store::role::grants_of(db, id, ACCOUNT).await),
        answer("session::by_secret", store::session::by_secret(db, id, "session").await),
        answer("session::of_account", store::session::of_account(db, id, ACCOUNT).await),
        answer("ticket::by_secret", store::ticket::by_secret(db, id, "ticket").await),
        answer("ticket::take_in", store::ticket::take_in(&mut tx, id, "ticket").await),
        answer("step::of_story", store::step::of_story(db, id, STORY, 99).await),
        answer("plan::of_story", store::plan::of_story(db, id, STORY).await),
        answer("plan::all", store::plan::all(db, id, 99).await),
        answer("plan::next", store::plan::next(db, id).await),
        answer("plan::due", store::plan::due(db, id, to, 99).await),
        answer("plan::take_in", store::plan::take_in(&mut tx, id, STORY, to).await),
        answer("ending::of_story", store::ending::of_story(db, id, STORY).await),
        answer("preview::by_secret", store::preview::by_secret(db, id, "preview").await),
        answer("preview::of_story", store::preview::of_story(db, id, STORY, from, 99).await),
        answer("missed::most", store::missed::most(db, id, 99).await),
        answer("redirect::covering", store::redirect::covering(db, id, "/old/flood").await),
        answer("redirect::covering_in", store::redirect::covering_in(&mut tx, id, "/old/flood").await),
        answer("redirect::list", store::redirect::list(db, id, None, 99).await),
        answer("redirect::count", store::redirect::count(db, id).await),
        answer("wire::document", store::wire::document(db, id, "cds", "story-1").await),
        answer("wire::mentioning", store::wire::mentioning(db, id, "cds", "bio-1", "", 99).await),
        answer("wire::document_in", store::wire::document_in(&mut tx, id, "cds", "story-1").await),
    ];
    BTreeMap::from(answers)
}

fn answer<T: Debug>(name: &'static str, answer: store::Result<T>) -> (&'static str, String) {
    (name, format!("{:?}", answer.unwrap()))
}

async fn every_answer_speaks_of_its_own_station_alone(db: Db) {
    let (alpha, bravo) = (sample::station("alpha", 1), sample::station("bravo", 2));
    sample::fill(&db, &alpha).await;
    sample::fill(&db, &bravo).await;
    for (ours, others) in [(&alpha, "bravo"), (&bravo, "alpha")] {
        let own_id = format!("StationId({})", ours.id);
        for (name, answer) in everything_of(&db, ours).await {
            if WITHOUT_A_NAME.contains(&name) {
                assert_eq!(answer, "false", "{name} did not find the row of {}", ours.slug);
                continue;
            }
            if let Some((_, expected)) = nameless(ours).into_iter().find(|(known, _)| *known == name) {
                assert_eq!(answer, expected, "{name} of {}", ours.slug);
                continue;
            }
            let speaks = answer.contains(ours.slug.as_str()) || answer.contains(&own_id);
            assert!(speaks, "{name} did not find the row of {}: {answer}", ours.slug);
            assert!(!answer.contains(others), "{name} of {} speaks of {others}: {answer}", ours.slug);
        }
    }
}

async fn what_one_station_writes_or_takes_away_leaves_the_other_as_it_was(db: Db) {
    let (mut alpha, bravo) = (sample::station("alpha", 1), sample::station("bravo", 2));
    sample::fill(&db, &alpha).await;
    sample::fill(&db, &bravo).await;
    let before = everything_of(&db, &bravo).await;

    alpha.slug = sample::slug("alpha-again");
    let mut tx = db.begin().await.unwrap();
    sample::save_all(&mut tx, &alpha).await.unwrap();
    store::schedule::delete_rule(&mut tx, alpha.id, RULE).await.unwrap();
    store::library::delete(&mut tx, alpha.id, PIECE).await.unwrap();
    let (from, to) = (at("2026-11-24T00:00:00Z"), at("2026-11-25T00:00:00Z"));
    store::broadcast::replace(&mut tx, alpha.id, SERVICE, from, to, &[]).await.unwrap();
    store::change::add(&mut tx, alpha.id, &Event::StationChanged).await.unwrap();
    tx.commit().await.unwrap();

    assert_eq!(everything_of(&db, &bravo).await, before);
    assert_eq!(store::schedule::rules(&db, alpha.id).await.unwrap(), []);
    assert_eq!(store::library::all(&db, alpha.id, SERVICE).await.unwrap(), []);
    assert_eq!(store::broadcast::between(&db, alpha.id, from, to).await.unwrap(), []);
}

/// The names of all public functions that read, out of the source.
fn reading_functions() -> BTreeSet<String> {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut names = BTreeSet::new();
    for file in std::fs::read_dir(source).unwrap() {
        let path = file.unwrap().path();
        let noun = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        // Those of `Db` and `Tx` themselves are indented.
        for function in text.split("\npub async fn ").skip(1) {
            let (name, arguments) = function.split_once('(').unwrap();
            if arguments.trim_start().starts_with("db: &Db") || name.ends_with("_in") {
                names.insert(format!("{noun}::{name}"));
            }
        }
    }
    names
}

async fn every_reading_function_is_asked(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let mut asked: BTreeSet<String> = everything_of(&db, &alpha).await.into_keys().map(str::to_owned).collect();
    asked.extend(NOT_OF_A_STATION.iter().map(|(name, _)| (*name).to_owned()));
    assert_eq!(asked, reading_functions());
}

told_to_both! {
    every_answer_speaks_of_its_own_station_alone,
    what_one_station_writes_or_takes_away_leaves_the_other_as_it_was,
    every_reading_function_is_asked,
}
