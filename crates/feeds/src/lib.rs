//! Documents as values: what the wire, the podcasts and the calendars are written in. Pure.
