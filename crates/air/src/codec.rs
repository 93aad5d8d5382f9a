//! The station's word for a codec, and the word that `audio` has for it.

/// As `audio` names it.
pub fn to_audio(codec: station::Codec) -> audio::Codec {
    match codec {
        station::Codec::Mp3 => audio::Codec::Mp3,
        station::Codec::Aac => audio::Codec::Aac,
        station::Codec::OggOpus => audio::Codec::OggOpus,
        station::Codec::OggVorbis => audio::Codec::OggVorbis,
        station::Codec::OggFlac => audio::Codec::OggFlac,
    }
}

/// As the station names it.
pub fn from_audio(codec: audio::Codec) -> station::Codec {
    match codec {
        audio::Codec::Mp3 => station::Codec::Mp3,
        audio::Codec::Aac => station::Codec::Aac,
        audio::Codec::OggOpus => station::Codec::OggOpus,
        audio::Codec::OggVorbis => station::Codec::OggVorbis,
        audio::Codec::OggFlac => station::Codec::OggFlac,
    }
}

/// What is inside the Ogg pages, as `Content-Type` parameters and status pages call it.
pub fn ogg_name(codec: station::Codec) -> Option<&'static str> {
    match codec {
        station::Codec::OggOpus => Some("Opus"),
        station::Codec::OggVorbis => Some("Vorbis"),
        station::Codec::OggFlac => Some("FLAC"),
        station::Codec::Mp3 | station::Codec::Aac => None,
    }
}
