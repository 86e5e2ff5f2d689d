//! Routes that belong to no town: is the process alive, is it ready, how is it doing. For proxies and monitoring.

use crate::observe;
use axum::{
    Router,
    extract::{ConnectInfo, Request, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use metrics_exporter_prometheus::PrometheusHandle;
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::sync::watch;
use web::Site;

struct Outside {
    site: Site,
    metrics: PrometheusHandle,
    token: Option<String>,
    stop: watch::Receiver<bool>,
}

/// From the moment `stop` changes the process is alive and answers, but is not ready any more.
pub fn routes(site: Site, metrics: PrometheusHandle, token: Option<String>, stop: watch::Receiver<bool>) -> Router {
    let state = Arc::new(Outside { site, metrics, token, stop });
    Router::new()
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(numbers))
        .with_state(state)
}

async fn ready(State(state): State<Arc<Outside>>) -> Response {
    if *state.stop.borrow() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response();
    }
    let health = state.site.db.health(Duration::from_secs(2)).await;
    if health.is_good() {
        return "ready\n".into_response();
    }
    let text = format!("database: reads {}, writes {}\n", health.reads, health.writes);
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "2")], text).into_response()
}

/// From this machine without a proxy in between, or with the token; for everybody else the page does not exist.
async fn numbers(State(state): State<Arc<Outside>>, request: Request) -> Response {
    let headers = request.headers();
    let direct = !headers.contains_key("x-forwarded-for") && !headers.contains_key("forwarded");
    let here = request.extensions().get::<ConnectInfo<SocketAddr>>().is_some_and(|info| info.0.ip().is_loopback());
    let bearer =
        headers.get(header::AUTHORIZATION).and_then(|v| v.to_str().ok()).and_then(|v| v.strip_prefix("Bearer "));
    let known = state.token.as_deref().zip(bearer).is_some_and(|(token, given)| {
        aws_lc_rs::constant_time::verify_slices_are_equal(token.as_bytes(), given.as_bytes()).is_ok()
    });
    if !(known || here && direct) {
        return StatusCode::NOT_FOUND.into_response();
    }
    observe::gauge(&state.site).await;
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], state.metrics.render()).into_response()
}
