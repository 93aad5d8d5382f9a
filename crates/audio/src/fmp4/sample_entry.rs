//! What an MP4 file says of its sound: one box for each codec, which holds what the decoder must know.

use bytes::{BufMut, BytesMut};

use super::{put_box, put_full_box};
use crate::adts::Config;
use crate::track::{StreamInfo, Track};

/// MPEG-4's object type for AAC in the descriptors.
const OBJECT_TYPE_AAC: u8 = 0x40;
/// An audio stream that flows to the decoder, with the reserved bit set.
const STREAM_TYPE_AUDIO: u8 = 5 << 2 | 1;
/// The bits of a sample, by custom, where the codec has no such thing.
const BITS_BY_CUSTOM: u16 = 16;

pub(super) fn put(out: &mut BytesMut, track: &Track) {
    let rate = track.sample_rate_hz();
    match track {
        Track::Aac(config) => put_entry(out, b"mp4a", config.channels(), BITS_BY_CUSTOM, rate, |out| {
            put_full_box(out, b"esds", 0, 0, |out| elementary_stream(out, config));
        }),
        Track::Opus { channels, gain } => put_entry(out, b"Opus", *channels, BITS_BY_CUSTOM, rate, |out| {
            put_box(out, b"dOps", |out| opus(out, *channels, rate, *gain));
        }),
        Track::Flac(info) => put_entry(out, b"fLaC", info.channels, info.bits_per_sample.into(), rate, |out| {
            put_full_box(out, b"dfLa", 0, 0, |out| flac(out, *info));
        }),
    }
}

fn put_entry(
    out: &mut BytesMut,
    kind: &[u8; 4],
    channels: u8,
    bits_per_sample: u16,
    sample_rate_hz: u32,
    decoder: impl FnOnce(&mut BytesMut),
) {
    put_box(out, kind, |out| {
        out.put_bytes(0, 6);
        out.put_u16(1); // the data reference
        out.put_bytes(0, 8);
        out.put_u16(channels.into());
        out.put_u16(bits_per_sample);
        out.put_u32(0);
        // Sixteen bits of whole hertz: rates beyond that stand only in the decoder's own description.
        out.put_u32(u32::from(u16::try_from(sample_rate_hz).unwrap_or(0)) << 16);
        decoder(out);
    });
}

/// The nested descriptors of MPEG-4 part 1: tag, length, contents.
fn elementary_stream(out: &mut BytesMut, config: &Config) {
    let decoder_specific = descriptor(5, &config.decoder_config());
    // Buffer size and bit rates: not said.
    let decoder = [&[OBJECT_TYPE_AAC, STREAM_TYPE_AUDIO][..], &[0; 11], &decoder_specific].concat();
    let sync_layer = descriptor(6, &[2]); // as MP4 files have it
    let stream_id_and_flags = [0, 0, 0];
    out.put_slice(&descriptor(3, &[&stream_id_and_flags[..], &descriptor(4, &decoder), &sync_layer].concat()));
}

fn descriptor(tag: u8, contents: &[u8]) -> Vec<u8> {
    // All of ours are shorter than the 128 bytes that one byte of length can say.
    [&[tag, contents.len() as u8], contents].concat()
}

/// Opus as its encapsulation in MP4 has it. Nothing is skipped at the start: a live stream has none.
fn opus(out: &mut BytesMut, channels: u8, sample_rate_hz: u32, gain: i16) {
    out.put_u8(0); // the version
    out.put_u8(channels);
    out.put_u16(0); // samples to skip
    out.put_u32(sample_rate_hz);
    out.put_i16(gain);
    out.put_u8(0); // the channels are mono or stereo
}

/// The one metadata block that must be there, marked as the last.
fn flac(out: &mut BytesMut, info: StreamInfo) {
    const LAST_BLOCK: u32 = 0x8000_0000;
    let block = info.to_block();
    out.put_u32(LAST_BLOCK | block.len() as u32);
    out.put_slice(&block);
}
