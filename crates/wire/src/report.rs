//! What an import did, for the person who started it.

use std::fmt;
use std::path::PathBuf;

use station::Timestamp;

/// How many remarks are kept; how many more there were is counted.
const REMARKS_MAX: usize = 5_000;

/// What an import did: how many documents of each fate, and what a person must know.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// Shown for the first time, or again after they had been withdrawn.
    pub new: u64,
    /// Shown before, and different now.
    pub updated: u64,
    /// As they were.
    pub unchanged: u64,
    /// Shown before, and gone now.
    pub withdrawn: u64,
    /// Kept as they came, and not shown.
    pub kept: u64,
    /// Not read or not understood.
    pub failed: u64,
    /// Documents of earlier imports that are different now because something that they name arrived, changed or went.
    pub relinked: u64,
    /// What a person must know, in the order in which it was met.
    pub remarks: Vec<Remark>,
    /// How many more remarks there were.
    pub remarks_left_out: u64,
}

/// One thing that a person must know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The file that the document came in; `None` if it was here already.
    pub file: Option<PathBuf>,
    /// The document's id, if one could be read.
    pub document: Option<String>,
    /// What it is.
    pub matter: Matter,
}

/// What there is to say of a document.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Matter {
    /// It failed: it could not be read, understood or stored.
    Failed(String),
    /// It is of a type that the station does not show.
    NotShown {
        /// The type.
        kind: String,
    },
    /// Its owner shows it to some stations only, and this one is not among them.
    Restricted,
    /// It may not be shown yet.
    Waits {
        /// Until when.
        until: Timestamp,
    },
    /// It was shown, and is gone now.
    Withdrawn,
    /// The station has taken it down itself; it stays down.
    TakenDownHere,
    /// A part is shown to some stations only, and was left out.
    RestrictedPart {
        /// Which.
        asset: String,
        /// What it is.
        kind: String,
    },
    /// A part is of a type that the station does not know. It stays in the source.
    UnknownPart {
        /// Which.
        asset: String,
        /// What it says it is.
        kind: String,
    },
    /// A part has nothing that can be shown here.
    EmptyPart {
        /// Which.
        asset: String,
        /// What it is.
        kind: String,
        /// Why, in a few words.
        why: &'static str,
    },
    /// A part is so large that its end was cut off.
    CutPart {
        /// Which.
        asset: String,
    },
    /// A part is named more than once, or contains itself.
    RepeatedPart {
        /// Which.
        asset: String,
    },
    /// It has more parts than a page can hold; the rest was left out.
    TooManyParts,
    /// A sound is not offered.
    NoSound {
        /// Which.
        asset: String,
        /// Why, in a few words.
        why: &'static str,
    },
    /// It points at a document that cannot be read here.
    PointsNowhere {
        /// At which.
        document: String,
    },
    /// It credits somebody whose biography has not arrived and whose name it does not say.
    NamelessByline {
        /// Whose biography.
        biography: String,
    },
    /// Nobody could say who its owner is.
    UnknownOwner {
        /// What the document says.
        href: String,
        /// Under which name it is shown.
        shown_as: String,
    },
    /// It does not say when it was published.
    Undated,
    /// Something is not of the shape that it should have.
    Misshapen(String),
}

impl Report {
    /// True if a document could not be read, understood or stored.
    pub fn has_failures(&self) -> bool {
        self.failed > 0
    }

    pub(crate) fn remark(&mut self, remark: Remark) {
        if self.remarks.len() < REMARKS_MAX {
            self.remarks.push(remark);
        } else {
            self.remarks_left_out += 1;
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { new, updated, unchanged, withdrawn, kept, failed, .. } = self;
        write!(f, "{new} new, {updated} updated, {unchanged} unchanged, {withdrawn} withdrawn, ")?;
        write!(f, "{kept} kept but not shown, {failed} failed")?;
        match self.relinked {
            0 => {}
            1 => write!(f, "\n1 earlier document was linked anew")?,
            more => write!(f, "\n{more} earlier documents were linked anew")?,
        }
        for remark in &self.remarks {
            write!(f, "\n{remark}")?;
        }
        match self.remarks_left_out {
            0 => Ok(()),
            more => write!(f, "\nand {more} more remarks"),
        }
    }
}

impl fmt::Display for Remark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.file, &self.document) {
            (Some(file), Some(document)) => write!(f, "{} ({document}): ", file.display())?,
            (Some(file), None) => write!(f, "{}: ", file.display())?,
            (None, Some(document)) => write!(f, "{document}: ")?,
            (None, None) => {}
        }
        self.matter.fmt(f)
    }
}

impl fmt::Display for Matter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Matter::Failed(why) => write!(f, "failed: {why}"),
            Matter::NotShown { kind } if kind.is_empty() => write!(f, "kept, not shown: it does not say what it is"),
            Matter::NotShown { kind } => write!(f, "kept, not shown: it is a {kind}"),
            Matter::Restricted => write!(f, "not shown: its owner restricts it to other stations"),
            Matter::Waits { until } => write!(f, "not shown before {until}; import it again then"),
            Matter::Withdrawn => write!(f, "withdrawn: it was shown here, and is gone now"),
            Matter::TakenDownHere => write!(f, "left alone: this station has taken it down"),
            Matter::RestrictedPart { asset, kind } => {
                write!(f, "{kind} `{asset}` is left out: its owner restricts it to other stations")
            }
            Matter::UnknownPart { asset, kind } if kind.is_empty() => {
                write!(f, "part `{asset}` does not say what it is; it is kept in the source and not shown")
            }
            Matter::UnknownPart { asset, kind } => {
                write!(f, "part `{asset}` is of the unknown type `{kind}`; it is kept in the source and not shown")
            }
            Matter::EmptyPart { asset, kind, why } => write!(f, "{kind} `{asset}` is left out: {why}"),
            Matter::CutPart { asset } => write!(f, "part `{asset}` is too large; its end is cut off"),
            Matter::RepeatedPart { asset } => write!(f, "part `{asset}` is named more than once; it is shown once"),
            Matter::TooManyParts => write!(f, "it has too many parts; the rest is left out"),
            Matter::NoSound { asset, why } => write!(f, "sound `{asset}` is not offered: {why}"),
            Matter::PointsNowhere { document } => {
                write!(f, "it points at {document}, which is not here; the pointer is left out until it arrives")
            }
            Matter::NamelessByline { biography } => {
                write!(f, "it credits the author of {biography}, whose biography has not arrived: the name is missing")
            }
            Matter::UnknownOwner { href, shown_as } => {
                write!(f, "nobody could say who its owner {href} is; it is credited to {shown_as}")
            }
            Matter::Undated => write!(f, "it does not say when it was published; the time of its import stands in"),
            Matter::Misshapen(what) => write!(f, "misshapen: {what}"),
        }
    }
}
