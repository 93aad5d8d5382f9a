//! Stories at the desk: written, found, held, and never written over.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use station::{Section, Slug};

use crate::house::{Browser, House, ORIGIN, Page};

impl House {
    async fn with_sections() -> Self {
        let house = House::new().await;
        let mut tx = house.db.begin().await.unwrap();
        for (position, slug) in (1..).zip(["news", "arts"]) {
            let section = Section {
                station: house.station.id,
                slug: Slug::parse(slug).unwrap(),
                title: slug.to_uppercase(),
                teaser: String::new(),
                position,
            };
            store::section::save(&mut tx, &section).await.unwrap();
        }
        tx.commit().await.unwrap();
        house
    }
}

impl Browser {
    async fn post_json(&mut self, path: &str, body: &Value) -> Page {
        let ours = [("sec-fetch-site", "same-origin"), ("origin", ORIGIN), ("content-type", "application/json")];
        self.send(Method::POST, path, &ours, &body.to_string()).await
    }

    /// The path of a new story, without what is done there.
    async fn begin(&mut self, headline: &str) -> String {
        let begun = self.post("/stories/new", &[("headline", headline), ("section", "news")]).await;
        assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text);
        begun.location().strip_suffix("/edit").unwrap().to_owned()
    }

    async fn draft(&mut self, story: &str) -> Value {
        let page = self.get(&format!("{story}/draft.json")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        page.json()
    }
}

impl Page {
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("no JSON: {} {}", self.status, self.text))
    }
}

fn save(version: i64, headline: &str, key: &str) -> Value {
    let document = json!({ "section": "news", "headline": headline, "body": [
        { "id": "k1", "block": "paragraph", "text": [{ "t": "Water, " }, { "t": "more", "em": true }] },
    ] });
    json!({ "version": version, "document": document, "key": key })
}

#[tokio::test]
async fn a_story_is_begun_written_and_found_without_any_script() {
    let house = House::with_sections().await;
    let mut june = house.owner().await;
    let story = june.begin("The river <rises>").await;
    let page = june.get(&format!("{story}/edit")).await;
    assert!(page.text.contains("data-version=\"1\"") && page.text.contains("The river &lt;rises&gt;</textarea>"));
    let json = page.between("id=\"draft\">", "</script>");
    assert_eq!(serde_json::from_str::<Value>(&json).unwrap()["headline"], "The river <rises>");

    let body = "By a **foot**.\n\n- one\n- two\n";
    let form = [
        ("version", "1"),
        ("headline", "The river falls"),
        ("section", "arts"),
        ("bylines", "June Okafor\r\n A  Stringer "),
        ("body", body),
    ];
    let saved = june.post(&format!("{story}/edit"), &form).await;
    assert_eq!(saved.location(), format!("{story}/edit?said=saved"), "{}", saved.text);
    let page = june.get(&format!("{story}/edit")).await;
    assert!(page.text.contains(body.trim_end()), "{}", page.text);
    let document = &june.draft(&story).await["document"];
    assert_eq!(document["bylines"][1]["name"], "A Stringer");
    assert_eq!(document["body"][1]["block"], "list");

    for found in ["/stories", "/stories?words=falls", "/stories?state=draft&section=arts", "/stories?mine=yes", "/"] {
        assert!(june.get(found).await.text.contains("The river falls"), "not at {found}");
    }
    for not_found in ["/stories?words=rises", "/stories?section=news", "/stories?state=published"] {
        assert!(!june.get(not_found).await.text.contains("The river falls"), "at {not_found}");
    }
}

#[tokio::test]
async fn the_editor_saves_and_a_save_sent_twice_is_done_once() {
    let house = House::with_sections().await;
    let mut june = house.owner().await;
    let story = june.begin("First").await;
    let path = format!("{story}/draft");
    let first = june.post_json(&path, &save(1, "Second", "k1")).await;
    assert_eq!((first.status, first.json()["version"].as_i64()), (StatusCode::OK, Some(2)), "{}", first.text);
    let again = june.post_json(&path, &save(1, "Second", "k1")).await;
    assert_eq!(again.json(), first.json());
    let draft = june.draft(&story).await;
    assert_eq!((draft["version"].as_i64(), draft["by_me"].as_bool()), (Some(2), Some(true)));
    assert_eq!(draft["document"]["body"][0]["id"], "k1");

    let unknown = json!({ "version": 2, "document": { "section": "sport" } });
    let refused = june.post_json(&path, &unknown).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.text);
    assert!(refused.json()["error"].as_str().unwrap().contains("no such section"));
    let garbage = june.post_json(&path, &json!({ "document": 7 })).await;
    assert!(garbage.status == StatusCode::BAD_REQUEST && garbage.json()["error"].is_string());
}

#[tokio::test]
async fn two_writers_never_write_over_each_other() {
    let house = House::with_sections().await;
    let mut june = house.owner().await;
    let mut ada = house.colleague(&mut june, "Ada", "ada@harrow.example", "editor").await;
    let story = june.begin("First").await;
    let (draft, lock) = (format!("{story}/draft"), format!("{story}/lock"));

    // Ada sees who writes, reads along, and cannot save by mistake.
    let held = ada.post_json(&lock, &json!({ "take": false })).await;
    assert_eq!((held.status, held.json()["holder"].as_str()), (StatusCode::LOCKED, Some("June Okafor")));
    let reading = ada.get(&format!("{story}/edit")).await;
    assert!(reading.text.contains("June Okafor is writing") && reading.text.contains("readonly"), "{}", reading.text);
    let refused = ada.post_json(&draft, &save(1, "Ada’s", "a1")).await;
    assert_eq!(refused.status, StatusCode::LOCKED, "{}", refused.text);

    // She takes over: June's text is kept, and so is what June sends a moment later.
    june.post_json(&draft, &save(1, "June’s", "j1")).await;
    let taken = ada.post_json(&lock, &json!({ "take": true })).await;
    assert_eq!((taken.status, taken.json()["by_me"].as_bool()), (StatusCode::OK, Some(true)));
    let late = june.post_json(&draft, &save(2, "June’s last words", "j2")).await;
    assert_eq!((late.status, late.json()["holder"].as_str()), (StatusCode::LOCKED, Some("Ada")));
    assert_eq!(ada.post_json(&draft, &save(2, "Ada’s", "a2")).await.status, StatusCode::OK);

    // The lease ends without a word from Ada. June's tab still has an older text.
    house.advance_seconds(301);
    let moved = june.post_json(&draft, &save(2, "From an old tab", "j3")).await;
    assert_eq!((moved.status, moved.json()["by"].as_str()), (StatusCode::CONFLICT, Some("Ada")), "{}", moved.text);

    // Without script it is the same.
    let form = [("version", "2"), ("headline", "From a form"), ("section", "news"), ("body", "x")];
    let moved = june.post(&format!("{story}/edit"), &form).await;
    assert!(moved.status == StatusCode::CONFLICT && moved.text.contains("Yours is kept beside it"), "{}", moved.text);

    assert_eq!(june.draft(&story).await["document"]["headline"], "Ada’s");
    let id = station::StoryId(story.rsplit('/').next().unwrap().parse().unwrap());
    let mut kept = Vec::new();
    for line in store::revision::list(&house.db, house.station.id, id, None, 99).await.unwrap() {
        let text = store::revision::by_number(&house.db, house.station.id, id, line.number).await.unwrap();
        kept.push(text.unwrap().headline);
    }
    kept.sort();
    // What stood when another took over, and whatever could not be taken.
    assert_eq!(kept, ["Ada’s", "From a form", "From an old tab", "June’s", "June’s last words"]);
}

#[tokio::test]
async fn whose_story_it_is_and_where_it_stands_decide_who_writes() {
    let house = House::with_sections().await;
    let mut june = house.owner().await;
    let mut del = house.colleague(&mut june, "Del", "del@harrow.example", "reporter").await;
    let mut board = house.colleague(&mut june, "Bo", "bo@harrow.example", "board").await;
    let (hers, his) = (june.begin("Hers").await, del.begin("His").await);
    for (browser, story, status) in
        [(&del, &his, StatusCode::OK), (&del, &hers, StatusCode::FORBIDDEN), (&board, &his, StatusCode::FORBIDDEN)]
    {
        let mut browser = browser.clone();
        assert_eq!(browser.get(&format!("{story}/edit")).await.status, StatusCode::OK, "everybody here reads drafts");
        let saved = browser.post_json(&format!("{story}/draft"), &save(1, "New", "k")).await;
        assert_eq!(saved.status, status, "{}", saved.text);
    }
    assert_eq!(board.get("/stories/new").await.status, StatusCode::FORBIDDEN);
    assert!(board.get(&format!("{his}/edit")).await.text.contains("You may read this story and not edit it"));

    // An editor of the arts neither reads nor writes the news, nor moves a story there.
    let arts = [("role", "editor"), ("scope", "section:arts")];
    let mut eve = house.colleague(&mut june, "Eve", "eve@harrow.example", "membership").await;
    let id = house.account("eve@harrow.example").await;
    june.post(&format!("/people/{id}/roles"), &arts).await;
    assert_eq!(eve.get(&format!("{hers}/edit")).await.status, StatusCode::FORBIDDEN);
    assert!(!eve.get("/stories").await.text.contains("Hers"));
    let begun = eve.post("/stories/new", &[("headline", "Song"), ("section", "arts")]).await;
    let song = begun.location().strip_suffix("/edit").unwrap().to_owned();
    assert_eq!(
        eve.post_json(&format!("{song}/draft"), &save(1, "In the news", "k")).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(eve.post("/stories/new", &[("section", "news")]).await.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn nothing_that_an_editor_sends_becomes_markup() {
    let house = House::with_sections().await;
    let mut june = house.owner().await;
    let story = june.begin("First").await;
    let hostile = "</script><script>alert(1)</script></textarea>";
    let document = json!({ "section": "news", "headline": hostile, "note": hostile, "body": [
        { "id": hostile, "block": "paragraph", "text": [{ "t": hostile, "href": "javascript:alert(1)" }] },
    ] });
    let sent = june.post_json(&format!("{story}/draft"), &json!({ "version": 1, "document": document })).await;
    assert_eq!(sent.status, StatusCode::OK, "{}", sent.text);
    for path in [format!("{story}/edit"), "/stories".to_owned()] {
        let page = june.get(&path).await.text;
        assert!(!page.contains("<script>alert") && !page.contains("javascript:"), "{page}");
    }
}

#[tokio::test]
async fn any_two_texts_are_compared_and_one_is_brought_back() {
    let house = House::with_sections().await;
    let mut june = house.owner().await;
    let story = june.begin("The river rises").await;
    june.post(&format!("{story}/history/name"), &[("name", "the quiet one")]).await;
    june.post_json(&format!("{story}/draft"), &save(1, "The river falls", "k")).await;
    let history = june.get(&format!("{story}/history")).await;
    assert!(history.text.contains("the quiet one") && history.text.contains("name=\"from\" value=\"1\""));

    let compared = june.get(&format!("{story}/compare?from=1&to=draft")).await.text;
    assert!(compared.contains("The river <del>rises</del><ins>falls</ins>"), "{compared}");
    assert!(compared.contains("<ins>Water, *more*</ins>"), "{compared}");
    assert_eq!(june.get(&format!("{story}/compare?from=9")).await.status, StatusCode::NOT_FOUND);

    let restored = june.post(&format!("{story}/history/1/restore"), &[]).await;
    assert_eq!(restored.location(), format!("{story}/edit?said=restored"));
    assert_eq!(june.draft(&story).await["document"]["headline"], "The river rises");
    let history = june.get(&format!("{story}/history")).await;
    assert!(history.text.contains("kept when revision 1 was restored"), "{}", history.text);
    assert!(june.get("/audit").await.text.contains("brought back revision 1"));
}

#[tokio::test]
async fn the_page_with_the_editor_and_no_other_allows_the_one_rule_for_what_is_pasted() {
    let house = House::with_sections().await;
    let mut june = house.owner().await;
    let mut board = house.colleague(&mut june, "Bo", "bo@harrow.example", "board").await;
    let story = june.begin("First").await;
    let policy = |page: &Page| page.header("content-security-policy").unwrap().to_owned();
    let plain = policy(&june.get("/stories").await);
    assert!(plain.ends_with("trusted-types 'none'"), "{plain}");
    let writing = june.get(&format!("{story}/edit")).await;
    assert_eq!(policy(&writing), plain.replace("trusted-types 'none'", "trusted-types groundwave-paste"));
    let editor = web::named("editor.js").unwrap().file_name();
    assert!(writing.text.contains(editor) && writing.text.contains("data-account="), "{}", writing.text);
    // Who may only read gets neither the editor nor its rule.
    let reading = board.get(&format!("{story}/edit")).await;
    assert_eq!(policy(&reading), plain);
    assert!(!reading.text.contains(editor));
}
