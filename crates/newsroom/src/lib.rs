//! What the station's people do with a story: publish it, correct it, take it back.
