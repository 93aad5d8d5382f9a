//! What watches the program: figures for Prometheus, and whether it is alive and ready.

use std::net::SocketAddr;

use anyhow::Context;
use axum::Router;
use axum::http::StatusCode;
use axum::routing::get;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use store::Db;

/// Starts counting. Call once, before the rooms open, so that nothing goes uncounted.
pub fn start_counting() -> anyhow::Result<PrometheusHandle> {
    PrometheusBuilder::new().install_recorder().context("could not start counting")
}

/// `/healthz` (the program is alive) and `/readyz` (its store answers, so pages can be made).
pub fn health(db: Db) -> Router {
    let ready = move || {
        let db = db.clone();
        async move {
            match db.ping().await {
                Ok(()) => (StatusCode::OK, "ready\n"),
                Err(_) => {
                    (StatusCode::SERVICE_UNAVAILABLE, "the store does not answer; the air and kept pages go on\n")
                }
            }
        }
    };
    Router::new().route("/healthz", get(|| async { "alive\n" })).route("/readyz", get(ready))
}

/// Serves the figures on an address of their own, until it is dropped.
pub async fn serve_figures(address: SocketAddr, figures: PrometheusHandle) -> anyhow::Result<()> {
    let listener = tokio::net::TcpListener::bind(address)
        .await
        .with_context(|| format!("could not listen on {address} for figures; is another program there?"))?;
    let upkeep = figures.clone();
    tokio::spawn(async move {
        let mut tick = tokio::time::interval(std::time::Duration::from_secs(5));
        loop {
            tick.tick().await;
            upkeep.run_upkeep();
        }
    });
    tokio::spawn(async move {
        let routes = Router::new().route("/metrics", get(move || async move { figures.render() }));
        if let Err(error) = axum::serve(listener, routes).await {
            tracing::error!(%error, "figures are no longer served");
        }
    });
    Ok(())
}
