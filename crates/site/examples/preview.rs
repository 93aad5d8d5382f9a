//! Shows every page of the invented station, without a store: `cargo run -p site --example preview`.
//!
//! Templates are read from `crates/site/templates` at each request, so a change is seen by reloading. Pages stand at
//! `http://127.0.0.1:8011/` and below; give another port as the argument, or `--write FOLDER` to write the pages there.

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, Uri, header};
use axum::response::{Html, IntoResponse, Response};
use site::preview::{pages, render};
use site::templates::Templates;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let templates = Templates::new(Some(&Path::new(env!("CARGO_MANIFEST_DIR")).join("templates")));
    match arguments.as_slice() {
        [flag, folder] if flag == "--write" => write(&templates, Path::new(folder)),
        rest => serve(templates, rest.first().map_or("8011", String::as_str)).await,
    }
}

fn write(templates: &Templates, folder: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for page in pages() {
        let html = render(templates, page).unwrap_or_else(|fault| format!("{fault:#?}"));
        std::fs::write(folder.join(format!("{}.html", page.name)), html)?;
    }
    Ok(())
}

async fn serve(templates: Templates, port: &str) -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    println!("http://{}/", listener.local_addr()?);
    for page in pages() {
        println!("  {}", page.address);
    }
    axum::serve(listener, Router::new().fallback(answer).with_state(Arc::new(templates))).await
}

async fn answer(State(templates): State<Arc<Templates>>, uri: Uri) -> Response {
    if let Some(answer) = site::preview::asset(uri.path()) {
        return ([(header::CONTENT_TYPE, answer.0)], answer.1).into_response();
    }
    let asked = uri.path_and_query().map_or("/", |asked| asked.as_str());
    let found =
        pages().iter().find(|page| page.address == asked).or(pages().iter().find(|page| page.address == uri.path()));
    let Some(page) = found else {
        return (StatusCode::NOT_FOUND, "the preview has no such page").into_response();
    };
    match render(&templates, page) {
        Ok(html) => Html(html).into_response(),
        Err(fault) => (StatusCode::INTERNAL_SERVER_ERROR, format!("{fault:#?}")).into_response(),
    }
}
