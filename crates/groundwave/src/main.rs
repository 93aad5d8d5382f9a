//! Groundwave: one radio station, on the air and on the page.
fn main() {}
