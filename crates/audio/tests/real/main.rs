//! The framers and packers against real encoders and decoders: ffmpeg and LAME make the streams, ffmpeg judges what
//! comes out.

mod cutting;
mod encoder;
mod joining;
mod levels;
mod packing;
mod sound;
