//! A station with a desk, and a browser that keeps cookies.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use desk::{Desk, Settings, accounts};
use http::{HeaderMap, Method, StatusCode, header};
use http_body_util::BodyExt;
use station::clock::{Clock, Fixed};
use station::{Accent, Block, Slug, Station, StationId, Timestamp};
use store::Db;
use tower::ServiceExt;

pub const ORIGIN: &str = "https://desk.harrow.example";
pub const PASSWORD: &str = "kettle lantern ferry moss";

/// A station with a desk.
pub struct House {
    pub db: Db,
    pub station: Station,
    clock: Arc<Fixed>,
    routes: Router,
    folder: tempfile::TempDir,
}

impl House {
    pub async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let db = Db::open(&format!("sqlite://{}", folder.path().join("station.db").display())).await.unwrap();
        db.migrate().await.unwrap();
        let station = station();
        let mut tx = db.begin().await.unwrap();
        store::station::save(&mut tx, &station).await.unwrap();
        tx.commit().await.unwrap();
        let clock = Arc::new(Fixed::at("2026-11-24T08:00:00Z"));
        let desk = Desk::new(Settings::at("https://desk.{host}"), db.clone(), clock.clone()).unwrap();
        Self { db, station, clock, routes: desk.routes(), folder }
    }

    pub fn advance_seconds(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub fn browser(&self) -> Browser {
        Browser { routes: self.routes.clone(), cookies: BTreeMap::new(), host: "desk.harrow.example".into() }
    }

    pub async fn owner_ticket(&self) -> Option<String> {
        accounts::owner_ticket(&self.db, self.station.id, self.clock.now()).await.unwrap()
    }

    /// The path of the first owner's link.
    pub async fn owner_link(&self) -> String {
        path(&desk::way_in(&Settings::at("https://desk.{host}"), &self.station, &self.owner_ticket().await.unwrap()))
    }

    /// June, who owns the desk, signed in.
    pub async fn owner(&self) -> Browser {
        let mut browser = self.browser();
        let form = [("name", "June Okafor"), ("email", "june@harrow.example"), ("password", PASSWORD)];
        let come_in = browser.post(&self.owner_link().await, &form).await;
        assert_eq!(come_in.status, StatusCode::SEE_OTHER, "{}", come_in.text);
        browser
    }

    pub async fn signed_in(&self, email: &str, password: &str) -> Browser {
        let mut browser = self.browser();
        assert_eq!(browser.sign_in(email, password).await.status, StatusCode::SEE_OTHER);
        browser
    }

    /// The path of the link with which somebody comes in whom `by` invites.
    pub async fn invite(&self, by: &mut Browser, name: &str, email: &str, role: &str) -> String {
        let form = [("name", name), ("email", email), ("role", role), ("scope", "station")];
        let page = by.post("/people", &form).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
        path(&page.between("<code id=\"link\">", "</code>"))
    }

    /// Somebody whom `by` invites, signed in.
    pub async fn colleague(&self, by: &mut Browser, name: &str, email: &str, role: &str) -> Browser {
        let link = self.invite(by, name, email, role).await;
        let mut browser = self.browser();
        let come_in = browser.post(&link, &[("password", PASSWORD)]).await;
        assert_eq!(come_in.status, StatusCode::SEE_OTHER, "{}", come_in.text);
        browser
    }

    pub async fn account(&self, email: &str) -> i64 {
        store::account::by_email(&self.db, self.station.id, email).await.unwrap().unwrap().id.0
    }

    pub async fn roles(&self, email: &str) -> Vec<String> {
        let id = station::AccountId(self.account(email).await);
        let grants = store::role::grants_of(&self.db, self.station.id, id).await.unwrap();
        grants.into_iter().map(|grant| grant.role.to_string()).collect()
    }

    /// The code that an authenticator app shows now: made here by the letter of RFC 6238, not by the desk's own code.
    pub fn code(&self, secret: &str) -> String {
        let digit = |letter: u8| b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".iter().position(|known| *known == letter).unwrap();
        let bits: Vec<usize> =
            secret.bytes().flat_map(|letter| (0..5).rev().map(move |bit| digit(letter) >> bit & 1)).collect();
        let key: Vec<u8> =
            bits.chunks_exact(8).map(|byte| byte.iter().fold(0, |sum, bit| sum << 1 | *bit as u8)).collect();
        let step = (self.clock.now().as_second() / 30).to_be_bytes();
        let tag = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key), &step);
        let at = usize::from(tag.as_ref()[19] & 15);
        let number = u32::from_be_bytes(tag.as_ref()[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }

    /// Everything that the database has written.
    pub async fn every_byte(&self) -> Vec<u8> {
        let files = std::fs::read_dir(self.folder.path()).unwrap();
        files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
    }
}

fn station() -> Station {
    Station {
        id: StationId(1),
        slug: Slug::parse("harrow").unwrap(),
        name: "Harrow Valley Public Radio".into(),
        tagline: "From the Harrow to the hills".into(),
        call_signs: vec![],
        host_names: vec!["harrow.example".into()],
        zone: "America/New_York".into(),
        language: "en-US".into(),
        accent: Accent::parse("#14595f").unwrap(),
        banner: None,
        about: vec![Block::paragraph("A station.")],
        email: None,
        org_service_ids: vec![],
    }
}

/// A browser: it keeps the cookies that it is given, and says what browsers say.
#[derive(Clone)]
pub struct Browser {
    routes: Router,
    cookies: BTreeMap<String, String>,
    pub host: String,
}

/// What it was answered.
#[derive(Debug)]
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub text: String,
}

impl Browser {
    pub async fn get(&mut self, path: &str) -> Page {
        self.send(Method::GET, path, &[("sec-fetch-site", "same-origin")], "").await
    }

    pub async fn post(&mut self, path: &str, form: &[(&str, &str)]) -> Page {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(form);
        self.send(Method::POST, path, &[("sec-fetch-site", "same-origin"), ("origin", ORIGIN)], &body.finish()).await
    }

    pub async fn sign_in(&mut self, email: &str, password: &str) -> Page {
        self.post("/sign-in", &[("email", email), ("password", password), ("then", "/")]).await
    }

    pub async fn send(&mut self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Page {
        let cookies: Vec<String> = self.cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, &self.host)
            .header(header::USER_AGENT, "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
            .header(header::COOKIE, cookies.join("; "));
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut request = request.body(Body::from(body.to_owned())).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 7], 50_000))));
        let answer = self.routes.clone().oneshot(request).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let page =
            Page { status: parts.status, headers: parts.headers, text: String::from_utf8_lossy(&bytes).into_owned() };
        self.keep(&page);
        page
    }

    fn keep(&mut self, page: &Page) {
        for line in page.cookies() {
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if line.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }

    pub fn plant(&mut self, name: &str, value: &str) {
        self.cookies.insert(name.to_owned(), value.to_owned());
    }

    pub fn cookie(&self, name: &str) -> Option<&str> {
        self.cookies.get(name).map(String::as_str)
    }
}

impl Page {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn location(&self) -> &str {
        self.header("location").unwrap_or_else(|| panic!("leads nowhere: {} {}", self.status, self.text))
    }

    pub fn cookies(&self) -> Vec<&str> {
        self.headers.get_all(header::SET_COOKIE).iter().map(|line| line.to_str().unwrap()).collect()
    }

    pub fn between(&self, before: &str, after: &str) -> String {
        self.all_between(before, after).into_iter().next().unwrap_or_else(|| panic!("no {before} in {}", self.text))
    }

    pub fn all_between(&self, before: &str, after: &str) -> Vec<String> {
        let rest = self.text.split(before).skip(1);
        rest.filter_map(|rest| Some(rest.split_once(after)?.0.replace("&#x2f;", "/"))).collect()
    }
}

/// The path of a whole address of the desk.
pub fn path(address: &str) -> String {
    address.strip_prefix(ORIGIN).unwrap_or_else(|| panic!("{address} is not at {ORIGIN}")).to_owned()
}

/// A path of the table with words in the places of its names.
pub fn filled(path: &str) -> String {
    path.replace("{ticket}", "none")
        .replace("{account}", "7")
        .replace("{story}", "7")
        .replace("{number}", "1")
        .replace("{note}", "1")
        .replace("{name}", web::named("desk.css").unwrap().file_name())
}
