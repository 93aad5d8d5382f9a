//! The live audio server: sources in, listeners and HLS out, and never silence.
