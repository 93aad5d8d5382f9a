//! Objects that grow: what is safe when, who may append, and that nobody takes them for finished.

use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use futures_util::stream;
use vault::{Error, Vault};

fn vault_in_a_folder() -> (tempfile::TempDir, Vault) {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::disk(folder.path()).unwrap();
    (folder, vault)
}

async fn read(vault: &Vault, key: &str) -> Option<Bytes> {
    vault.range_so_far(key, 0..u64::MAX).await.unwrap()
}

#[tokio::test]
async fn what_grows_can_be_read_and_is_no_object_until_it_is_sealed() {
    let (_folder, vault) = vault_in_a_folder();
    assert_eq!(read(&vault, "tape/news/1").await, None);
    let mut growing = vault.grow("tape/news/1").await.unwrap();
    growing.append(Bytes::from_static(b"first ")).await.unwrap();
    growing.append(Bytes::from_static(b"second")).await.unwrap();
    assert_eq!(read(&vault, "tape/news/1").await.unwrap(), "first second");
    assert_eq!(vault.range_so_far("tape/news/1", 6..9).await.unwrap().unwrap(), "sec");
    assert_eq!(vault.range_so_far("tape/news/1", 60..90).await.unwrap().unwrap(), "");
    assert_eq!(vault.size_so_far("tape/news/1").await.unwrap(), Some(12));
    assert_eq!(vault.get("tape/news/1").await.unwrap(), None);
    assert_eq!(vault.list("").await.unwrap(), []);
    assert_eq!(vault.growing("tape").await.unwrap().len(), 1);

    growing.seal().await.unwrap();
    assert_eq!(vault.get("tape/news/1").await.unwrap().unwrap(), "first second");
    assert_eq!(read(&vault, "tape/news/1").await.unwrap(), "first second");
    assert_eq!(vault.size_so_far("tape/news/1").await.unwrap(), Some(12));
    assert_eq!(vault.growing("tape").await.unwrap(), []);
}

#[tokio::test]
async fn one_hand_at_a_time_appends_and_the_next_goes_on_where_it_stopped() {
    let (_folder, vault) = vault_in_a_folder();
    let mut first = vault.grow("tape/a").await.unwrap();
    first.append(Bytes::from_static(b"kept, torn")).await.unwrap();
    assert!(matches!(vault.grow("tape/a").await, Err(Error::InUse { .. })));
    drop(first);
    let mut second = vault.grow("tape/a").await.unwrap();
    assert_eq!(second.bytes(), 10);
    second.truncate(4).await.unwrap();
    second.append(Bytes::from_static(b" and on")).await.unwrap();
    assert_eq!(read(&vault, "tape/a").await.unwrap(), "kept and on");
}

#[tokio::test]
async fn only_what_nobody_appends_to_is_thrown_away() {
    let (_folder, vault) = vault_in_a_folder();
    drop(vault.grow("incoming/1").await.unwrap());
    let alive = vault.grow("incoming/2").await.unwrap();
    vault.discard_abandoned("incoming").await.unwrap();
    let left: Vec<String> = vault.growing("incoming").await.unwrap().into_iter().map(|entry| entry.key).collect();
    assert_eq!(left, [alive.key()]);
}

#[tokio::test]
async fn content_in_pieces_has_the_name_of_content_that_is_whole() {
    let (_folder, vault) = vault_in_a_folder();
    let pieces = ["a", "b", "c"].map(|piece| Ok::<_, Error>(Bytes::from(piece)));
    let (key, bytes) = vault.put_content_from(stream::iter(pieces), "mp3").await.unwrap();
    assert_eq!((key.as_str(), bytes), (&*vault.put_content(Bytes::from("abc"), "mp3").await.unwrap(), 3));
    assert_eq!(vault.get(&key).await.unwrap().unwrap(), "abc");
}

#[tokio::test]
async fn content_that_breaks_off_is_not_kept() {
    let (_folder, vault) = vault_in_a_folder();
    let pieces = [Ok(Bytes::from("a")), Err(Error::NotAKey { key: "away".into() })];
    assert!(vault.put_content_from(stream::iter(pieces), "mp3").await.is_err());
    assert_eq!(vault.list("").await.unwrap(), []);
    assert_eq!(vault.growing("incoming").await.unwrap(), []);
}

#[tokio::test]
async fn no_growing_key_reaches_beyond_the_folder() {
    let (_folder, vault) = vault_in_a_folder();
    for key in ["../a", "/etc/a", ".growing/a", "a/../../b"] {
        assert!(matches!(vault.grow(key).await, Err(Error::NotAKey { .. })), "{key}");
        assert!(matches!(vault.range_so_far(key, 0..1).await, Err(Error::NotAKey { .. })), "{key}");
    }
}

/// A disk of one megabyte, of this test's own: the test starts itself again where it may mount one.
#[test]
fn a_disk_that_is_full_is_told_as_such_and_keeps_what_it_has() {
    let folder = tempfile::tempdir().unwrap();
    let script = "mount -t tmpfs -o size=1m none \"$VAULT_ON_A_SMALL_DISK\" && exec \"$@\"";
    let told = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "sh", "-c", script, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "the_program_on_the_small_disk", "--ignored"])
        .env("VAULT_ON_A_SMALL_DISK", folder.path())
        .output()
        .expect("a small disk is made with unshare, which is missing: apt-get install util-linux");
    assert!(
        told.status.success(),
        "{}{}",
        String::from_utf8_lossy(&told.stdout),
        String::from_utf8_lossy(&told.stderr)
    );
}

#[tokio::test]
#[ignore = "is started by a_disk_that_is_full_is_told_as_such_and_keeps_what_it_has"]
async fn the_program_on_the_small_disk() {
    let Ok(disk) = std::env::var("VAULT_ON_A_SMALL_DISK") else { return };
    let vault = Vault::disk(Path::new(&disk)).unwrap();
    assert!(vault.free_bytes().await.unwrap() <= 1 << 20);
    let mut growing = vault.grow("tape/a").await.unwrap();
    let piece = Bytes::from(vec![7; 300_000]);
    let mut kept = 0;
    let full = loop {
        match growing.append(piece.clone()).await {
            Ok(()) => kept += piece.len() as u64,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, Error::Full { .. }), "{full:?}");
    assert_eq!((growing.bytes(), vault.size_so_far("tape/a").await.unwrap()), (kept, Some(kept)));
    // Where room comes back, it goes on.
    growing.truncate(piece.len() as u64).await.unwrap();
    growing.append(piece.clone()).await.unwrap();
    growing.seal().await.unwrap();
    assert_eq!(vault.get("tape/a").await.unwrap().unwrap(), [&piece[..], &piece[..]].concat());
    assert!(matches!(vault.put("b", piece.repeat(3).into()).await, Err(Error::Full { .. })));
}
