//! A service: what a listener tunes to.

use serde::{Deserialize, Serialize};

use crate::{Codec, Mount, ServiceId, Slug, StationId};

/// What a listener tunes to: "Harrow Valley News", "Harrow Valley Music". RadioDNS uses the word in this sense.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Names it for ever.
    pub id: ServiceId,
    /// Whose it is.
    pub station: StationId,
    /// Its name in addresses: `news`.
    pub slug: Slug,
    /// What it is called.
    pub name: String,
    /// One sentence: what is heard on it.
    pub teaser: String,
    /// Its place in the list of services, smallest first.
    pub position: i64,
    /// Its streams, the one that players should try first in front.
    pub mounts: Vec<Mount>,
}

impl Service {
    /// The first mount in `codec`.
    pub fn mount_in(&self, codec: Codec) -> Option<&Mount> {
        self.mounts.iter().find(|mount| mount.codec == codec)
    }

    /// The address of its HLS playlist, if one of its mounts can be packed as HLS.
    pub fn hls_path(&self) -> Option<String> {
        self.mount_in(Codec::Aac).map(|_| format!("/hls/{}/index.m3u8", self.slug))
    }
}
