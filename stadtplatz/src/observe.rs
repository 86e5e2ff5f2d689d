//! Logs and numbers for operators. Neither carries personal data: paths are logged only with server errors, addresses
//! never.

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use std::io::IsTerminal;
use tracing_subscriber::EnvFilter;
use web::Site;

/// What crates that are not ours tell at `debug` and `trace` is what they were handed: paths with tokens, statements.
const QUIET: [&str; 6] = ["tower_http", "hyper", "h2", "reqwest", "tokio_postgres", "lettre"];

/// tracing's filter syntax, with the crates that would tell too much held at `info`.
pub fn filter(wanted: &str) -> EnvFilter {
    let filter = EnvFilter::try_new(wanted).unwrap_or_else(|_| EnvFilter::new("info"));
    let directives = QUIET.iter().filter_map(|name| format!("{name}=info").parse().ok());
    directives.fold(filter, EnvFilter::add_directive)
}

/// Starts logging to standard error. `STADTPLATZ_LOG_LEVEL` takes tracing's filter syntax.
pub fn start_log(json: bool) {
    let wanted = std::env::var("STADTPLATZ_LOG_LEVEL").unwrap_or_else(|_| "info".to_owned());
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(&wanted))
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal())
        .with_target(false);
    // A second start in the same process (tests) keeps the first.
    let _ = if json { builder.json().try_init() } else { builder.try_init() };
}

pub fn start_metrics() -> anyhow::Result<PrometheusHandle> {
    Ok(PrometheusBuilder::new().install_recorder()?)
}

/// Reads the gauges that are not counted as they happen.
pub async fn gauge(site: &Site) {
    let load = site.db.load();
    let values = [
        ("stadtplatz_db_reads_waiting", load.reads_waiting as f64),
        ("stadtplatz_db_writes_waiting", load.writes_waiting as f64),
        ("stadtplatz_db_reads_total", load.reads as f64),
        ("stadtplatz_db_writes_total", load.writes as f64),
        ("stadtplatz_db_commits_total", load.commits as f64),
        ("stadtplatz_db_refused_total", load.refused as f64),
        ("stadtplatz_db_repeated_total", load.repeated as f64),
        ("stadtplatz_db_reconnected_total", load.reconnected as f64),
    ];
    for (name, value) in values {
        metrics::gauge!(name).set(value);
    }
    if let Ok((waiting, stuck)) = site.db.job_counts().await {
        metrics::gauge!("stadtplatz_jobs_waiting").set(waiting as f64);
        metrics::gauge!("stadtplatz_jobs_stuck").set(stuck as f64);
    }
}
