//! The pages: each asks the store for its rows, and says what it was made from.
//!
//! A page of a list starts after the last item of the page before (`?before=`), so nothing is shown twice or skipped
//! when something new appears.

mod about;
mod episode;
mod home;
mod listen;
mod person;
pub mod preview;
mod programme;
mod schedule;
mod section;
mod story;

use http::StatusCode;
use minijinja::value::{Serde, Value};
use serde::Serialize;
use station::broadcast::NowNext;
use station::story::Summary;
use station::{StoryId, Timestamp};
use store::Db;

use crate::cache::Tag;
use crate::routes::Page;
use crate::view::Edition;

/// How many items a page of a list shows.
const LIST_ITEMS: u32 = 20;

/// What a page is asked with.
pub struct Visit {
    /// The store.
    pub db: Db,
    /// What all pages of the station are made with.
    pub edition: Edition,
    /// The words of the path that stand where the table has a name.
    pub words: Vec<String>,
    /// Those parts of the query that count.
    pub query: Vec<(&'static str, String)>,
}

/// A page before it is rendered.
#[derive(Debug)]
pub struct Draft {
    /// The name of its template.
    pub template: &'static str,
    /// What the template gets.
    pub view: Value,
    /// Its status.
    pub status: StatusCode,
    /// What it was made from.
    pub tags: Vec<Tag>,
    /// The story that this is the page of.
    pub subject: Option<StoryId>,
    /// When it is outdated without an event.
    pub fresh_until: Option<Timestamp>,
}

/// Why there is no page.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// There is nothing at this address.
    #[error("nothing stands at this address")]
    NotFound,
    /// The store did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

type Result<T> = std::result::Result<T, Fault>;

/// Asks for the rows of a page.
pub async fn draft(page: Page, visit: &Visit) -> Result<Draft> {
    match page {
        Page::Home => home::draft(visit).await,
        Page::Section => section::draft(visit).await,
        Page::Story => story::draft(visit).await,
        Page::People => person::draft_list(visit).await,
        Page::Person => person::draft(visit).await,
        Page::Programmes => programme::draft_list(visit).await,
        Page::Programme => programme::draft(visit).await,
        Page::Episode => episode::draft(visit).await,
        Page::Schedule => schedule::draft(visit).await,
        Page::Listen => listen::draft(visit).await,
        Page::About => Ok(about::draft(visit)),
    }
}

impl Draft {
    fn new(template: &'static str, view: &impl Serialize, mut tags: Vec<Tag>) -> Self {
        tags.push(Tag::Station);
        let view = Value::from(Serde(view));
        Self { template, view, status: StatusCode::OK, tags, subject: None, fresh_until: None }
    }

    /// The same, outdated at `moment` if not before.
    pub fn fresh_until(mut self, moment: Option<Timestamp>) -> Self {
        self.fresh_until = self.fresh_until.into_iter().chain(moment).min();
        self
    }
}

impl Visit {
    fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", String::as_str)
    }

    fn asked(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// The place in a list that was asked for. A place that is written wrongly does not exist.
    fn before<Id>(&self, id: fn(i64) -> Id) -> Result<Option<(Timestamp, Id)>> {
        let Some(asked) = self.asked("before") else { return Ok(None) };
        let place = asked.split_once('-').and_then(|(moment, number)| {
            let moment = Timestamp::from_microsecond(moment.parse().ok()?).ok()?;
            Some((moment, id(number.parse().ok()?)))
        });
        place.map(Some).ok_or(Fault::NotFound)
    }

    async fn now_next(&self) -> Result<Vec<NowNext>> {
        let Edition { station, services, now, .. } = &self.edition;
        let mut all = Vec::with_capacity(services.len());
        for service in services {
            all.push(store::broadcast::now_next(&self.db, station.id, service.id, *now).await?);
        }
        Ok(all)
    }
}

/// Cuts a list that was asked for with one item too many, and says where the next page starts.
fn cut<T>(items: &mut Vec<T>, path: &str, place: impl Fn(&T) -> (Timestamp, i64)) -> Option<String> {
    if items.len() <= LIST_ITEMS as usize {
        return None;
    }
    items.truncate(LIST_ITEMS as usize);
    let (moment, id) = place(items.last()?);
    Some(format!("{path}?before={}-{id}", moment.as_microsecond()))
}

fn place(summary: &Summary) -> (Timestamp, i64) {
    (summary.published_at, summary.id.0)
}

/// The next moment at which something begins or ends.
fn next_boundary(now_next: &[NowNext]) -> Option<Timestamp> {
    let ends = now_next.iter().filter_map(|on| on.now.as_ref()).map(|broadcast| broadcast.end);
    let starts = now_next.iter().filter_map(|on| on.next.as_ref()).map(|broadcast| broadcast.start);
    ends.chain(starts).min()
}

/// A page that lists stories is made from each of them, and from there being no newer one.
fn list_tags(stories: &[Summary]) -> Vec<Tag> {
    let mut tags: Vec<Tag> = stories.iter().map(|story| Tag::Story(story.id)).collect();
    tags.push(Tag::Latest);
    tags
}
