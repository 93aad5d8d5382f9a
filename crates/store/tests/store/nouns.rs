//! Everything that is saved comes back as it was, in every way in which it can be asked for.
#![expect(clippy::cloned_ref_to_slice_refs, reason = "`[section.clone()]` reads as what is expected: a list of one")]

use station::broadcast::NowNext;
use station::schedule::{Change, Exception};
use station::story::State;
use station::{Event, Person, PersonId, Piece, PieceId, Programme, ProgrammeId, Story, StoryId, Timestamp};
use store::{Db, Error};

use crate::sample::{self, ORIGIN, PERSON, PROGRAMME, RULE, SERVICE, STORY, STORY_DATE, at};

async fn everything_comes_back_as_it_was_saved(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    // Saving the same again changes nothing but the log and the story's history.
    sample::fill(&db, &alpha).await;
    let id = alpha.id;

    assert_eq!(store::station::all(&db).await.unwrap(), [alpha.clone()]);
    assert_eq!(store::station::by_host(&db, "www.alpha.example").await.unwrap(), Some(alpha.clone()));
    assert_eq!(store::station::by_slug(&db, "alpha").await.unwrap(), Some(alpha.clone()));

    let section = sample::section(&alpha);
    assert_eq!(store::section::all(&db, id).await.unwrap(), [section.clone()]);
    assert_eq!(store::section::by_slug(&db, id, "news").await.unwrap(), Some(section));

    let service = sample::service(&alpha);
    assert_eq!(store::service::all(&db, id).await.unwrap(), [service.clone()]);
    assert_eq!(store::service::by_slug(&db, id, "talk").await.unwrap(), Some(service));

    let programme = sample::programme(&alpha);
    assert_eq!(store::programme::all(&db, id).await.unwrap(), [programme.clone()]);
    assert_eq!(store::programme::by_slug(&db, id, "the-morning").await.unwrap(), Some(programme.clone()));
    assert_eq!(store::programme::by_id(&db, id, PROGRAMME).await.unwrap(), Some(programme));

    let person = sample::person(&alpha);
    assert_eq!(store::person::all(&db, id).await.unwrap(), [person.clone()]);
    assert_eq!(store::person::by_slug(&db, id, "jo-birch").await.unwrap(), Some(person.clone()));
    assert_eq!(store::person::by_id(&db, id, PERSON).await.unwrap(), Some(person.clone()));
    assert_eq!(store::person::by_external(&db, id, "cds", "bio-1").await.unwrap(), Some(person));

    let story = sample::story(&alpha);
    assert_eq!(
        store::story::by_path(&db, id, "news", STORY_DATE, "the-river-rises").await.unwrap(),
        Some(story.clone())
    );
    assert_eq!(store::story::by_id(&db, id, STORY).await.unwrap(), Some(story.clone()));
    assert_eq!(store::story::by_external(&db, id, "cds", "story-1").await.unwrap(), Some(story));
    let saved = sample::saved(&alpha);
    assert_eq!(store::story::history(&db, id, STORY, 9).await.unwrap(), [saved.clone(), saved]);

    assert_eq!(store::schedule::rules(&db, id).await.unwrap(), [sample::rule(&alpha)]);
    assert_eq!(store::schedule::exceptions(&db, id).await.unwrap(), [sample::exception(&alpha)]);
    let day = (at("2026-11-24T00:00:00Z"), at("2026-11-25T00:00:00Z"));
    assert_eq!(store::schedule::one_offs(&db, id, day.0, day.1).await.unwrap(), [sample::one_off(&alpha)]);

    assert_eq!(store::episode::by_slug(&db, id, "the-first").await.unwrap().as_ref(), Some(&sample::episode(&alpha)));
    assert_eq!(store::episode::by_programme(&db, id, PROGRAMME, None, 9).await.unwrap(), [sample::episode(&alpha)]);
    assert_eq!(store::episode::by_id(&db, id, sample::EPISODE).await.unwrap(), Some(sample::episode(&alpha)));
    let recording = sample::recording(&alpha);
    assert_eq!(store::recording::by_episode(&db, id, sample::EPISODE).await.unwrap().as_ref(), Some(&recording));
    assert_eq!(store::recording::between(&db, id, day.0, day.1).await.unwrap(), [recording]);
    assert_eq!(store::recording::orders(&db, id).await.unwrap(), [sample::order(&alpha)]);
    assert_eq!(store::library::all(&db, id, SERVICE).await.unwrap(), [sample::piece(&alpha)]);
    assert_eq!(store::rotation::by_service(&db, id, SERVICE).await.unwrap(), Some(sample::rotation(&alpha)));
    assert_eq!(store::spin::between(&db, id, SERVICE, day.0, day.1).await.unwrap(), [sample::spin(&alpha)]);
    let document = store::wire::document(&db, id, "cds", "story-1").await.unwrap();
    assert_eq!(document, Some(sample::document(&alpha)));
}

async fn what_is_not_there_is_none_and_no_error(db: Db) {
    let alpha = sample::station("alpha", 1);
    let id = alpha.id;
    assert_eq!(store::station::by_host(&db, "alpha.example").await.unwrap(), None);
    assert_eq!(store::station::all(&db).await.unwrap(), []);
    assert_eq!(store::story::by_id(&db, id, STORY).await.unwrap(), None);
    assert_eq!(store::story::latest(&db, id, None, 9).await.unwrap(), []);
    assert_eq!(store::owner::get(&db, "cds", "s1").await.unwrap(), None);
    let at = at("2026-11-24T12:00:00Z");
    assert_eq!(store::broadcast::now_next(&db, id, SERVICE, at).await.unwrap(), NowNext::default());
}

async fn a_host_name_leads_to_one_station_at_a_time(db: Db) {
    let mut alpha = sample::station("alpha", 1);
    let mut bravo = sample::station("bravo", 2);
    sample::fill(&db, &alpha).await;
    sample::fill(&db, &bravo).await;

    bravo.host_names = vec!["alpha.example".into()];
    let mut tx = db.begin().await.unwrap();
    let stolen = store::station::save(&mut tx, &bravo).await;
    assert!(matches!(stolen, Err(Error::Taken { what }) if what == "host (name)"));
    drop(tx);
    assert_eq!(store::station::by_host(&db, "alpha.example").await.unwrap(), Some(alpha.clone()));

    alpha.host_names = vec!["new.alpha.example".into()];
    let mut tx = db.begin().await.unwrap();
    store::station::save(&mut tx, &alpha).await.unwrap();
    store::station::save(&mut tx, &bravo).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store::station::by_host(&db, "alpha.example").await.unwrap(), Some(bravo));
    assert_eq!(store::station::by_host(&db, "www.alpha.example").await.unwrap(), None);
}

async fn names_within_a_station_are_taken_once(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let twin = Story { id: StoryId(999), source: None, ..sample::story(&alpha) };
    let mut tx = db.begin().await.unwrap();
    let taken = store::story::save(&mut tx, &twin, &sample::saved(&alpha)).await.unwrap_err();
    assert_eq!(taken.to_string(), "story (station, section, path_date, slug) is taken");
    drop(tx);

    let mut tx = db.begin().await.unwrap();
    let free = async |tx: &mut store::Tx, date, slug| {
        store::story::slug_is_free_in(tx, alpha.id, &sample::slug("news"), date, &sample::slug(slug)).await.unwrap()
    };
    assert!(!free(&mut tx, STORY_DATE, "the-river-rises").await);
    assert!(free(&mut tx, STORY_DATE, "the-river-falls").await);
    assert!(free(&mut tx, "2026-11-24", "the-river-rises").await);
    assert!(!store::person::slug_is_free_in(&mut tx, alpha.id, &sample::slug("jo-birch")).await.unwrap());
    assert!(store::person::slug_is_free_in(&mut tx, alpha.id, &sample::slug("jo")).await.unwrap());
    assert!(!store::episode::slug_is_free_in(&mut tx, alpha.id, &sample::slug("the-first")).await.unwrap());
    assert!(store::episode::slug_is_free_in(&mut tx, alpha.id, &sample::slug("the-last")).await.unwrap());
}

async fn nothing_refers_to_what_is_not_there(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let mut story = sample::story(&alpha);
    story.bylines[0].person = Some(PersonId(12345));
    let mut tx = db.begin().await.unwrap();
    let missing = store::story::save(&mut tx, &story, &sample::saved(&alpha)).await;
    assert!(matches!(missing, Err(Error::Missing { .. })), "{missing:?}");
    drop(tx);

    let mut tx = db.begin().await.unwrap();
    let missing = store::change::add(&mut tx, station::StationId(99), &Event::StationChanged).await;
    assert!(matches!(missing, Err(Error::Missing { .. })), "{missing:?}");
}

async fn drafts_may_share_a_name_until_they_are_published(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    for number in [1, 2] {
        let draft = Story {
            id: StoryId(500 + number),
            state: State::Draft,
            published_at: None,
            source: None,
            ..sample::story(&alpha)
        };
        sample::save_story(&db, &alpha, &draft).await;
        assert_eq!(store::story::by_id(&db, alpha.id, draft.id).await.unwrap(), Some(draft));
    }
}

async fn a_story_moves_with_its_section_and_date(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let moved = Story { published_at: Some(at("2026-11-24T06:00:00Z")), ..sample::story(&alpha) };
    sample::save_story(&db, &alpha, &moved).await;
    let found = async |date| store::story::by_path(&db, alpha.id, "news", date, "the-river-rises").await.unwrap();
    assert_eq!(found("2026-11-24").await, Some(moved));
    assert_eq!(found(STORY_DATE).await, None);
}

async fn a_station_that_moves_takes_its_addresses_with_it(db: Db) {
    let (mut alpha, bravo) = (sample::station("alpha", 1), sample::station("bravo", 2));
    sample::fill(&db, &alpha).await;
    sample::fill(&db, &bravo).await;
    alpha.zone = "Europe/London".into();
    let mut tx = db.begin().await.unwrap();
    store::station::save(&mut tx, &alpha).await.unwrap();
    tx.commit().await.unwrap();
    let is_at = async |station: &station::Station, date| {
        store::story::by_path(&db, station.id, "news", date, "the-river-rises").await.unwrap().is_some()
    };
    assert!(is_at(&alpha, "2026-11-24").await && !is_at(&alpha, STORY_DATE).await);
    assert!(is_at(&bravo, STORY_DATE).await && !is_at(&bravo, "2026-11-24").await);

    alpha.zone = "Mars/Olympus_Mons".into();
    let mut tx = db.begin().await.unwrap();
    let unknown = store::station::save(&mut tx, &alpha).await;
    assert!(matches!(unknown, Err(Error::Corrupt { what, .. }) if what == "zone"));
}

async fn a_transaction_that_is_not_committed_never_happened(db: Db) {
    let alpha = sample::station("alpha", 1);
    let mut tx = db.begin().await.unwrap();
    sample::save_all(&mut tx, &alpha).await.unwrap();
    let seen = store::story::by_id_in(&mut tx, alpha.id, STORY).await.unwrap();
    assert!(seen.is_some(), "a transaction sees what it wrote");
    drop(tx);
    assert_eq!(store::station::all(&db).await.unwrap(), []);
    assert_eq!(store::story::by_id(&db, alpha.id, STORY).await.unwrap(), None);
}

async fn a_rule_goes_with_its_exceptions(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let cancelled = Exception { change: Change::Cancelled, ..sample::exception(&alpha) };
    let mut tx = db.begin().await.unwrap();
    store::schedule::save_exception(&mut tx, &cancelled).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store::schedule::exceptions(&db, alpha.id).await.unwrap(), [cancelled]);

    let mut tx = db.begin().await.unwrap();
    store::schedule::delete_rule(&mut tx, alpha.id, RULE).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store::schedule::rules(&db, alpha.id).await.unwrap(), []);
    assert_eq!(store::schedule::exceptions(&db, alpha.id).await.unwrap(), []);
}

async fn a_file_is_one_piece_of_a_service(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let twin = Piece { id: PieceId(999), ..sample::piece(&alpha) };
    let mut tx = db.begin().await.unwrap();
    let found = store::library::by_origin_in(&mut tx, alpha.id, SERVICE, ORIGIN).await.unwrap();
    assert_eq!(found, Some(sample::piece(&alpha)));
    let taken = store::library::save(&mut tx, &twin).await.unwrap_err();
    assert_eq!(taken.to_string(), "piece (station, service, origin) is taken");
    drop(tx);

    // Pieces that were made from no file we know are as many as they are.
    let mut tx = db.begin().await.unwrap();
    for id in [PieceId(998), PieceId(999)] {
        store::library::save(&mut tx, &Piece { id, origin: None, ..twin.clone() }).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(store::library::all(&db, alpha.id, SERVICE).await.unwrap().len(), 3);
}

async fn a_spin_is_one_however_often_it_is_told(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let (whole, mut begun) = (sample::spin(&alpha), sample::spin(&alpha));
    begun.end = None;
    let mut tx = db.begin().await.unwrap();
    store::spin::save(&mut tx, &begun).await.unwrap();
    tx.commit().await.unwrap();
    let between = async |from, to| store::spin::between(&db, alpha.id, SERVICE, from, to).await.unwrap();
    assert_eq!(between(whole.start, Timestamp::MAX).await, [whole.clone()], "the end was known");
    assert_eq!(between(Timestamp::MIN, whole.start).await, []);
}

async fn what_a_directory_says_of_an_owner_is_kept_with_the_time(db: Db) {
    let asked = at("2026-11-24T03:00:00Z");
    for name in ["NPR before", "NPR"] {
        let owner = station::rights::Owner { name: name.into(), ..sample::owner() };
        let mut tx = db.begin().await.unwrap();
        store::owner::save(&mut tx, "cds", "s1", &owner, asked).await.unwrap();
        tx.commit().await.unwrap();
    }
    assert_eq!(store::owner::get(&db, "cds", "s1").await.unwrap(), Some((sample::owner(), asked)));
    assert_eq!(store::owner::get(&db, "cds", "s2").await.unwrap(), None);
}

async fn a_document_is_found_by_what_it_names(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let naming = async |name| store::wire::mentioning(&db, alpha.id, "cds", name, "", 9).await.unwrap();
    assert_eq!(naming("bio-1").await, [sample::document(&alpha)]);
    assert_eq!(store::wire::mentioning(&db, alpha.id, "cds", "bio-1", "story-1", 9).await.unwrap(), []);

    let mut tx = db.begin().await.unwrap();
    store::wire::save_mentions(&mut tx, alpha.id, "cds", "story-1", &["bio-2".to_owned()]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(naming("bio-1").await, []);
    assert_eq!(naming("bio-2").await.len(), 1);
}

async fn people_and_programmes_stand_as_in_a_dictionary(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let mut tx = db.begin().await.unwrap();
    for (number, name) in (1..).zip(["Zadie", "van Dyke", "Aaron"]) {
        let slug = sample::slug(&format!("name-{number}"));
        let id = PersonId(number);
        let person = Person { id, slug: slug.clone(), name: name.into(), source: None, ..sample::person(&alpha) };
        let id = ProgrammeId(number);
        let programme = Programme { id, slug, title: name.into(), ..sample::programme(&alpha) };
        store::person::save(&mut tx, &person).await.unwrap();
        store::programme::save(&mut tx, &programme).await.unwrap();
    }
    tx.commit().await.unwrap();
    let names = store::person::all(&db, alpha.id).await.unwrap().into_iter().map(|person| person.name);
    assert_eq!(names.collect::<Vec<_>>(), ["Aaron", "Jo Birch of alpha", "van Dyke", "Zadie"]);
    let titles = store::programme::all(&db, alpha.id).await.unwrap().into_iter().map(|programme| programme.title);
    assert_eq!(titles.collect::<Vec<_>>(), ["Aaron", "The Morning at alpha", "van Dyke", "Zadie"]);
}

async fn the_schedule_knows_what_is_on_and_what_is_next(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let first = sample::broadcast(&alpha, "2026-11-24T11:30:00Z", "2026-11-24T12:30:00Z");
    let second = sample::broadcast(&alpha, "2026-11-24T12:30:00Z", "2026-11-24T13:00:00Z");
    for (moment, now, next) in [
        ("2026-11-24T11:29:59Z", None, Some(&first)),
        ("2026-11-24T11:30:00Z", Some(&first), Some(&second)),
        ("2026-11-24T12:29:59.999999Z", Some(&first), Some(&second)),
        ("2026-11-24T12:30:00Z", Some(&second), None),
        ("2026-11-24T13:00:00Z", None, None),
    ] {
        let found = store::broadcast::now_next(&db, alpha.id, SERVICE, at(moment)).await.unwrap();
        assert_eq!((found.now.as_ref(), found.next.as_ref()), (now, next), "at {moment}");
    }
}

async fn a_stretch_of_the_schedule_is_replaced_whole(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let between = async |from, to| store::broadcast::between(&db, alpha.id, at(from), at(to)).await.unwrap();
    let first = sample::broadcast(&alpha, "2026-11-24T11:30:00Z", "2026-11-24T12:30:00Z");
    let second = sample::broadcast(&alpha, "2026-11-24T12:30:00Z", "2026-11-24T13:00:00Z");
    assert_eq!(between("2026-11-24T12:00:00Z", "2026-11-24T12:30:00Z").await, [first.clone()]);
    assert_eq!(between("2026-11-24T12:00:00Z", "2026-11-24T12:31:00Z").await, [first.clone(), second.clone()]);
    assert_eq!(between("2026-11-24T13:00:00Z", "2026-11-24T14:00:00Z").await, []);

    let longer = sample::broadcast(&alpha, "2026-11-24T12:30:00Z", "2026-11-24T14:00:00Z");
    let mut tx = db.begin().await.unwrap();
    let (from, to) = (at("2026-11-24T12:45:00Z"), at("2026-11-24T13:15:00Z"));
    store::broadcast::replace(&mut tx, alpha.id, SERVICE, from, to, std::slice::from_ref(&longer)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(between("2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z").await, [first, longer]);
}

told_to_both! {
    everything_comes_back_as_it_was_saved,
    what_is_not_there_is_none_and_no_error,
    a_host_name_leads_to_one_station_at_a_time,
    names_within_a_station_are_taken_once,
    nothing_refers_to_what_is_not_there,
    drafts_may_share_a_name_until_they_are_published,
    a_story_moves_with_its_section_and_date,
    a_station_that_moves_takes_its_addresses_with_it,
    a_transaction_that_is_not_committed_never_happened,
    a_rule_goes_with_its_exceptions,
    a_file_is_one_piece_of_a_service,
    a_spin_is_one_however_often_it_is_told,
    what_a_directory_says_of_an_owner_is_kept_with_the_time,
    a_document_is_found_by_what_it_names,
    people_and_programmes_stand_as_in_a_dictionary,
    the_schedule_knows_what_is_on_and_what_is_next,
    a_stretch_of_the_schedule_is_replaced_whole,
}
