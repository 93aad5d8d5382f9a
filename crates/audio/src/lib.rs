//! Sound as bytes: framers, containers and playlists. Pure: bytes in, values out.
