//! What proves that somebody is who they say: a password, a one-time code, a passkey.
//!
//! A passkey asks its owner for a finger, a face or a PIN, and so proves two things at once. A password proves one; who
//! has set up one-time codes is asked for a code besides.

pub(crate) mod code;
pub(crate) mod passkey;
pub(crate) mod password;
pub(crate) mod recovery;
