//! Compare: what is different between two texts of a story, word by word and block by block.
//!
//! A block of the one text is found in the other by what it says, then by its name. Whoever reads the comparison sees
//! what came, what went, what moved and, within a block that was changed, which words. Pictures and sounds are compared
//! by what stands beside them and by the file itself.
//!
//! Start at [`texts`].

use std::collections::{HashMap, HashSet, VecDeque};
use std::mem::discriminant;

use serde::Serialize;
use station::draft::Piece;
use station::{Block, Draft, Image, Sound, image, markdown, sound};

/// The longest table of words against words: beyond it a block has changed as a whole.
const TABLE_MAX: usize = 4_000_000;

/// What is different.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Fields that read differently, by their names.
    pub fields: Vec<Field>,
    /// Every block of the body, in the order of the later text; what went stands where it stood.
    pub blocks: Vec<Change>,
}

/// A field that reads differently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its name, as people say it.
    pub name: &'static str,
    /// Its words.
    pub words: Vec<Span>,
}

/// A block, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What became of it.
    pub fate: Fate,
    /// Its words.
    pub words: Vec<Span>,
}

/// What became of a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// It is the same, in its place.
    Same,
    /// It came.
    New,
    /// It went.
    Gone,
    /// Its words are different.
    Changed,
    /// It is the same, in another place.
    Moved,
}

/// Words that are in both texts, or in one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// In which.
    pub side: Side,
    /// The words.
    pub words: String,
}

/// In which text words stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// In both.
    Both,
    /// In the earlier alone.
    Gone,
    /// In the later alone.
    New,
}

/// What is different in `after`.
pub fn texts(before: &Draft, after: &Draft) -> Comparison {
    Comparison { fields: fields(before, after), blocks: blocks(&before.body, &after.body) }
}

impl Comparison {
    /// True if nothing is different.
    pub fn is_same(&self) -> bool {
        self.fields.is_empty() && self.blocks.iter().all(|change| change.fate == Fate::Same)
    }
}

fn fields(before: &Draft, after: &Draft) -> Vec<Field> {
    let said = |draft: &Draft| {
        [
            ("Kicker", draft.kicker.clone()),
            ("Headline", draft.headline.clone()),
            ("Teaser", draft.teaser.clone()),
            ("Headline for search", draft.seo_title.clone()),
            ("Byline", draft.bylines.iter().map(|byline| byline.name.as_str()).collect::<Vec<_>>().join(", ")),
            ("Section", draft.section.to_string()),
            ("Programme", draft.programme.map(|programme| programme.to_string()).unwrap_or_default()),
            ("Address", draft.slug().to_string()),
            ("Picture above the text", draft.lead.as_ref().map(image_words).unwrap_or_default()),
            ("Sound", draft.sounds.iter().map(sound_words).collect::<Vec<_>>().join("\n")),
            ("For the desk", draft.note.clone()),
        ]
    };
    let pairs = said(before).into_iter().zip(said(after));
    let differs = pairs.filter(|((_, before), (_, after))| before != after);
    differs.map(|((name, before), (_, after))| Field { name, words: words(&before, &after) }).collect()
}

fn blocks(before: &[Piece], after: &[Piece]) -> Vec<Change> {
    let from = matched(before, after);
    let in_place = rising(&from);
    let kept: HashSet<usize> = from.iter().flatten().copied().collect();
    let mut changes = Vec::new();
    let mut next = 0;
    for (at, piece) in after.iter().enumerate() {
        if in_place.contains(&at) {
            let place = from[at].unwrap_or_default();
            changes.extend(gone(before, next..place, &kept));
            next = place + 1;
        }
        changes.push(match from[at] {
            None => Change { fate: Fate::New, words: words("", &block_words(piece)) },
            Some(place) => fate(&before[place], piece, in_place.contains(&at)),
        });
    }
    changes.extend(gone(before, next..before.len(), &kept));
    changes
}

fn fate(before: &Piece, after: &Piece, is_in_place: bool) -> Change {
    let fate = match (before.block == after.block, is_in_place) {
        (false, _) => Fate::Changed,
        (true, true) => Fate::Same,
        (true, false) => Fate::Moved,
    };
    // A name is nothing that anybody sees.
    let after_words = block_words(&Piece { id: before.id.clone(), block: after.block.clone() });
    Change { fate, words: words(&block_words(before), &after_words) }
}

fn gone<'a>(
    before: &'a [Piece],
    places: std::ops::Range<usize>,
    kept: &'a HashSet<usize>,
) -> impl Iterator<Item = Change> + 'a {
    let gone = places.filter(|place| !kept.contains(place));
    gone.map(|place| Change { fate: Fate::Gone, words: words(&block_words(&before[place]), "") })
}

/// For each piece of the later text, the place in the earlier from which it comes.
fn matched(before: &[Piece], after: &[Piece]) -> Vec<Option<usize>> {
    let key = |block: &Block| serde_json::to_string(block).expect("a block can be written as JSON");
    let mut places: HashMap<String, VecDeque<usize>> = HashMap::new();
    for (at, piece) in before.iter().enumerate() {
        places.entry(key(&piece.block)).or_default().push_back(at);
    }
    let mut from: Vec<Option<usize>> =
        after.iter().map(|piece| places.get_mut(&key(&piece.block))?.pop_front()).collect();
    let mut taken: HashSet<usize> = from.iter().flatten().copied().collect();
    let is_kin = |place: usize, piece: &Piece| {
        before.get(place).is_some_and(|old| discriminant(&old.block) == discriminant(&piece.block))
    };
    for (at, piece) in after.iter().enumerate().filter(|(at, _)| from[*at].is_none()).collect::<Vec<_>>() {
        let named = before.iter().position(|old| old.id == piece.id);
        let behind = if at == 0 { Some(0) } else { from[at - 1].map(|place| place + 1) };
        let found = [named, behind].into_iter().flatten().find(|place| is_kin(*place, piece) && !taken.contains(place));
        taken.extend(found);
        from[at] = found;
    }
    from
}

/// Which of the pieces stand in the order in which they stood: as many as can.
fn rising(from: &[Option<usize>]) -> HashSet<usize> {
    let placed: Vec<(usize, usize)> = from.iter().enumerate().filter_map(|(at, place)| Some((at, (*place)?))).collect();
    let mut best: Vec<(usize, Option<usize>)> = Vec::with_capacity(placed.len());
    for (index, (_, place)) in placed.iter().enumerate() {
        let earlier = (0..index).filter(|other| placed[*other].1 < *place);
        let longest = earlier.max_by_key(|other| best[*other].0);
        best.push((longest.map_or(1, |other| best[other].0 + 1), longest));
    }
    let mut at = (0..best.len()).max_by_key(|index| best[*index].0);
    let mut rising = HashSet::new();
    while let Some(index) = at {
        rising.insert(placed[index].0);
        at = best[index].1;
    }
    rising
}

/// What a block says, with what stands beside a picture or a sound.
fn block_words(piece: &Piece) -> String {
    match &piece.block {
        Block::Image { image } => image_words(image),
        Block::Gallery { title, images } => {
            let images = images.iter().map(image_words);
            std::iter::once(title.clone()).chain(images).collect::<Vec<_>>().join("\n")
        }
        Block::Sound { sound } => sound_words(sound),
        Block::Note { text, .. } => format!("Editor’s note: {}", text.words()),
        _ => markdown::write(std::slice::from_ref(piece)).trim_end().to_owned(),
    }
}

fn image_words(image: &Image) -> String {
    let file = match &image.file {
        image::File::Vault(key) => key,
        image::File::Remote { href, .. } => href,
    };
    format!("Picture {file}\nshows: {}\ncaption: {}\ncredit: {}", image.alt, image.caption, image.credit)
}

fn sound_words(sound: &Sound) -> String {
    let file = match &sound.file {
        sound::File::Vault(key) | sound::File::Remote(key) => key,
    };
    let transcript = match &sound.transcript {
        None => "none",
        Some(sound::Transcript::Page(href)) => href,
        Some(sound::Transcript::Text(words)) => &words.join("\n"),
    };
    format!("Sound {file}\ntitle: {}\ntranscript: {transcript}", sound.title)
}

/// The words of both, and in which of them each stands.
pub fn words(before: &str, after: &str) -> Vec<Span> {
    let (before, after) = (pieces_of(before), pieces_of(after));
    let same_head = before.iter().zip(&after).take_while(|(one, other)| one == other).count();
    let rest = before.len().min(after.len()) - same_head;
    let same_tail =
        before.iter().rev().zip(after.iter().rev()).take(rest).take_while(|(one, other)| one == other).count();
    let (old, new) = (&before[same_head..before.len() - same_tail], &after[same_head..after.len() - same_tail]);
    let mut spans = Vec::new();
    let mut say = |side: Side, words: &str| push(&mut spans, side, words);
    before[..same_head].iter().for_each(|words| say(Side::Both, words));
    differing(old, new, &mut say);
    before[before.len() - same_tail..].iter().for_each(|words| say(Side::Both, words));
    spans
}

fn differing(old: &[&str], new: &[&str], say: &mut impl FnMut(Side, &str)) {
    if old.len().saturating_mul(new.len()) > TABLE_MAX {
        old.iter().for_each(|words| say(Side::Gone, words));
        new.iter().for_each(|words| say(Side::New, words));
        return;
    }
    // How many words the rests have in common, from each place in both.
    let width = new.len() + 1;
    let mut common = vec![0u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * width + j] = match old[i] == new[j] {
                true => common[(i + 1) * width + j + 1] + 1,
                false => common[(i + 1) * width + j].max(common[i * width + j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    while i < old.len() && j < new.len() {
        if old[i] == new[j] {
            say(Side::Both, old[i]);
            (i, j) = (i + 1, j + 1);
        } else if common[(i + 1) * width + j] >= common[i * width + j + 1] {
            say(Side::Gone, old[i]);
            i += 1;
        } else {
            say(Side::New, new[j]);
            j += 1;
        }
    }
    old[i..].iter().for_each(|words| say(Side::Gone, words));
    new[j..].iter().for_each(|words| say(Side::New, words));
}

fn push(spans: &mut Vec<Span>, side: Side, words: &str) {
    match spans.last_mut() {
        Some(span) if span.side == side => span.words.push_str(words),
        _ => spans.push(Span { side, words: words.to_owned() }),
    }
}

/// Words, each with the space behind it.
fn pieces_of(text: &str) -> Vec<&str> {
    text.split_inclusive(char::is_whitespace).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use station::Slug;

    fn draft(pieces: &[(&str, &str)]) -> Draft {
        let body = pieces.iter().map(|(id, words)| Piece { id: (*id).into(), block: Block::paragraph(*words) });
        Draft { body: body.collect(), ..Draft::new(Slug::parse("news").unwrap()) }
    }

    fn told(spans: &[Span]) -> String {
        let mark = |span: &Span| match span.side {
            Side::Both => span.words.clone(),
            Side::Gone => format!("[-{}]", span.words),
            Side::New => format!("[+{}]", span.words),
        };
        spans.iter().map(mark).collect()
    }

    #[test]
    fn words_that_came_and_went_are_told() {
        assert_eq!(
            told(&words("The river rises by a foot.", "The river falls by a foot.")),
            "The river [-rises ][+falls ]by a foot."
        );
        assert_eq!(told(&words("", "All new")), "[+All new]");
        assert_eq!(told(&words("same", "same")), "same");
    }

    #[test]
    fn blocks_came_went_moved_and_changed() {
        let before = draft(&[("a", "One."), ("b", "Two."), ("c", "Three."), ("d", "Four.")]);
        let after = draft(&[("c", "Three."), ("a", "One."), ("b", "Two, more."), ("e", "Five.")]);
        let comparison = texts(&before, &after);
        let fates: Vec<_> = comparison.blocks.iter().map(|change| (change.fate, told(&change.words))).collect();
        assert_eq!(
            fates,
            [
                (Fate::Moved, "Three.".into()),
                (Fate::Same, "One.".into()),
                (Fate::Changed, "[-Two.][+Two, more.]".into()),
                (Fate::New, "[+Five.]".into()),
                (Fate::Gone, "[-Four.]".into()),
            ]
        );
        assert!(!comparison.is_same() && texts(&after, &after).is_same());
    }

    #[test]
    fn fields_and_pictures_are_compared_too() {
        let picture = |alt: &str| Image {
            file: image::File::Vault("media/a.jpg".into()),
            width_px: None,
            height_px: None,
            alt: alt.into(),
            caption: String::new(),
            credit: "Jo".into(),
        };
        let before = Draft { headline: "Old".into(), lead: Some(picture("A dam")), ..draft(&[]) };
        let after = Draft { headline: "New".into(), lead: Some(picture("A mill")), ..draft(&[]) };
        let names: Vec<_> = texts(&before, &after).fields.iter().map(|field| field.name).collect();
        assert_eq!(names, ["Headline", "Address", "Picture above the text"]);
    }
}
