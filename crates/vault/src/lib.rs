//! Objects by key: audio, pictures, kept segments. On disk, later on S3.
//!
//! A key is a plain path: `media/3b/3b9f….mp3`, `hls/news/0000000012.m4s`. An object is put whole and is either there
//! or not: when [`Vault::put`] has returned, it survives the loss of power. Objects that people put in are named by
//! their content ([`Vault::put_content`]), so that putting one twice is harmless and its address may be cached for
//! ever.
//!
//! Nothing that is asked of the store of objects depends on conditional writes, on renames or on folders, because not every
//! one has them. What is not finished yet and has to be safe already, like the tape of what is on the air, is a
//! [`Growing`] object: it lives on this machine until it is sealed, and is an object like any other from there on.
//!
//! Start at [`Vault::disk`].

mod growing;
mod key;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use object_store::local::LocalFileSystem;
use object_store::{ObjectStore, ObjectStoreExt, path};
use sha2::{Digest, Sha256};

pub use growing::Growing;

/// The size of the pieces in which [`Vault::stream`] hands an object out.
pub const CHUNK_BYTES_MAX: u64 = 128 * 1024;

/// What the vault's functions return.
pub type Result<T> = std::result::Result<T, Error>;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Why the vault did not do as asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The folder cannot be opened or made.
    #[error("the vault's folder `{}` cannot be opened", folder.display())]
    Open {
        /// Which.
        folder: PathBuf,
        /// Why.
        source: Source,
    },
    /// The key is not one that an object can have.
    #[error("`{}` is not a key of the vault", key.escape_debug())]
    NotAKey {
        /// What was given.
        key: String,
    },
    /// The object cannot be read or written: the disk is full, broken or away.
    #[error("the vault cannot reach `{key}`")]
    Unreachable {
        /// Which object.
        key: String,
        /// Why.
        source: Source,
    },
    /// There is no room for the object, or for more of it.
    #[error("there is no room in the vault for `{key}`")]
    Full {
        /// Which object.
        key: String,
        /// Why.
        source: Source,
    },
    /// Another program, or another part of this one, is appending to the object.
    #[error("somebody else is appending to `{key}`")]
    InUse {
        /// Which object.
        key: String,
    },
}

/// The station's objects. Clones share the same store.
#[derive(Clone, Debug)]
pub struct Vault {
    objects: Arc<dyn ObjectStore>,
    /// Where growing objects live, and where free space is asked for.
    folder: Arc<Path>,
}

/// An object in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub bytes: u64,
}

impl Vault {
    /// A vault in a folder of this machine, which is made if it is missing.
    pub fn disk(folder: &Path) -> Result<Vault> {
        let open = |source: Source| Error::Open { folder: folder.to_owned(), source };
        make_folder(folder).map_err(|source| open(source.into()))?;
        let objects = LocalFileSystem::new_with_prefix(folder).map_err(|source| open(source.into()))?;
        Ok(Vault { objects: Arc::new(objects.with_fsync(true)), folder: folder.into() })
    }

    /// Puts an object in, in the place of another under the same key. A reader sees the one or the other, whole.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<()> {
        let path = key::parse(key)?;
        self.objects.put(&path, bytes.into()).await.map_err(|source| unreachable(key, source))?;
        Ok(())
    }

    /// Puts an object in under the name that its content gives it: `media/{first two}/{SHA-256}.{extension}`. Returns
    /// the key.
    pub async fn put_content(&self, bytes: Bytes, extension: &str) -> Result<String> {
        let (bytes, hash) = hash(bytes).await;
        let key = format!("media/{}/{hash}.{extension}", &hash[..2]);
        if self.size(&key).await? != Some(bytes.len() as u64) {
            self.put(&key, bytes).await?;
        }
        Ok(key)
    }

    /// The object, whole; `None` if there is none.
    pub async fn get(&self, key: &str) -> Result<Option<Bytes>> {
        let path = key::parse(key)?;
        let read = async { self.objects.get(&path).await?.bytes().await };
        found(key, read.await)
    }

    /// A part of the object; `None` if there is no object. What lies beyond its end is left out.
    pub async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Option<Bytes>> {
        let Some(size) = self.size(key).await? else { return Ok(None) };
        let range = range.start..range.end.min(size);
        if range.is_empty() {
            return Ok(Some(Bytes::new()));
        }
        found(key, self.objects.get_range(&key::parse(key)?, range).await)
    }

    /// The size of the object in bytes; `None` if there is none.
    pub async fn size(&self, key: &str) -> Result<Option<u64>> {
        let path = key::parse(key)?;
        Ok(found(key, self.objects.head(&path).await)?.map(|object| object.size))
    }

    /// Takes the object away. That there is none is fine.
    pub async fn delete(&self, key: &str) -> Result<()> {
        let path = key::parse(key)?;
        found(key, self.objects.delete(&path).await)?;
        Ok(())
    }

    /// Every object whose key is `prefix`, a slash and something more, by key. An empty prefix lists everything.
    pub async fn list(&self, prefix: &str) -> Result<Vec<Entry>> {
        let folder = if prefix.is_empty() { None } else { Some(key::parse(prefix.trim_end_matches('/'))?) };
        let mut entries: Vec<Entry> = self
            .objects
            .list(folder.as_ref())
            .map_ok(|object| Entry { key: object.location.into(), bytes: object.size })
            .try_collect()
            .await
            .map_err(|source| unreachable(prefix, source))?;
        // What is growing lies in the same folder, under a name that is no key.
        entries.retain(|entry| key::parse(&entry.key).is_ok());
        entries.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }

    /// A part of the object in pieces of at most [`CHUNK_BYTES_MAX`], each read when it is asked for. It ends where the
    /// object ends; that the object is not there, or not any more, is an error.
    pub fn stream(&self, key: &str, range: Range<u64>) -> impl Stream<Item = Result<Bytes>> + Send + use<> {
        let start = (self.clone(), key.to_owned(), range);
        stream::try_unfold(start, |(vault, key, rest)| async move {
            if rest.is_empty() {
                return Ok(None);
            }
            let end = rest.end.min(rest.start.saturating_add(CHUNK_BYTES_MAX));
            let chunk = vault.get_range(&key, rest.start..end).await?.ok_or_else(|| gone(&key))?;
            let next = rest.start + chunk.len() as u64..rest.end;
            Ok((!chunk.is_empty()).then_some((chunk, (vault, key, next))))
        })
        .boxed()
    }
}

/// Makes a folder, and what is missing above it, so that their names survive the loss of power.
fn make_folder(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let parent = folder.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    make_folder(parent)?;
    // Another program may have made it at this very moment.
    std::fs::create_dir(folder).or_else(|error| if folder.is_dir() { Ok(()) } else { Err(error) })?;
    std::fs::File::open(parent)?.sync_all()
}

/// Sorts "there is none" from what went wrong.
fn found<T>(key: &str, read: object_store::Result<T>) -> Result<Option<T>> {
    match read {
        Ok(object) => Ok(Some(object)),
        Err(source) if is_absence(&source) => Ok(None),
        Err(source) => Err(unreachable(key, source)),
    }
}

/// True for "there is no such file", and for a key that goes on below a file as if that were a folder.
fn is_absence(error: &object_store::Error) -> bool {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |error| error.source());
    let kinds = causes.filter_map(|error| error.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
    matches!(error, object_store::Error::NotFound { .. })
        || kinds.into_iter().any(|kind| kind == std::io::ErrorKind::NotADirectory)
}

fn unreachable(key: &str, source: impl Into<Source>) -> Error {
    metrics::counter!("groundwave_vault_unreachable_total").increment(1);
    let (key, source) = (key.to_owned(), source.into());
    if is_for_want_of_room(source.as_ref()) { Error::Full { key, source } } else { Error::Unreachable { key, source } }
}

/// True if the disk, or what this program may have of it, is full.
fn is_for_want_of_room(error: &(dyn std::error::Error + 'static)) -> bool {
    use std::io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    let causes = std::iter::successors(Some(error), |error| error.source());
    let mut kinds = causes.filter_map(|error| error.downcast_ref::<std::io::Error>()).map(std::io::Error::kind);
    kinds.any(|kind| matches!(kind, StorageFull | QuotaExceeded | FileTooLarge))
}

fn gone(key: &str) -> Error {
    Error::Unreachable { key: key.to_owned(), source: "there is no such object".into() }
}

/// The SHA-256 of `bytes` in hex, made where it holds nobody up.
async fn hash(bytes: Bytes) -> (Bytes, String) {
    let work = move || {
        let hash = format!("{:x}", Sha256::digest(&bytes));
        (bytes, hash)
    };
    tokio::task::spawn_blocking(work).await.expect("hashing does not panic")
}

/// A key as the store beneath takes it.
pub(crate) type StorePath = path::Path;
