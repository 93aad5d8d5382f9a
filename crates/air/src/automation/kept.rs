//! What is lined up, kept in the vault: a restart does not empty the queue.
//!
//! It is a list of pieces, written when it has changed. What cannot be kept is not worth a silence: automation goes on, and the
//! queue lives in memory alone.

use station::{PieceId, ServiceId};
use vault::Vault;

/// Where the vault keeps what is lined up for a service.
fn key(service: ServiceId) -> String {
    format!("automation/{service}/queue.json")
}

/// What was lined up when the program last ran.
pub(super) async fn read(vault: &Vault, service: ServiceId) -> Vec<PieceId> {
    let kept = match vault.get(&key(service)).await {
        Ok(kept) => kept,
        Err(error) => {
            tracing::warn!(service = service.0, %error, "what was lined up cannot be read");
            return Vec::new();
        }
    };
    let Some(kept) = kept else { return Vec::new() };
    serde_json::from_slice(&kept).unwrap_or_else(|error| {
        tracing::warn!(service = service.0, %error, "what was lined up makes no sense; the queue begins empty");
        Vec::new()
    })
}

/// Keeps what is lined up now.
pub(super) async fn write(vault: &Vault, service: ServiceId, lined_up: &[PieceId]) {
    let Ok(bytes) = serde_json::to_vec(lined_up) else { return };
    if let Err(error) = vault.put(&key(service), bytes.into()).await {
        metrics::counter!("groundwave_queues_not_kept_total").increment(1);
        tracing::warn!(service = service.0, %error, "what is lined up cannot be kept; a restart would empty the queue");
    }
}
