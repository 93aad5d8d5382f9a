//! Documents as values: what the wire, the podcasts and the calendars are written in.
//!
//! Each module reads (and later writes) one format, and knows nothing of a station: it opens no file, asks no
//! network and never asks the time. What the documents mean for a station is decided in the rooms.

pub mod cds;
