//! Opus packets: how long each lasts.

/// Opus is always played at this rate.
pub(super) const SAMPLE_RATE_HZ: u32 = 48_000;
/// The shortest frame, 2.5 ms; all others are multiples of it.
pub(super) const GRAIN_SAMPLES: u32 = 120;
/// No packet may last longer: 120 ms.
pub(super) const PACKET_SAMPLES_MAX: u32 = 5_760;

/// How many samples a packet lasts; `None` if it is no Opus packet.
pub(super) fn samples(packet: &[u8]) -> Option<u32> {
    let contents = *packet.first()?;
    let frames = match contents & 3 {
        0 => 1,
        1 | 2 => 2,
        _ => u32::from(packet.get(1)? & 0x3f),
    };
    let samples = frames * frame_samples(contents >> 3);
    (1..=PACKET_SAMPLES_MAX).contains(&samples).then_some(samples)
}

/// The length of a frame, as the upper five bits of a packet's first byte tell it (RFC 6716, 3.1).
fn frame_samples(configuration: u8) -> u32 {
    match configuration {
        0..12 => [480, 960, 1_920, 2_880][usize::from(configuration % 4)],
        12..16 => [480, 960][usize::from(configuration % 2)],
        _ => [120, 240, 480, 960][usize::from(configuration % 4)],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_tells_how_long_it_lasts() {
        for (packet, lasts) in [
            (&[0xfc][..], Some(960)),         // CELT, 20 ms, one frame
            (&[0xe0][..], Some(120)),         // CELT, 2.5 ms
            (&[0x18][..], Some(2_880)),       // SILK, 60 ms
            (&[0x79][..], Some(1_920)),       // hybrid, two frames of 20 ms
            (&[0xff, 0x03][..], Some(2_880)), // three frames of 20 ms
            (&[0xff, 0x3f][..], None),        // 63 of them would be more than a packet may last
            (&[0xff][..], None),
            (&[0xff, 0x00][..], None),
            (&[][..], None),
        ] {
            assert_eq!(samples(packet), lasts, "{packet:x?}");
        }
    }
}
