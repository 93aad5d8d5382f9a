//! Documents are sloppy, some are hostile: questions about them have quiet answers.

use feeds::cds::{DOCUMENT_BYTES_MAX, Document, Error, Link, read};
use proptest::prelude::*;
use serde_json::{Value, json};

fn document(value: Value) -> Document {
    Document::parse(value.to_string().as_bytes()).unwrap()
}

fn with(field: &str, value: Value) -> Document {
    document(json!({"id": "hv-1", "profiles": [], field: value}))
}

fn link(href: &str) -> Link {
    with("layout", json!([{"href": href}])).layout().remove(0)
}

#[test]
fn a_document_stands_alone_or_in_an_answer() {
    let alone = br#"{"id": "hv-1", "title": "Alone"}"#;
    assert_eq!(Document::parse(alone).unwrap().title(), Some("Alone"));

    let answer = br#"{"resources": [{"id": "hv-1"}, {"no": "id"}, {"id": 773675421}]}"#;
    let documents = read(answer).unwrap();
    assert_eq!(documents[0].as_ref().unwrap().id(), "hv-1");
    assert!(matches!(documents[1], Err(Error::NotADocument)));
    assert_eq!(documents[2].as_ref().unwrap().id(), "773675421");

    assert!(read(br#"{"resources": []}"#).unwrap().is_empty());
    assert_eq!(Document::parse(b"\xef\xbb\xbf{\"id\": \"hv-1\"}").unwrap().id(), "hv-1");
}

#[test]
fn what_is_no_document_is_an_error_that_says_so() {
    for (bytes, words) in [
        (&b""[..], "not a JSON document"),
        (b"<html>", "not a JSON document"),
        (b"[1]", "neither a document"),
        (b"{}", "neither a document"),
        (b"{\"id\": \"../etc\"}", "neither a document"),
        (b"{\"resources\": 1}", "neither a document"),
    ] {
        let error = Document::parse(bytes).unwrap_err().to_string();
        assert!(error.starts_with(words), "{error}");
    }
    let deep = format!("{{\"id\":\"hv-1\",\"x\":{}{}}}", "[".repeat(10_000), "]".repeat(10_000));
    assert!(matches!(Document::parse(deep.as_bytes()), Err(Error::NotJson(_))));
    let large = json!({"id": "hv-1", "title": "x".repeat(DOCUMENT_BYTES_MAX)}).to_string();
    assert!(matches!(Document::parse(large.as_bytes()), Err(Error::TooLarge { .. })));
}

#[test]
fn the_type_is_the_profile_marked_so_wherever_it_stands() {
    let profiles = json!([
        {"href": "/v1/profiles/has-images", "rels": ["interface"]},
        {"href": "/v1/profiles/document"},
        {"href": "/v1/profiles/story", "rels": ["type"]},
    ]);
    let story = with("profiles", profiles);
    assert_eq!(story.kind(), "story");
    assert!(story.fields().has_profile("has-images") && !story.fields().has_profile("buildout"));

    let unmarked =
        with("profiles", json!([{"href": "/v1/profiles/publishable"}, {"href": "https://x/v1/profiles/text.json"}]));
    assert_eq!(unmarked.kind(), "text");
    assert_eq!(with("profiles", json!("story")).kind(), "");
}

#[test]
fn a_pointer_is_decoded_before_it_is_followed() {
    let story = document(json!({
        "id": "hv-1",
        "assets": {"a/b": {"text": "slash"}, "c~d": {"text": "tilde"}, "e f": {"text": "space"}, "~1": {"text": "escaped"}},
    }));
    let text = |href: &str| story.asset(&link(href)).and_then(|asset| asset.fields.text("text"));
    assert_eq!(text("#/assets/a~1b"), Some("slash"));
    assert_eq!(text("#/assets/c~0d"), Some("tilde"));
    assert_eq!(text("#/assets/e%20f"), Some("space"));
    assert_eq!(text("#/assets/~01"), Some("escaped"));
    for nowhere in ["#/assets/none", "#/id", "#/assets", "#", "/assets/c~0d", "#/assets/a~1b/text", "#/assets/%zz"] {
        assert_eq!(text(nowhere), None, "{nowhere}");
    }
}

#[test]
fn links_say_what_they_lead_to() {
    assert_eq!(link("/v1/documents/nx-s1-5969840").document_id(), Some("nx-s1-5969840"));
    assert_eq!(link("https://content.api.npr.org/v1/documents/1001?x=1").document_id(), Some("1001"));
    assert_eq!(link("/v1/documents/..%2f..").document_id(), None);
    assert_eq!(link("https://www.npr.org/").document_id(), None);

    let npr = link("https://organization.api.npr.org/v4/services/s1/").service().unwrap();
    assert_eq!((npr.host.as_str(), npr.id.as_str()), ("organization.api.npr.org", "s1"));
    assert_eq!(link("https://organization.api.npr.org/v4/organizations/1").service(), None);
    assert_eq!(link("https://organization.api.npr.org/v4/services/../x").service(), None);
}

#[test]
fn a_restriction_is_obeyed_unless_it_plainly_is_none() {
    let own = ["s921".to_owned()];
    let flag = |flag: Value| with("isRestrictedToAuthorizedOrgServiceIds", flag);
    for open in [json!(false), json!(null), json!("false"), json!("False ")] {
        assert!(!flag(open.clone()).is_closed_to(&own), "{open}");
    }
    for closed in [json!(true), json!("true"), json!(1), json!(0), json!([]), json!("yes"), json!({})] {
        assert!(flag(closed.clone()).is_closed_to(&own), "{closed}");
    }
    let for_some = |ids: Value| {
        document(json!({"id": "hv-1", "isRestrictedToAuthorizedOrgServiceIds": true, "authorizedOrgServiceIds": ids}))
    };
    assert!(!for_some(json!(["s1", "s921"])).is_closed_to(&own));
    assert!(!for_some(json!(["https://organization.api.npr.org/v4/services/s921"])).is_closed_to(&own));
    assert!(for_some(json!(["s92", "s9210"])).is_closed_to(&own));
    assert!(for_some(json!("s921")).is_closed_to(&own));
    assert!(for_some(json!(["s921"])).is_closed_to(&[]));
}

#[test]
fn times_are_read_in_any_zone_and_to_the_microsecond() {
    let time = |text: &str| with("publishDateTime", json!(text)).published_at().map(|at| at.to_string());
    assert_eq!(time("2026-07-01T09:30:00-04:00").as_deref(), Some("2026-07-01T13:30:00Z"));
    assert_eq!(time("2026-07-01T13:30:00.123456789Z").as_deref(), Some("2026-07-01T13:30:00.123456Z"));
    for no_time in ["", "yesterday", "2026-07-01", "2026-13-01T00:00:00Z"] {
        assert_eq!(time(no_time), None, "{no_time}");
    }
}

#[test]
fn a_picture_is_the_primary_file_or_the_widest() {
    let image = |enclosures: Value| {
        let story = document(json!({
            "id": "hv-1",
            "images": [{"href": "#/assets/i", "rels": ["primary"]}],
            "assets": {"i": {"enclosures": enclosures}},
        }));
        story.image(&["headshot", "primary"]).unwrap().picture()
    };
    let primary = image(json!([
        {"href": "https://m.example/wide", "width": 3000, "rels": ["image-wide"]},
        {"href": "https://m.example/whole", "width": "1200", "height": 800.0, "rels": ["primary"],
         "hrefTemplate": "https://m.example/{width}/{quality}/whole.{format}"},
    ]));
    let primary = primary.unwrap();
    assert_eq!(
        (primary.href.as_str(), primary.width_px, primary.height_px),
        ("https://m.example/whole", Some(1200), Some(800))
    );
    assert!(primary.template.is_some());

    let widest = image(
        json!([{"href": "a", "width": 10}, {"href": "b", "width": 20, "hrefTemplate": "b/{height}"}, {"href": "c"}]),
    );
    let widest = widest.unwrap();
    assert_eq!((widest.href.as_str(), widest.template), ("b", None));
    assert_eq!(image(json!("x")), None);
}

#[test]
fn a_sound_is_played_from_the_file_that_most_devices_know() {
    let sound = with(
        "assets",
        json!({"s": {"enclosures": [
            {"href": "https://a.example/x.m3u8", "type": "application/vnd.apple.mpegurl"},
            {"href": "https://a.example/x.m4a", "type": "audio/mp4"},
            {"href": "https://a.example/x.mp3?t=progseg&p=3", "type": "audio/mpeg", "fileSize": 123, "rels": ["premium"]},
        ]}}),
    );
    let sound = sound.asset(&link("#/assets/s")).unwrap();
    let file = sound.playable().unwrap();
    assert_eq!((file.href.as_str(), file.bytes), ("https://a.example/x.mp3?t=progseg&p=3", Some(123)));
    assert!(sound.is_premium());
}

#[test]
fn what_has_the_wrong_shape_is_named() {
    let story = document(json!({
        "id": "hv-1",
        "title": 7,
        "publishDateTime": "soon",
        "layout": [{"href": "#/assets/gone"}, {"href": 3}],
        "bylines": {"href": "#/assets/b"},
        "assets": {"b": []},
    }));
    assert_eq!(
        story.faults(),
        [
            "`title` is not text",
            "`publishDateTime` is not a time",
            "`layout` is not a list of links",
            "`bylines` is not a list of links",
            "`layout` has 1 link to no asset",
            "`bylines` has 1 link to no asset",
        ]
    );
    assert!(with("title", json!("fine")).faults().is_empty());
}

#[test]
fn the_same_document_is_the_same_text_however_it_was_written() {
    let one = Document::parse(br#"{"id":"hv-1","title":"x","a":[1,2]}"#).unwrap();
    let other = Document::parse(b" {\"a\": [1, 2],\n \"title\": \"x\", \"id\": \"hv-1\"}").unwrap();
    assert_eq!(one.json(), other.json());
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<i32>().prop_map(|n| Value::from(f64::from(n) / 4.0)),
        prop::sample::select(vec![
            "#/assets/a",
            "#/assets/b~1",
            "/v1/documents/x",
            "https://a.example/",
            "true",
            "",
            "type"
        ])
        .prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "href",
        "rels",
        "profiles",
        "enclosures",
        "assets",
        "a",
        "b/",
        "layout",
        "bylines",
        "images",
        "audio",
        "title",
        "publishDateTime",
        "width",
        "embed",
        "id",
        "brandings",
        "webPages",
        "type",
        "fileSize",
    ]);
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(key.clone(), inner, 0..6)
                .prop_map(|fields| fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()),
        ]
    })
}

proptest! {
    #[test]
    fn no_document_makes_a_question_panic(mut value in any_json()) {
        if let Some(fields) = value.as_object_mut() {
            fields.insert("id".into(), json!("hv-1"));
        }
        for document in read(value.to_string().as_bytes()).into_iter().flatten().flatten() {
            document.faults();
            document.kind();
            document.collections();
            document.canonical();
            document.brandings().iter().for_each(|link| { link.service(); link.embedded(); });
            document.image(&["primary", "type"]);
            for asset in document.assets("layout") {
                asset.kind();
                asset.picture();
                asset.playable();
                asset.fields.is_closed_to(&[]);
            }
            prop_assert_eq!(Document::parse(document.json().as_bytes()).unwrap(), document);
        }
    }

    #[test]
    fn no_bytes_make_reading_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read(&bytes);
    }
}
