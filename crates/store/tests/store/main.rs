//! What the store promises, told to both databases.
//!
//! A story is a function over an empty, migrated [`store::Db`]; [`told_to_both!`] makes one test for SQLite and one for
//! PostgreSQL out of it. `engine` gives each its own database, `sample` has one of every noun.

macro_rules! told_to_both {
    ($($story:ident),* $(,)?) => {$(
        mod $story {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_sqlite() {
                let engine = crate::engine::Engine::sqlite();
                super::$story(engine.open_migrated().await).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_postgres() {
                let engine = crate::engine::Engine::postgres().await;
                super::$story(engine.open_migrated().await).await;
            }
        }
    )*};
}

mod desk;
mod drafts;
mod engine;
mod isolation;
mod kept;
mod kill;
mod lists;
mod log;
mod nouns;
mod opening;
mod publishing;
mod questions;
mod sample;
