//! Every SQL text, gone through one by one.

use sqlx::{Connection, Executor, PgConnection, SqliteConnection};
use store::{Question, questions};

use crate::engine::Engine;

/// Texts that do not ask for one station's rows, each with the reason.
const NOT_OF_A_STATION: &[(&str, &str, &str)] = &[
    ("change", "HEADS", "the courier follows every station"),
    ("migration", "APPLIED", "the tables are the same for all"),
    ("migration", "CLAIM", "the tables are the same for all"),
    ("owner", "SAVE", "what the outside world says of itself"),
    ("owner", "GET", "what the outside world says of itself"),
    ("station", "ALL", "the program starts all its stations"),
    ("station", "BY_HOST", "this is how a station is found"),
    ("station", "BY_SLUG", "this is how a station is found"),
];

#[tokio::test]
async fn every_text_is_understood_by_both_databases() {
    let [sqlite, postgres] = Engine::both().await;
    sqlite.open_migrated().await;
    postgres.open_migrated().await;
    let mut sqlite = SqliteConnection::connect(&sqlite.url).await.unwrap();
    let mut postgres = PgConnection::connect(&postgres.url).await.unwrap();
    for Question { noun, name, sql } in questions() {
        use sqlx::SqlSafeStr;
        let prepared = (&mut sqlite).prepare(sql.into_sql_str()).await;
        assert!(prepared.is_ok(), "{noun} {name} on SQLite: {:?}", prepared.err());
        let prepared = (&mut postgres).prepare(sql.into_sql_str()).await;
        assert!(prepared.is_ok(), "{noun} {name} on PostgreSQL: {:?}", prepared.err());
    }
}

#[test]
fn placeholders_are_numbered_as_they_first_appear() {
    for Question { noun, name, sql } in questions() {
        let mut seen = 0;
        for number in sql.split('$').skip(1).map(leading_number) {
            assert!(number <= seen + 1, "{noun} {name}: ${number} comes before ${}", seen + 1);
            seen = seen.max(number);
        }
    }
}

#[test]
fn every_text_names_the_station_first() {
    let mut excused = NOT_OF_A_STATION.to_vec();
    for Question { noun, name, sql } in questions() {
        if let Some(at) = excused.iter().position(|(n, q, _)| (*n, *q) == (noun, name)) {
            excused.swap_remove(at);
            continue;
        }
        let names_it = match sql.split_whitespace().next() {
            Some("INSERT") if noun == "station" && name == "SAVE" => sql.contains("(id,"),
            Some("INSERT") => sql.contains("(station,"),
            _ if sql.contains("FROM station\n") || sql.contains("UPDATE station\n") => sql.contains("WHERE id = $1"),
            _ => sql.split_once("WHERE ").is_some_and(|(_, condition)| is_of_the_station(condition)),
        };
        assert!(names_it, "{noun} {name} may reach the rows of another station:{sql}");
        for join in sql.lines().filter(|line| line.contains("JOIN ")) {
            assert!(join.contains(".station = "), "{noun} {name} joins across stations: {join}");
        }
        assert!(!sql.contains(" OR "), "{noun} {name}: an OR could lead around the station:{sql}");
    }
    assert!(excused.is_empty(), "excused, and not there any more: {excused:?}");
}

#[test]
fn no_text_asks_for_whatever_columns_there_are() {
    for Question { noun, name, sql } in questions() {
        assert!(!sql.contains('*'), "{noun} {name} would change its answer when a column is added");
    }
}

/// True if it begins as `station = $1` or `s.station = $1` does.
fn is_of_the_station(condition: &str) -> bool {
    let column = condition.split_whitespace().next().unwrap_or_default();
    column.rsplit('.').next() == Some("station") && condition[column.len()..].starts_with(" = $")
}

fn leading_number(text: &str) -> u32 {
    let digits: String = text.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().expect("a dollar sign stands before a number")
}
