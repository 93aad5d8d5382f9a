//! What the vault promises, on a real disk.

use std::path::Path;

use bytes::Bytes;
use futures_util::TryStreamExt;
use vault::{CHUNK_BYTES_MAX, Error, Vault};

fn vault_in_a_folder() -> (tempfile::TempDir, Vault) {
    let folder = tempfile::tempdir().unwrap();
    let vault = Vault::disk(&folder.path().join("made/when/missing")).unwrap();
    (folder, vault)
}

/// Bytes of which no two stretches are alike.
fn counted(len: u64) -> Bytes {
    (0..len).map(|at| (at ^ at >> 8 ^ at >> 16) as u8).collect()
}

#[tokio::test]
async fn what_was_put_in_comes_out_until_it_is_taken_away() {
    let (_folder, vault) = vault_in_a_folder();
    let key = "hls/news/0000000012.m4s";
    assert_eq!(vault.get(key).await.unwrap(), None);
    assert_eq!(vault.size(key).await.unwrap(), None);
    assert_eq!(vault.get_range(key, 0..1).await.unwrap(), None);

    vault.put(key, Bytes::from_static(b"first")).await.unwrap();
    vault.put(key, Bytes::from_static(b"the second")).await.unwrap();
    assert_eq!(vault.get(key).await.unwrap().unwrap(), "the second");
    assert_eq!(vault.size(key).await.unwrap(), Some(10));

    vault.delete(key).await.unwrap();
    assert_eq!(vault.get(key).await.unwrap(), None);
    vault.delete(key).await.expect("taking away what is gone is fine");
}

#[tokio::test]
async fn it_is_still_there_when_the_folder_is_opened_again() {
    let (folder, vault) = vault_in_a_folder();
    vault.put("a/b.mp3", Bytes::from_static(b"sound")).await.unwrap();
    drop(vault);
    let again = Vault::disk(&folder.path().join("made/when/missing")).unwrap();
    assert_eq!(again.get("a/b.mp3").await.unwrap().unwrap(), "sound");
}

#[tokio::test]
async fn equal_content_has_one_name() {
    let (_folder, vault) = vault_in_a_folder();
    let key = vault.put_content(Bytes::from_static(b"abc"), "mp3").await.unwrap();
    assert_eq!(key, "media/ba/ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad.mp3");
    assert_eq!(vault.put_content(Bytes::from_static(b"abc"), "mp3").await.unwrap(), key);
    assert_ne!(vault.put_content(Bytes::from_static(b"abd"), "mp3").await.unwrap(), key);
    assert_eq!(vault.list("media").await.unwrap().len(), 2);
    assert_eq!(vault.get(&key).await.unwrap().unwrap(), "abc");
}

#[tokio::test]
async fn an_extension_cannot_lead_elsewhere() {
    let (_folder, vault) = vault_in_a_folder();
    let put = vault.put_content(Bytes::from_static(b"abc"), "mp3/../../../../x").await;
    assert!(matches!(put, Err(Error::NotAKey { .. })));
}

#[tokio::test]
async fn a_range_is_cut_at_the_end_of_the_object() {
    let (_folder, vault) = vault_in_a_folder();
    vault.put("a", Bytes::from_static(b"0123456789")).await.unwrap();
    let backwards = std::ops::Range { start: 7, end: 3 };
    for (range, expected) in [
        (0..10, "0123456789"),
        (3..5, "34"),
        (8..99, "89"),
        (9..u64::MAX, "9"),
        (10..12, ""),
        (99..100, ""),
        (4..4, ""),
        (backwards, ""),
    ] {
        assert_eq!(vault.get_range("a", range.clone()).await.unwrap().unwrap(), expected, "{range:?}");
    }
}

#[tokio::test]
async fn a_stream_is_the_same_bytes_in_bounded_pieces() {
    let (_folder, vault) = vault_in_a_folder();
    let size = CHUNK_BYTES_MAX * 2 + 100;
    let object = counted(size);
    vault.put("a", object.clone()).await.unwrap();
    for range in [0..size, 5..size - 5, 0..CHUNK_BYTES_MAX, CHUNK_BYTES_MAX..size * 2, size..size + 1, 3..3] {
        let chunks: Vec<Bytes> = vault.stream("a", range.clone()).try_collect().await.unwrap();
        assert!(chunks.iter().all(|chunk| (1..=CHUNK_BYTES_MAX).contains(&(chunk.len() as u64))), "{range:?}");
        let (start, end) = (range.start.min(size) as usize, range.end.min(size) as usize);
        assert!(chunks.concat() == object[start..end], "{range:?} came out wrong");
    }
}

#[tokio::test]
async fn a_stream_says_so_when_its_object_is_not_there() {
    let (_folder, vault) = vault_in_a_folder();
    let read: Result<Vec<Bytes>, Error> = vault.stream("nothing/here", 0..10).try_collect().await;
    assert!(matches!(read, Err(Error::Unreachable { key, .. }) if key == "nothing/here"));
}

#[tokio::test]
async fn a_list_holds_what_is_below_its_prefix_by_key() {
    let (_folder, vault) = vault_in_a_folder();
    for key in ["hls/news/2.m4s", "hls/news/1.m4s", "hls/newsreel/1.m4s", "hls/music/1.m4s", "media/x.mp3"] {
        vault.put(key, Bytes::from_static(b"bytes")).await.unwrap();
    }
    let keys = async |prefix: &str| -> Vec<String> {
        vault.list(prefix).await.unwrap().into_iter().map(|entry| entry.key).collect()
    };
    assert_eq!(keys("hls/news").await, ["hls/news/1.m4s", "hls/news/2.m4s"]);
    assert_eq!(keys("hls/news/").await, ["hls/news/1.m4s", "hls/news/2.m4s"]);
    assert_eq!(keys("nothing").await, [""; 0]);
    assert_eq!(keys("").await.len(), 5);
    assert_eq!(vault.list("media").await.unwrap()[0].bytes, 5);
}

#[tokio::test]
async fn a_file_that_was_being_written_when_the_power_went_is_no_object() {
    let (folder, vault) = vault_in_a_folder();
    vault.put("a/b.mp3", Bytes::from_static(b"whole")).await.unwrap();
    let root = folder.path().join("made/when/missing");
    std::fs::write(root.join("a/c.mp3#1"), b"ha").unwrap();
    assert_eq!(vault.list("").await.unwrap().len(), 1);
    vault.put("a/c.mp3", Bytes::from_static(b"later")).await.unwrap();
    assert_eq!(vault.get("a/c.mp3").await.unwrap().unwrap(), "later");
}

#[tokio::test]
async fn a_folder_is_no_object_and_an_object_is_no_folder() {
    let (_folder, vault) = vault_in_a_folder();
    vault.put("a/b.mp3", Bytes::from_static(b"x")).await.unwrap();
    assert_eq!(vault.get("a").await.unwrap(), None);
    assert_eq!(vault.size("a").await.unwrap(), None);
    assert_eq!(vault.get("a/b.mp3/c").await.unwrap(), None);
    assert_eq!(vault.size("a/b.mp3/c").await.unwrap(), None);
    vault.delete("a/b.mp3/c").await.unwrap();
    assert_eq!(vault.get("a/b.mp3").await.unwrap().unwrap(), "x");
}

#[tokio::test]
async fn no_key_reaches_beyond_the_folder() {
    let (folder, vault) = vault_in_a_folder();
    std::fs::write(folder.path().join("secret"), b"secret").unwrap();
    for key in ["../../../secret", "/secret", "a/../../../../secret", "..\\secret"] {
        assert!(matches!(vault.get(key).await, Err(Error::NotAKey { .. })), "{key}");
        assert!(matches!(vault.put(key, Bytes::new()).await, Err(Error::NotAKey { .. })), "{key}");
        assert!(matches!(vault.delete(key).await, Err(Error::NotAKey { .. })), "{key}");
        assert!(matches!(vault.list(key).await, Err(Error::NotAKey { .. })), "{key}");
    }
}

#[test]
fn a_folder_that_cannot_be_made_is_named() {
    let error = Vault::disk(Path::new("/proc/groundwave/vault")).unwrap_err();
    assert_eq!(error.to_string(), "the vault's folder `/proc/groundwave/vault` cannot be opened");
}
