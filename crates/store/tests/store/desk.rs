//! What the desk keeps: who may come in, what they hold, what they did.

use station::audit::Entry;
use station::role::{Powers, Scope, presets};
use station::{Account, AccountId, Grant, Permission, SessionId};
use store::{Db, Error};

use crate::engine::Engine;
use crate::sample::{self, ACCOUNT, SESSION, at};

async fn what_the_desk_keeps_comes_back_as_it_was_saved(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let id = alpha.id;
    let account = sample::account(&alpha);
    assert_eq!(store::account::all(&db, id).await.unwrap(), std::slice::from_ref(&account));
    assert_eq!(store::account::by_email(&db, id, "jo@harrow.example").await.unwrap(), Some(account));
    let proofs = store::account::proofs(&db, id, ACCOUNT).await.unwrap().unwrap();
    assert_eq!((proofs.password.as_deref(), proofs.totp.as_deref()), (Some("$argon2id$"), None));
    assert_eq!(store::session::by_secret(&db, id, "session").await.unwrap(), Some(sample::session(&alpha)));
    assert_eq!(store::passkey::by_id(&db, id, "credential").await.unwrap(), Some(sample::passkey(&alpha)));
    assert_eq!(store::ticket::by_secret(&db, id, "ticket").await.unwrap(), Some(sample::ticket(&alpha)));
    assert_eq!(store::role::grants_of(&db, id, ACCOUNT).await.unwrap(), [sample::grant(&alpha)]);
    assert!(store::role::all(&db, id).await.unwrap().contains(&sample::role(&alpha)));
    assert_eq!(store::audit::latest(&db, id, None, 9).await.unwrap()[0].entry, sample::entry(&alpha));
    assert_eq!(store::recovery_code::left(&db, id, ACCOUNT).await.unwrap().len(), 1);
    let seen = store::device::known(&db, id, ACCOUNT, "device").await.unwrap().unwrap().seen_at;
    assert_eq!(seen, at("2026-11-03T09:00:00Z"));
    assert_eq!(store::device::known(&db, id, AccountId(9), "device").await.unwrap(), None);
}

async fn a_mail_address_leads_to_one_account(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let mut tx = db.begin().await.unwrap();
    let double = Account { id: AccountId(999), ..sample::account(&alpha) };
    let refused = store::account::save(&mut tx, &double).await.unwrap_err();
    assert!(matches!(refused, Error::Taken { ref what } if what.contains("email")), "{refused}");
}

async fn whatever_is_good_once_is_good_once(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let id = alpha.id;
    let mut tx = db.begin().await.unwrap();
    assert!(store::ticket::take_in(&mut tx, id, "ticket").await.unwrap().is_some());
    assert!(store::ticket::take_in(&mut tx, id, "ticket").await.unwrap().is_none());
    assert!(store::recovery_code::take(&mut tx, id, ACCOUNT, "code").await.unwrap());
    assert!(!store::recovery_code::take(&mut tx, id, ACCOUNT, "code").await.unwrap());
    store::account::set_totp(&mut tx, id, ACCOUNT, Some("SECRET"), 7).await.unwrap();
    assert!(!store::account::use_totp_step(&mut tx, id, ACCOUNT, 7).await.unwrap());
    assert!(store::account::use_totp_step(&mut tx, id, ACCOUNT, 8).await.unwrap());
    assert!(!store::account::use_totp_step(&mut tx, id, ACCOUNT, 8).await.unwrap());
    let passkey = sample::passkey(&alpha);
    assert!(store::passkey::note_use(&mut tx, &passkey, 4, at("2026-11-24T09:00:00Z")).await.unwrap());
    assert!(!store::passkey::note_use(&mut tx, &passkey, 4, at("2026-11-24T09:00:00Z")).await.unwrap());
}

async fn sessions_end_one_by_one_or_all_but_one(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let id = alpha.id;
    let mut tx = db.begin().await.unwrap();
    for number in 1..=3 {
        let session = store::session::Session { id: SessionId(number), ..sample::session(&alpha) };
        store::session::begin(&mut tx, &session, &format!("secret {number}")).await.unwrap();
    }
    assert!(!store::session::end(&mut tx, id, AccountId(9), SessionId(1)).await.unwrap(), "it is another's");
    assert!(store::session::end(&mut tx, id, ACCOUNT, SessionId(1)).await.unwrap());
    assert_eq!(store::session::end_others(&mut tx, id, ACCOUNT, Some(SESSION)).await.unwrap(), 2);
    store::session::note_seen(&mut tx, id, SESSION, at("2026-11-24T10:00:00Z")).await.unwrap();
    tx.commit().await.unwrap();
    let left = store::session::of_account(&db, id, ACCOUNT).await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].seen_at, at("2026-11-24T10:00:00Z"));

    let mut tx = db.begin().await.unwrap();
    store::session::forget(&mut tx, id, at("2027-01-01T00:00:00Z")).await.unwrap();
    store::ticket::forget(&mut tx, id, at("2027-01-01T00:00:00Z")).await.unwrap();
    store::device::forget_old(&mut tx, id, ACCOUNT, at("2027-01-01T00:00:00Z")).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(store::session::of_account(&db, id, ACCOUNT).await.unwrap(), []);
    assert_eq!(store::ticket::by_secret(&db, id, "ticket").await.unwrap(), None);
    assert_eq!(store::device::known(&db, id, ACCOUNT, "device").await.unwrap(), None);
}

async fn a_role_of_the_stations_own_cannot_stand_for_a_preset(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    let mut board = presets().into_iter().find(|role| role.slug.as_str() == "board").unwrap();
    board.permissions.insert(Permission::ManageAccounts);
    let grant = Grant { role: board.slug.clone(), scope: Scope::Station, ..sample::grant(&alpha) };
    let mut tx = db.begin().await.unwrap();
    store::role::save(&mut tx, alpha.id, &board).await.unwrap();
    assert!(store::role::give(&mut tx, &grant).await.unwrap());
    assert!(!store::role::give(&mut tx, &grant).await.unwrap());
    tx.commit().await.unwrap();
    let grants = store::role::grants_of(&db, alpha.id, ACCOUNT).await.unwrap();
    let powers = Powers::new(&grants, &store::role::all(&db, alpha.id).await.unwrap());
    assert!(powers.may(Permission::ReadAudit) && !powers.may(Permission::ManageAccounts));
    let mut tx = db.begin().await.unwrap();
    assert!(store::role::take(&mut tx, &grant).await.unwrap());
    assert!(!store::role::take(&mut tx, &grant).await.unwrap());
}

async fn the_audit_log_is_numbered_and_read_in_pages(db: Db) {
    let alpha = sample::station("alpha", 1);
    sample::fill(&db, &alpha).await;
    for act in ["b", "c", "d"] {
        let mut tx = db.begin().await.unwrap();
        store::audit::add(&mut tx, &Entry { act: act.into(), ..sample::entry(&alpha) }).await.unwrap();
        tx.commit().await.unwrap();
    }
    let page = store::audit::latest(&db, alpha.id, Some(4), 2).await.unwrap();
    assert_eq!(
        page.iter().map(|placed| (placed.number, placed.entry.act.as_str())).collect::<Vec<_>>(),
        [(3, "c"), (2, "b")]
    );
    let checked = store::audit::check(&db, alpha.id).await.unwrap();
    assert_eq!((checked.entries, checked.broken_at), (4, None));
}

#[tokio::test]
async fn an_entry_that_was_changed_or_taken_out_is_found() {
    let tamperings = [
        ("UPDATE audit SET who = 'Somebody else' WHERE number = 2", Some(2)),
        ("DELETE FROM audit WHERE number = 2", Some(3)),
        ("UPDATE audit SET number = 9 WHERE number = 3", Some(9)),
    ];
    for (tampering, broken_at) in tamperings {
        for engine in Engine::both().await {
            let db = engine.open_migrated().await;
            let alpha = sample::station("alpha", 1);
            sample::fill(&db, &alpha).await;
            let mut tx = db.begin().await.unwrap();
            store::audit::add(&mut tx, &sample::entry(&alpha)).await.unwrap();
            store::audit::add(&mut tx, &sample::entry(&alpha)).await.unwrap();
            tx.commit().await.unwrap();
            assert_eq!(store::audit::check(&db, alpha.id).await.unwrap().broken_at, None);
            engine.run(tampering).await;
            assert_eq!(store::audit::check(&db, alpha.id).await.unwrap().broken_at, broken_at, "{tampering}");
        }
    }
}

told_to_both! {
    what_the_desk_keeps_comes_back_as_it_was_saved,
    a_mail_address_leads_to_one_account,
    whatever_is_good_once_is_good_once,
    sessions_end_one_by_one_or_all_but_one,
    a_role_of_the_stations_own_cannot_stand_for_a_preset,
    the_audit_log_is_numbered_and_read_in_pages,
}
