//! The wire, told as stories: documents come in, and a reader sees what their owners allow.

mod house;

use std::time::Duration;

use feeds::cds::Document;
use house::{House, fixture};
use serde_json::{Value, json};
use station::story::State;
use station::{Block, Event, Story, image, sound};
use wire::report::Matter;

fn texts(story: &Story) -> Vec<String> {
    let words = |block: &Block| match block {
        Block::Paragraph { text } | Block::Heading { text, .. } | Block::Note { text, .. } => Some(text.words()),
        _ => None,
    };
    story.body.iter().filter_map(words).collect()
}

fn hrefs(story: &Story) -> Vec<String> {
    let of = |block: &Block| match block {
        Block::Paragraph { text } => text.0.iter().filter_map(|run| run.href.clone()).collect(),
        Block::Related { href, .. } | Block::Embed { href, .. } => vec![href.clone()],
        _ => Vec::new(),
    };
    story.body.iter().flat_map(of).collect()
}

fn names(story: &Story) -> Vec<&str> {
    story.bylines.iter().map(|byline| byline.name.as_str()).collect()
}

/// Everything of a story that a page could print.
fn printed(story: &Story) -> String {
    serde_json::to_string(story).unwrap()
}

#[tokio::test]
async fn an_import_credits_npr_without_network() {
    let house = House::open().await;
    let report = house.import(&["story.json"]).await;
    assert_eq!((report.new, report.failed), (1, 0), "{report}");

    let story = house.story("nx-s1-9000001").await;
    assert_eq!(story.rights.copyright().as_deref(), Some("Copyright 2026 NPR."));
    assert_eq!(story.rights.see_more(), Some("https://www.npr.org"));
    assert_eq!(story.rights.canonical.as_deref(), Some("https://www.npr.org/2026/02/11/nx-s1-9000001/river"));
    assert_eq!(story.rights.recommend_until.unwrap().to_string(), "2027-02-11T10:01:00Z");
    assert!(!story.rights.is_noindex);
}

#[tokio::test]
async fn a_built_out_story_becomes_blocks_in_order() {
    let house = House::open().await;
    let report = house.import(&["related.json", "transcript.json", "biography.json", "story.json"]).await;
    let story = house.story("nx-s1-9000001").await;

    assert_eq!(story.headline, "How a town learned to read its river");
    assert_eq!(story.teaser, "A striped post, a float and a telephone line: how Alder Falls stopped being surprised.");
    assert_eq!((story.section.as_str(), story.slug.as_str()), ("science", "how-a-town-learned-to-read-its-river"));
    assert_eq!(story.published_at.unwrap().to_string(), "2026-02-11T10:01:00Z");
    assert_eq!(story.updated_at.unwrap().to_string(), "2026-02-11T13:30:12.345Z");
    assert_eq!(names(&story), ["Maren Tollivar", "Lem Okafor-Reyes"]);

    let kinds: Vec<Value> =
        story.body.iter().map(|block| serde_json::to_value(block).unwrap()["block"].clone()).collect();
    let expected = [
        "paragraph",
        "heading",
        "quote",
        "paragraph",
        "pull-quote",
        "embed",
        "related",
        "embed",
        "related",
        "gallery",
        "list",
    ];
    assert_eq!(kinds, expected, "{report}");
    assert_eq!(
        hrefs(&story),
        [
            "https://gauge.example/alder?site=7&parm=00065",
            "https://www.npr.org/2025/10/02/earlier",
            "https://maps.example/valley?layers=gauges",
            "/news/2026-01-20/when-the-gauge-fell-silent",
            "https://www.youtube.com/watch?v=a1B2c3D4e5F&t=12s",
            "https://hydrology.example/primer",
        ]
    );
    assert!(
        matches!(&story.body[4], Block::PullQuote { attribution, .. } if attribution == "Ada Quill, keeper of the gauge")
    );
    assert!(
        matches!(&story.body[6], Block::Related { teaser, .. } if teaser == "A frozen float, and a night of guessing.")
    );
    assert!(matches!(&story.body[5], Block::Embed { title, .. } if title == "Gauges of the valley"));
}

#[tokio::test]
async fn the_lead_picture_stands_above_the_words_once() {
    let house = House::open().await;
    house.import(&["story.json"]).await;
    let story = house.story("nx-s1-9000001").await;
    let lead = story.lead.as_ref().unwrap();
    let image::File::Remote { href, template } = &lead.file else { panic!("{lead:?}") };
    assert_eq!(href, "https://media.example/gauge.jpg");
    assert_eq!(template.as_deref(), Some("https://media.example/{width}/{quality}/gauge.{format}"));
    assert_eq!((lead.width_px, lead.height_px), (Some(2400), Some(1600)));
    assert_eq!(lead.alt, "A striped measuring post stands in brown water");
    assert_eq!(lead.caption, "The staff gauge at Alder Falls, seen from the weir.");
    assert_eq!(lead.credit, "Jo Birch / Valley Pictures");
    assert!(!story.body.iter().any(|block| matches!(block, Block::Image { .. })));
}

#[tokio::test]
async fn a_sound_stays_at_its_owners_with_its_whole_address() {
    let house = House::open().await;
    house.import(&["story.json", "transcript.json"]).await;
    let story = house.story("nx-s1-9000001").await;
    let [sound] = story.sounds.as_slice() else { panic!("{:?}", story.sounds) };
    let address = "https://ondemand.example/anon.mp3/river.mp3?t=progseg&e=9000001&p=3&seg=2&d=236&size=3786112";
    assert_eq!(sound.file, sound::File::Remote(address.into()));
    assert_eq!(
        (sound.media_type.as_str(), sound.duration_ms, sound.bytes),
        ("audio/mpeg", Some(236_000), Some(3_786_112))
    );
    assert!(sound.is_downloadable);
    let Some(sound::Transcript::Text(words)) = &sound.transcript else { panic!("{:?}", sound.transcript) };
    assert_eq!(words, &["ADA QUILL: We used to walk down with a lamp.", "LEM OKAFOR-REYES, BYLINE: Now they do not."]);
}

#[tokio::test]
async fn what_cannot_be_shown_is_named() {
    let house = House::open().await;
    let report = house.import(&["story.json"]).await.to_string();
    for line in [
        "part `odd` is of the unknown type `hologram`; it is kept in the source and not shown",
        "image `g2` is left out: its owner restricts it to other stations",
        "it points at nx-s1-9000099, which is not here; the pointer is left out until it arrives",
        "it credits the author of nx-s1-9000100, whose biography has not arrived: the name is missing",
    ] {
        assert!(report.contains(&format!("story.json (nx-s1-9000001): {line}")), "{report}");
    }
    assert!(report.starts_with("1 new, 0 updated, 0 unchanged, 0 withdrawn, 0 kept but not shown, 0 failed\n"));
    // The source is kept to the letter.
    let kept = Document::parse(house.kept("nx-s1-9000001").await.raw.as_bytes()).unwrap();
    assert_eq!(kept, Document::parse(&fixture("story.json")).unwrap());
}

#[tokio::test]
async fn the_order_of_files_does_not_matter() {
    let orders = [
        vec!["biography.json", "transcript.json", "related.json", "story.json"],
        vec!["story.json", "related.json", "transcript.json", "biography.json"],
    ];
    let mut told = Vec::new();
    for order in orders {
        let together = House::open().await;
        together.import(&order).await;
        told.push(together.story("nx-s1-9000001").await);

        let one_by_one = House::open().await;
        for file in order {
            one_by_one.import(&[file]).await;
        }
        told.push(one_by_one.story("nx-s1-9000001").await);
    }
    let plain = |story: &Story| {
        let bylines =
            story.bylines.iter().map(|byline| (byline.name.clone(), byline.person.is_some())).collect::<Vec<_>>();
        (story.headline.clone(), bylines, hrefs(story), story.sounds.clone())
    };
    for other in &told[1..] {
        assert_eq!(plain(other), plain(&told[0]));
    }
    assert_eq!(plain(&told[0]).1[0], ("Maren Tollivar".to_owned(), true));
}

#[tokio::test]
async fn a_biography_that_arrives_later_links_the_stories_that_credit_it() {
    let house = House::open().await;
    house.import(&["story.json"]).await;
    let before = house.story("nx-s1-9000001").await;
    assert_eq!(names(&before), ["Lem Okafor-Reyes"]);

    let report = house.import(&["biography.json"]).await;
    assert_eq!((report.new, report.relinked), (1, 1), "{report}");
    let person = house.person("nx-s1-9000100").await;
    let story = house.story("nx-s1-9000001").await;
    assert_eq!(story.bylines[0].person, Some(person.id));
    assert_eq!(story.id, before.id);
    assert_eq!(
        house.events().await[1..],
        [Event::PersonChanged { person: person.id }, Event::StoryUpdated { story: story.id },]
    );
}

#[tokio::test]
async fn a_biography_becomes_a_person() {
    let house = House::open().await;
    house.import(&["biography.json"]).await;
    let person = house.person("nx-s1-9000100").await;
    assert_eq!((person.name.as_str(), person.slug.as_str()), ("Maren Tollivar", "maren-tollivar"));
    assert_eq!(person.role, "Correspondent, Rivers and Coasts");
    assert_eq!(person.bio.len(), 2);
    assert!(!serde_json::to_string(&person.bio).unwrap().contains("alert"));
    assert_eq!(person.image.unwrap().alt, "Maren Tollivar, smiling, in a raincoat");
    assert_eq!(
        person.source.unwrap().canonical.as_deref(),
        Some("https://www.npr.org/people/nx-s1-9000100/maren-tollivar")
    );

    let report = house.change("biography.json", |bio| bio["title"] = json!("Maren Tollivar-Reyes")).await;
    assert_eq!(report.updated, 1);
    let renamed = house.person("nx-s1-9000100").await;
    assert_eq!((renamed.name.as_str(), renamed.slug.as_str()), ("Maren Tollivar-Reyes", "maren-tollivar"));
}

#[tokio::test]
async fn an_unchanged_document_changes_nothing() {
    let house = House::open().await;
    let files = ["story.json", "biography.json", "related.json", "corrected.json", "premium.json", "hostile.json"];
    house.import(&files).await;
    let (events, revisions) = (house.events().await, house.revisions("nx-s1-9000001").await);
    let kept = house.kept("nx-s1-9000001").await;

    house.clock.advance(Duration::from_secs(3600));
    let report = house.import(&files).await;
    assert_eq!((report.unchanged, report.new, report.updated), (6, 0, 0), "{report}");
    assert!(report.remarks.is_empty(), "{report}");
    assert_eq!(house.events().await, events);
    assert_eq!(house.revisions("nx-s1-9000001").await, revisions);
    assert_eq!(house.kept("nx-s1-9000001").await, kept);
}

#[tokio::test]
async fn the_same_document_written_otherwise_is_unchanged() {
    let house = House::open().await;
    house.import(&["story.json"]).await;
    let events = house.events().await;
    let compact = serde_json::from_slice::<Value>(&fixture("story.json")).unwrap().to_string();
    let report = house.import_bytes(vec![("compact.json", compact.into_bytes())]).await;
    assert_eq!(report.unchanged, 1);
    assert_eq!(house.events().await, events);
}

#[tokio::test]
async fn a_changed_document_is_updated_under_its_address() {
    let house = House::open().await;
    house.import(&["story.json"]).await;
    let before = house.story("nx-s1-9000001").await;

    let report = house
        .change("story.json", |story| {
            story["title"] = json!("Quite another headline");
            story["collections"] = json!([{"href": "/v1/documents/1039"}]);
            story["publishDateTime"] = json!("2026-02-12T12:00:00Z");
            story["assets"]["t1"]["text"] = json!("Quite another beginning.");
        })
        .await;
    assert_eq!((report.updated, report.new), (1, 0), "{report}");
    let after = house.story("nx-s1-9000001").await;
    assert_eq!(after.headline, "Quite another headline");
    assert_eq!(texts(&after)[0], "Quite another beginning.");
    assert_eq!((after.id, &after.slug, &after.section), (before.id, &before.slug, &before.section));
    assert_eq!(after.published_at, before.published_at);
    assert_eq!(house.events().await.last(), Some(&Event::StoryUpdated { story: after.id }));
    assert_eq!(house.revisions("nx-s1-9000001").await, ["Updated by its owner", "Imported"]);
}

#[tokio::test]
async fn a_document_without_a_body_gets_it_later_under_the_same_id() {
    let house = House::open().await;
    house.import(&["not-built-out.json"]).await;
    let segment = house.story("nx-s1-9000014").await;
    assert!(segment.body.is_empty() && segment.sounds.len() == 1);
    assert!(!segment.sounds[0].is_downloadable);

    house
        .change("not-built-out.json", |story| {
            story["assets"]["t1"] = json!({"id": "t1", "profiles": [{"href": "/v1/profiles/text", "rels": ["type"]}], "text": "High water."});
            story["layout"] = json!([{"href": "#/assets/snd"}, {"href": "#/assets/t1"}]);
        })
        .await;
    let built = house.story("nx-s1-9000014").await;
    assert_eq!((built.id, built.body.len(), built.sounds.len()), (segment.id, 1, 1));
}

#[tokio::test]
async fn a_document_that_becomes_restricted_disappears() {
    let house = House::open().await;
    house.import(&["story.json", "related.json"]).await;
    let id = house.story("nx-s1-9000002").await.id;
    let restrict = |story: &mut Value| story["isRestrictedToAuthorizedOrgServiceIds"] = json!(true);

    let report = house.change("related.json", restrict).await;
    assert_eq!((report.withdrawn, report.relinked), (1, 1), "{report}");
    let gone = house.story("nx-s1-9000002").await;
    assert_eq!(gone.state, State::Withdrawn);
    assert!(gone.body.is_empty() && gone.teaser.is_empty() && gone.lead.is_none() && gone.sounds.is_empty());
    assert!(house.events().await.contains(&Event::StoryWithdrawn { story: id }));
    // Nobody is sent to a page that is gone.
    assert!(!hrefs(&house.story("nx-s1-9000001").await).iter().any(|href| href.contains("gauge-fell-silent")));

    let events = house.events().await;
    let again = house.change("related.json", restrict).await;
    assert_eq!((again.withdrawn, again.kept), (0, 1));
    assert_eq!(house.events().await, events);

    let back = house.import(&["related.json"]).await;
    assert_eq!(back.new, 1, "{back}");
    let story = house.story("nx-s1-9000002").await;
    assert_eq!((story.id, story.state), (id, State::Published));
    assert_eq!(texts(&story), ["In the night of the frost the float froze to the post."]);
}

#[tokio::test]
async fn a_restricted_document_is_shown_where_it_is_authorised() {
    let house = House::open().await;
    let report = house.import(&["restricted.json"]).await;
    assert_eq!((report.kept, report.new), (1, 0));
    assert!(report.to_string().contains("not shown: its owner restricts it to other stations"), "{report}");
    assert!(house.maybe_story("nx-s1-9000010").await.is_none());

    let authorised = House::open_as(&["s921"]).await;
    assert_eq!(authorised.import(&["restricted.json"]).await.new, 1);
}

#[tokio::test]
async fn a_restricted_part_is_left_out_and_the_words_close_up() {
    let house = House::open().await;
    for part in ["t2", "img-gauge", "snd", "pq"] {
        house
            .change("story.json", |story| story["assets"][part]["isRestrictedToAuthorizedOrgServiceIds"] = json!(true))
            .await;
        let page = printed(&house.story("nx-s1-9000001").await);
        let words = match part {
            "t2" => "A post with a history",
            "img-gauge" => "gauge.jpg",
            "snd" => "ondemand.example",
            _ => "pull-quote",
        };
        assert!(!page.contains(words), "{part} is still there");
    }
}

#[tokio::test]
async fn a_restricted_biography_goes_too() {
    let house = House::open().await;
    house.import(&["biography.json", "story.json"]).await;
    let report = house.change("biography.json", |bio| bio["isRestrictedToAuthorizedOrgServiceIds"] = json!(true)).await;
    assert_eq!(report.withdrawn, 1);
    let person = house.person("nx-s1-9000100").await;
    assert!(person.bio.is_empty() && person.image.is_none());
    assert_eq!(names(&house.story("nx-s1-9000001").await)[0], "Maren Tollivar");
}

#[tokio::test]
async fn premium_audio_is_played_and_never_kept() {
    let house = House::open().await;
    let report = house.import(&["premium.json"]).await;
    let story = house.story("nx-s1-9000011").await;
    let [sound] = story.sounds.as_slice() else { panic!("{:?}", story.sounds) };
    assert_eq!(sound.file, sound::File::Remote("https://ondemand.example/tide.mp3?p=5".into()));
    assert!(!sound.is_downloadable);
    assert!(!printed(&story).contains("plus.example"));
    let why = |asset: &str| {
        report.remarks.iter().find_map(|remark| match &remark.matter {
            Matter::NoSound { asset: named, why } if named == asset => Some(*why),
            _ => None,
        })
    };
    assert_eq!(why("gone"), Some("its owner says that it is not available"));
    assert_eq!(why("past"), Some("its owner offered it until a time that has passed"));
}

#[tokio::test]
async fn a_sound_whose_time_runs_out_goes_with_the_next_import() {
    let house = House::open().await;
    let in_an_hour = |story: &mut Value| {
        story["assets"]["snd"]["streamExpirationDateTime"] = json!("2026-11-24T09:00:00Z");
    };
    house.change("not-built-out.json", in_an_hour).await;
    assert_eq!(house.story("nx-s1-9000014").await.sounds.len(), 1);
    house.clock.advance(Duration::from_secs(3600));
    let report = house.change("not-built-out.json", in_an_hour).await;
    assert_eq!(report.updated, 1, "{report}");
    assert!(house.story("nx-s1-9000014").await.sounds.is_empty());
}

#[tokio::test]
async fn an_embargo_is_kept_to_the_second() {
    let house = House::open().await;
    let report = house.import(&["embargoed.json"]).await;
    assert!(report.to_string().contains("not shown before 2026-12-01T11:00:00Z"), "{report}");
    assert!(house.maybe_story("nx-s1-9000012").await.is_none());

    house.clock.advance(Duration::from_secs(7 * 24 * 3600 + 3 * 3600 - 1));
    assert_eq!(house.import(&["embargoed.json"]).await.new, 0);
    house.clock.advance(Duration::from_secs(1));
    assert_eq!(house.import(&["embargoed.json"]).await.new, 1);
    assert_eq!(house.story("nx-s1-9000012").await.published_at.unwrap().to_string(), "2026-12-01T11:00:00Z");
}

#[tokio::test]
async fn corrections_and_notes_are_shown_once() {
    let house = House::open().await;
    house.import(&["corrected.json"]).await;
    let story = house.story("nx-s1-9000013").await;
    let [correction] = story.corrections.as_slice() else { panic!("{:?}", story.corrections) };
    assert_eq!(correction.text.words(), "An earlier version put the opening of the lock in 1872. It was 1827.");
    assert_eq!(correction.at.to_string(), "2026-03-03T15:15:00Z");
    assert_eq!(
        texts(&story),
        ["The lock opened in 1827.", "This story was first told in 2019 and has been brought up to date."]
    );
    assert_eq!(story.updated_at.unwrap().to_string(), "2026-03-03T15:20:00Z");
}

#[tokio::test]
async fn nothing_hostile_gets_through() {
    let house = House::open().await;
    let report = house.import(&["hostile.json"]).await;
    assert_eq!((report.new, report.failed), (1, 0), "{report}");
    let story = house.story("nx-s1-9000020").await;
    let page = printed(&story);
    for trace in
        ["<", "javascript:", "data:", "evil", "track.example", "onerror", "file:", "passwd", "\u{202e}", "\\u0000"]
    {
        assert!(!page.contains(trace), "{trace} is in {page}");
    }
    assert_eq!(story.headline, "Trust me");
    assert_eq!(story.teaser, "Plain words.");
    assert_eq!(names(&story), ["Mallory"]);
    assert!(story.sounds.is_empty() && story.lead.is_none() && story.rights.canonical.is_none());
    assert!(texts(&story).contains(&"Reached by an escaped pointer.".to_owned()));
    assert!(hrefs(&story).is_empty(), "{:?}", hrefs(&story));
    let images: Vec<&station::Image> = story
        .body
        .iter()
        .filter_map(|block| match block {
            Block::Image { image } => Some(image),
            _ => None,
        })
        .collect();
    assert!(matches!(&images[..], [image] if matches!(&image.file, image::File::Remote { template: None, .. })));
}

#[tokio::test]
async fn layouts_that_contain_themselves_come_to_an_end() {
    let house = House::open().await;
    let report = house.import(&["loops.json"]).await;
    assert_eq!(report.new, 1, "{report}");
    let repeated = |name: &str| Matter::RepeatedPart { asset: name.to_owned() };
    for name in ["c1", "c2", "t1", "d1"] {
        assert!(report.remarks.iter().any(|remark| remark.matter == repeated(name)), "{name}: {report}");
    }
    assert_eq!(texts(&house.story("nx-s1-9000021").await), ["Inside.", "Many."]);
}

#[tokio::test]
async fn a_part_that_is_named_a_thousand_times_is_shown_once() {
    let house = House::open().await;
    let report = house
        .change("story.json", |story| {
            story["assets"]["t1"]["text"] = json!("word ".repeat(50_000));
            story["layout"] = json!(vec![json!({"href": "#/assets/t1"}); 20_000]);
            story["audio"] = json!(vec![json!({"href": "#/assets/snd"}); 1_000]);
            story["bylines"] = json!(vec![json!({"href": "#/assets/by2"}); 1_000]);
            story["assets"]["gal"]["layout"] = json!(vec![json!({"href": "#/assets/g1"}); 20_000]);
            story["layout"].as_array_mut().unwrap().insert(0, json!({"href": "#/assets/gal"}));
        })
        .await;
    let once = Matter::RepeatedPart { asset: "t1".into() };
    assert_eq!(report.remarks.iter().filter(|remark| remark.matter == once).count(), 1, "{report}");
    let story = house.story("nx-s1-9000001").await;
    assert_eq!((story.body.len(), story.sounds.len(), story.bylines.len()), (2, 1, 1));
    assert!(matches!(&story.body[0], Block::Gallery { images, .. } if images.len() == 1));
}

#[tokio::test]
async fn one_document_does_not_drown_the_report() {
    let house = House::open().await;
    let report = house
        .change("related.json", |story| {
            let odd = (0..100).map(|n| format!("odd{n}"));
            story["layout"] = odd.clone().map(|name| json!({"href": format!("#/assets/{name}")})).collect();
            odd.for_each(|name| story["assets"][name] = json!({"profiles": [{"href": "/v1/profiles/hologram"}]}));
        })
        .await;
    assert_eq!((report.remarks.len(), report.remarks_left_out), (40, 60));
    assert!(report.to_string().ends_with("and 60 more remarks"), "{report}");
}

#[tokio::test]
async fn containers_stand_only_so_deep() {
    let house = House::open().await;
    let report = house
        .change("related.json", |story| {
            for n in 0..5_000 {
                let next = if n == 4_999 { "t1".to_owned() } else { format!("n{}", n + 1) };
                story["assets"][format!("n{n}")] = json!({
                    "profiles": [{"href": "/v1/profiles/container", "rels": ["type"]}],
                    "layout": [{"href": format!("#/assets/{next}")}],
                });
            }
            story["layout"] = json!([{"href": "#/assets/n0"}, {"href": "#/assets/t1"}]);
        })
        .await;
    assert!(report.to_string().contains("container `n12` is left out: it stands too deep in others"), "{report}");
    assert_eq!(house.story("nx-s1-9000002").await.body.len(), 1);
}

#[tokio::test]
async fn wrong_types_everywhere_leave_what_can_be_read() {
    let house = House::open().await;
    let report = house.import(&["wrong-types.json"]).await;
    assert_eq!((report.new, report.failed), (1, 0), "{report}");
    let story = house.story("nx-s1-9000022").await;
    assert_eq!(story.headline, "Nothing is what it should be");
    assert_eq!(story.rights.copyright().as_deref(), Some("Copyright 2026 the owner of document nx-s1-9000022."));
    let report = report.to_string();
    for fault in ["`teaser` is not text", "`publishDateTime` is not a time", "does not say when it was published"] {
        assert!(report.contains(fault), "{report}");
    }
    house.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(house.import(&["wrong-types.json"]).await.unchanged, 1);
}

#[tokio::test]
async fn a_broken_file_is_an_entry_not_the_end() {
    let house = House::open().await;
    let report = house.import(&["broken.json", "answer.json", "related.json"]).await;
    assert_eq!((report.new, report.kept, report.failed), (2, 1, 2), "{report}");
    assert!(report.has_failures());
    let report = report.to_string();
    assert!(report.contains("broken.json: failed: not a JSON document: "), "{report}");
    assert!(report.contains("answer.json: failed: neither a document with an `id`"), "{report}");
    assert!(report.contains("answer.json (nx-s1-9000031): kept, not shown: it is a podcast-episode"), "{report}");
}

#[tokio::test]
async fn ten_megabytes_of_text_and_endless_nesting_are_refused_in_words() {
    let house = House::open().await;
    let long = |bytes: usize| {
        let mut story: Value = serde_json::from_slice(&fixture("related.json")).unwrap();
        story["assets"]["t1"]["text"] = json!("word ".repeat(bytes / 5));
        story.to_string().into_bytes()
    };
    let deep = format!("{{\"id\":\"nx-s1-1\",\"assets\":{}1{}}}", "{\"a\":".repeat(50_000), "}".repeat(50_000));
    let report = house.import_bytes(vec![("ten.json", long(10 << 20)), ("deep.json", deep.into_bytes())]).await;
    assert_eq!(report.failed, 2);
    assert!(report.to_string().contains("at most 4194304 are taken"), "{report}");

    let report = house.import_bytes(vec![("one.json", long(1 << 20))]).await;
    assert_eq!(report.new, 1);
    assert!(report.to_string().contains("part `t1` is too large; its end is cut off"), "{report}");
}

#[tokio::test]
async fn stories_of_one_day_with_one_headline_have_two_addresses() {
    let house = House::open().await;
    house.import(&["related.json"]).await;
    house.change("related.json", |story| story["id"] = json!("nx-s1-9000003")).await;
    assert_eq!(house.story("nx-s1-9000003").await.slug.as_str(), "when-the-gauge-fell-silent-2");
}

#[tokio::test]
async fn a_story_of_the_stations_own_is_never_touched() {
    let house = House::open().await;
    house.import(&["related.json"]).await;
    let mut own = house.story("nx-s1-9000002").await;
    (own.id, own.source) = (station::StoryId(7), None);
    own.slug = station::Slug::parse("our-own").unwrap();
    house.save(&own).await;

    house.import(&["related.json"]).await;
    house.change("related.json", |story| story["title"] = json!("Our own")).await;
    assert_eq!(house.story_by_id(own.id).await, own);
}

#[tokio::test]
async fn what_the_station_has_killed_stays_killed() {
    let house = House::open().await;
    house.import(&["related.json"]).await;
    let mut killed = house.story("nx-s1-9000002").await;
    killed.state = State::Killed;
    house.save(&killed).await;
    let report = house.change("related.json", |story| story["title"] = json!("Again")).await;
    assert_eq!(report.remarks[0].matter, Matter::TakenDownHere);
    assert_eq!(house.story("nx-s1-9000002").await, killed);
}

#[tokio::test]
async fn an_unknown_owner_is_credited_by_the_site_and_named_in_the_report() {
    let house = House::open().await;
    let report = house.import(&["station-owned.json"]).await;
    let story = house.story("g-s777-12").await;
    assert_eq!(story.rights.copyright().as_deref(), Some("Copyright 2026 orchardradio.example."));
    assert_eq!(story.rights.see_more(), Some("https://www.orchardradio.example"));
    assert!(report.to_string().contains("it is credited to orchardradio.example"), "{report}");
}

#[tokio::test]
async fn a_year_is_a_year_in_the_stations_zone() {
    let house = House::open().await;
    let new_year = |story: &mut Value| story["publishDateTime"] = json!("2026-01-01T03:00:00Z");
    house.change("related.json", new_year).await;
    assert_eq!(house.story("nx-s1-9000002").await.rights.copyright_year, Some(2025));
}

#[tokio::test]
async fn two_imports_at_once_show_a_story_once() {
    let house = House::open().await;
    let (one, other) = tokio::join!(house.import(&["related.json"]), house.import(&["related.json"]));
    assert_eq!((one.new + other.new, one.unchanged + other.unchanged, one.failed + other.failed), (1, 1, 0));
    assert_eq!(house.events().await.len(), 1);
}

#[tokio::test]
async fn the_demonstrations_stories_have_everything_that_a_page_shows() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/wire");
    let mut files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect::<Vec<_>>();
    files.sort();
    let files = files.iter().map(|path| ("demo", std::fs::read(path).unwrap())).collect();
    let house = House::open().await;
    let report = house.import_bytes(files).await;
    assert_eq!((report.new, report.failed), (4, 0), "{report}");
    assert!(report.remarks.is_empty(), "{report}");

    let sections = [("demo-night-sky", "science"), ("demo-concert-pitch", "music"), ("demo-two-noons", "news")];
    for (id, section) in sections {
        let story = house.story(id).await;
        assert_eq!(story.section.as_str(), section);
        assert_eq!(story.rights.copyright().as_deref(), Some("Copyright 2026 NPR."));
        for kind in ["paragraph", "heading", "quote", "pull-quote", "note"] {
            let has = |block: &Block| serde_json::to_value(block).unwrap()["block"] == kind;
            assert!(story.body.iter().any(has), "{id} has no {kind}");
        }
    }
    assert!(house.story("demo-night-sky").await.bylines[0].person.is_some());
    assert_eq!(house.story("demo-two-noons").await.corrections.len(), 1);
}
