//! The playlist that names renditions of the same sound.

use std::fmt::Write;

use super::VERSION;

/// One rendition of a stream in a multivariant playlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Variant {
    /// Its media playlist, as seen from this one.
    pub uri: String,
    /// Its codecs: `mp4a.40.2`.
    pub codecs: &'static str,
    /// The most bits in a second that any segment of it needs.
    pub bandwidth_bps: u64,
    /// The bits in a second that it needs on the whole.
    pub bandwidth_average_bps: u64,
}

/// The playlist that names renditions of the same sound, for a player to choose from. Most players begin with the first.
pub fn multivariant(variants: &[Variant]) -> String {
    let mut text = format!("#EXTM3U\n#EXT-X-VERSION:{VERSION}\n#EXT-X-INDEPENDENT-SEGMENTS\n");
    for Variant { uri, codecs, bandwidth_bps, bandwidth_average_bps } in variants {
        writeln!(
            text,
            "#EXT-X-STREAM-INF:BANDWIDTH={bandwidth_bps},AVERAGE-BANDWIDTH={bandwidth_average_bps},CODECS=\"{codecs}\"\n{uri}"
        )
        .expect("writing to a string does not fail");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variants_are_named_with_their_codecs() {
        let variants = [Variant {
            uri: "news.m3u8".to_owned(),
            codecs: "mp4a.40.2",
            bandwidth_bps: 134_000,
            bandwidth_average_bps: 129_500,
        }];
        let expected = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n\
            #EXT-X-STREAM-INF:BANDWIDTH=134000,AVERAGE-BANDWIDTH=129500,CODECS=\"mp4a.40.2\"\nnews.m3u8\n";
        assert_eq!(multivariant(&variants), expected);
    }
}
