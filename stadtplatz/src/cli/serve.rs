//! `stadtplatz serve`: the site and its worker in one process.

use super::demo;
use crate::{config::Config, observe, outside, serve, start, worker};
use anyhow::{Context, ensure};
use tokio::{net::TcpListener, sync::watch};
use web::Site;

pub async fn run(config: &Config) -> anyhow::Result<()> {
    let site = start::site(config).await?;
    refuse_demo_accounts(&site).await?;
    listen(config, site, serve::stop_on_signal()?).await
}

/// Serves until told to stop; shared with `demo`.
pub async fn listen(config: &Config, site: Site, stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    let metrics = observe::start_metrics()?;
    let outside = outside::routes(site.clone(), metrics, config.metrics_token.clone(), stop.clone());
    let (router, _) = web::router(&site, outside);
    let listener = TcpListener::bind(config.listen)
        .await
        .with_context(|| format!("auf {} kann das Programm nicht antworten: ist der Port belegt?", config.listen))?;
    tracing::info!(address = %listener.local_addr()?, "listening");
    let worker = tokio::spawn(worker::run(site.clone(), stop.clone()));
    serve::run(listener, router, serve::drained(stop, config.drain)).await?;
    worker.await.context("the worker ended badly")?;
    worker::write_sightings(&site).await;
    site.db.close().await;
    tracing::info!("stopped");
    Ok(())
}

/// Accounts with known passwords exist only in the demo town, and a town keeps the name it was registered under. So a
/// start among ten thousand towns asks one or none of them.
async fn refuse_demo_accounts(site: &Site) -> anyhow::Result<()> {
    let towns = site.db.look_up(|tables| tables.municipalities()).await?;
    for town in towns.into_iter().filter(|town| town.name == demo::TOWN) {
        let demo = site.db.read(town.id, identity::has_demo_accounts).await?;
        ensure!(
            !demo,
            "{} enthält Vorführkonten mit bekanntem Kennwort. Nehmen Sie für den Betrieb einen anderen Datenordner.",
            town.name
        );
    }
    Ok(())
}
