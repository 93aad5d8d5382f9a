//! The schedule: what is on, what comes next, and when.
