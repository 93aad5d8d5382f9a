//! The Organization Service, as a real server on this machine.

mod house;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use axum::{Json, Router};
use house::House;
use serde_json::json;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use wire::Owners;
use wire::fetch::{Error, Fetcher, Trust};

/// A directory that counts how often it is asked.
struct Directory {
    address: String,
    asked: Arc<AtomicUsize>,
    server: JoinHandle<()>,
}

impl Directory {
    async fn open() -> Self {
        let asked = Arc::new(AtomicUsize::new(0));
        let routes = Router::new()
            .route("/v4/services/{id}", get(service))
            .route("/large", get(|| async { "x".repeat(10_000) }))
            .route("/away", get(|| async { Redirect::to("http://127.0.0.2:9/") }))
            .route("/round", get(|| async { Redirect::to("/round") }))
            .route("/near", get(|| async { Redirect::to("/v4/services/s777") }))
            .with_state(asked.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self { address, asked, server }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }

    /// Closes it, and waits until nobody answers any more.
    async fn close(&mut self) {
        self.server.abort();
        assert!((&mut self.server).await.unwrap_err().is_cancelled());
    }
}

async fn service(State(asked): State<Arc<AtomicUsize>>, Path(id): Path<String>) -> impl IntoResponse {
    asked.fetch_add(1, Ordering::SeqCst);
    match id.as_str() {
        "s777" => Ok(Json(json!({
            "generated": "2026-11-24T08:00:00Z", "id": id, "name": "WORC-FM",
            "brand": {"displayName": "Orchard <b>Radio</b>", "logos": [{"href": "https://media.example/logo.png"}]},
        }))),
        _ => Err(StatusCode::NOT_FOUND),
    }
}

#[tokio::test]
async fn an_owner_is_asked_for_once_a_week_and_remembered_when_nobody_answers() {
    let mut directory = Directory::open().await;
    let house = House::open().await.asking(Owners::new(&directory.address).unwrap());
    let credit = async || house.story("g-s777-12").await.rights.copyright().unwrap();

    house.import(&["station-owned.json", "story.json"]).await;
    assert_eq!(credit().await, "Copyright 2026 Orchard Radio.");
    assert_eq!(directory.asked(), 1);

    house.clock.advance(Duration::from_secs(6 * 24 * 3600));
    house.import(&["station-owned.json"]).await;
    assert_eq!(directory.asked(), 1);

    house.clock.advance(Duration::from_secs(2 * 24 * 3600));
    house.import(&["station-owned.json"]).await;
    assert_eq!(directory.asked(), 2);

    directory.close().await;
    house.clock.advance(Duration::from_secs(30 * 24 * 3600));
    let report = house.import(&["station-owned.json"]).await;
    assert_eq!(report.unchanged, 1, "{report}");
    assert_eq!(credit().await, "Copyright 2026 Orchard Radio.");
}

#[tokio::test]
async fn an_owner_who_could_not_be_named_is_named_by_a_later_import() {
    let directory = Directory::open().await;
    let house = House::open().await;
    house.import(&["station-owned.json"]).await;
    assert_eq!(house.story("g-s777-12").await.rights.owners[0].name, "orchardradio.example");

    let house = house.asking(Owners::new(&directory.address).unwrap());
    let report = house.import(&["station-owned.json"]).await;
    assert_eq!(report.updated, 1, "{report}");
    let rights = house.story("g-s777-12").await.rights;
    assert_eq!(
        (rights.owners[0].name.as_str(), rights.see_more()),
        ("Orchard Radio", Some("https://www.orchardradio.example"))
    );
}

#[tokio::test]
async fn a_directory_that_is_away_holds_up_no_import() {
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let house = House::open().await.asking(Owners::new(&address).unwrap());
    let report = house.import(&["station-owned.json"]).await;
    assert_eq!((report.new, report.failed), (1, 0), "{report}");
}

#[tokio::test]
async fn the_operators_word_counts_on_the_operators_host_only() {
    let directory = Directory::open().await;
    let fetcher = Fetcher::new().unwrap();
    let fetch = async |path: &str, trust| fetcher.get(&format!("{}{path}", directory.address), trust, 1_000).await;

    assert!(fetch("/near", Trust::Operator).await.is_ok());
    let refused = [
        (fetch("/away", Trust::Operator).await, "leads into a private network"),
        (fetch("/near", Trust::Document).await, "leads into a private network"),
        (fetch("/round", Trust::Operator).await, "redirects more than"),
        (fetch("/large", Trust::Operator).await, "is larger than 1000 bytes"),
        (fetch("/v4/services/s0", Trust::Operator).await, "answered 404"),
    ];
    for (answer, words) in refused {
        let error: Error = answer.unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    }
}
