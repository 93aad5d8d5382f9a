//! A rendition's folder in the vault, and beside the first one's, what was on.
//!
//! A disk that is full, slow or gone never stops the stream: what cannot be kept is counted and said, and is heard from
//! memory for as long as it is on the live list.

use std::time::Duration;

use bytes::Bytes;
use station::ServiceId;
use vault::Vault;

use super::segment::Segment;

/// How long the vault may take over one segment, so that the stream does not fall behind for it.
const PATIENCE: Duration = Duration::from_secs(3);

/// Where the segments of a service are kept.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    vault: Vault,
    path: String,
}

/// Why something was not kept.
#[derive(Debug, thiserror::Error)]
pub(super) enum NotKept {
    #[error("the vault did not take it")]
    Refused(#[from] vault::Error),
    #[error("the vault took longer than {} s", PATIENCE.as_secs())]
    TooSlow,
}

impl Folder {
    /// The folder of a service's first rendition, or of the one with this name.
    pub(super) fn new(vault: &Vault, service: ServiceId, name: Option<&str>) -> Self {
        let path = name.map_or(format!("hls/{service}"), |name| format!("hls/{service}-{name}"));
        Self { vault: vault.clone(), path }
    }

    /// What earlier runs left here.
    pub(super) async fn segments(&self) -> vault::Result<Vec<Segment>> {
        let entries = self.vault.list(&self.path).await?;
        let segment = |entry: &vault::Entry| {
            let name = entry.key.strip_prefix(&self.path)?.strip_prefix('/')?;
            Segment::from_file_name(name, entry.bytes)
        };
        Ok(entries.iter().filter_map(segment).collect())
    }

    pub(super) async fn keep(&self, segment: &Segment, bytes: Bytes) -> Result<(), NotKept> {
        self.put(&self.key(segment), bytes).await
    }

    /// What was on, as [`keep_marks`](Self::keep_marks) kept it.
    pub(super) async fn marks(&self) -> vault::Result<Option<Bytes>> {
        self.vault.get(&self.marks_key()).await
    }

    pub(super) async fn keep_marks(&self, json: Vec<u8>) -> Result<(), NotKept> {
        self.put(&self.marks_key(), json.into()).await
    }

    async fn put(&self, key: &str, bytes: Bytes) -> Result<(), NotKept> {
        match tokio::time::timeout(PATIENCE, self.vault.put(key, bytes)).await {
            Ok(kept) => Ok(kept?),
            Err(_) => Err(NotKept::TooSlow),
        }
    }

    pub(super) async fn get(&self, segment: &Segment) -> vault::Result<Option<Bytes>> {
        self.vault.get(&self.key(segment)).await
    }

    /// Takes segments away. One that stays is found again at the next start.
    pub(super) async fn delete(&self, segments: &[Segment]) {
        for segment in segments {
            let key = self.key(segment);
            if let Err(error) = self.vault.delete(&key).await {
                metrics::counter!("groundwave_hls_deletes_failed_total").increment(1);
                tracing::warn!(
                    key,
                    error = &error as &dyn std::error::Error,
                    "an old HLS segment could not be deleted"
                );
            }
        }
    }

    fn marks_key(&self) -> String {
        format!("{}.marks.json", self.path)
    }

    fn key(&self, segment: &Segment) -> String {
        format!("{}/{}", self.path, segment.file_name())
    }
}
