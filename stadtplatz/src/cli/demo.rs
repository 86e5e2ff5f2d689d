//! `stadtplatz demo`: the fictional town Ahornfurt, ready at one command. Run again, it changes nothing that is there.
//! It writes `DATA/demo.json` for browser tests, the bench and whoever wants to script it.

use super::{municipality, say, serve};
use crate::{config::Config, serve as server, start};
use anyhow::Context;
use base::{Land, MunicipalityId, Position};
use db::DbError;
use identity::DemoAccount;
use serde_json::{Value, json};
use web::{Site, Town, TownKind};

#[derive(clap::Args)]
pub struct Demo {
    /// Nur die Daten anlegen, dann aufhören
    #[arg(long)]
    prepare_only: bool,
}

/// Under this name the town is registered, whatever its pages call it later: `serve` looks for it.
pub const TOWN: &str = "Ahornfurt";
const CENTRE: Position = Position { lat: 50.12, lon: 11.03 };

pub async fn run(config: &Config, demo: &Demo) -> anyhow::Result<()> {
    let site = start::site(config).await?;
    let base_url = config.public_url.clone().unwrap_or_else(|| format!("http://localhost:{}", config.listen.port()));
    let mut town = Town::new(TOWN, TownKind::City, Land::Bavaria, CENTRE, &base_url);
    town.street = "Marktplatz 1".to_owned();
    town.postcode_place = "00000 Ahornfurt".to_owned();
    town.phone = "09999 100-0".to_owned();
    town.email = "rathaus@ahornfurt.example".to_owned();
    say("Ahornfurt wird vorbereitet …");
    let id = municipality::found(&site, &[], town).await?;
    let accounts = staff(&site, id).await.context("die Beschäftigten lassen sich nicht anlegen")?;
    places::ahornfurt::seed(&site.db, id).await.context("die Karte lässt sich nicht anlegen")?;
    site.db.write(id, guide::seed).await.context("Texte und Hinweise lassen sich nicht anlegen")?;
    reports::seed(&site, id).await.context("die Meldungen lassen sich nicht anlegen")?;
    write_summary(config, &site, id, &base_url, &accounts).await?;
    if demo.prepare_only {
        site.db.close().await;
        return Ok(());
    }
    say(format_args!("\nAhornfurt ist da: {base_url}\n"));
    for account in accounts.iter().take(4) {
        say(format_args!("  {:<18} {}  Kennwort {}", account.role_label, account.email, account.password));
    }
    say(format_args!("\nE-Mails landen auf {base_url}/_post. Beenden mit Strg C."));
    serve::listen(config, site, server::stop_on_signal()?).await
}

async fn staff(site: &Site, id: MunicipalityId) -> anyhow::Result<Vec<DemoAccount>> {
    let town = site.town(id).await?.context("die Stadt fehlt")?;
    let password = identity::hash_password_blocking(&*site.chance, identity::DEMO_PASSWORD)
        .context("das Kennwort der Vorführung lässt sich nicht verschlüsseln")?;
    Ok(site.db.write(id, move |tx| identity::seed(tx, &town, &password)).await?)
}

async fn write_summary(
    config: &Config,
    site: &Site,
    id: MunicipalityId,
    base_url: &str,
    accounts: &[DemoAccount],
) -> anyhow::Result<()> {
    let mut pages: Vec<Value> = vec![];
    let mut add = |room: Vec<web::DemoPage>| {
        pages.extend(
            room.into_iter()
                .map(|page| json!({ "url": page.url, "role": page.role, "name": page.name, "status": page.status })),
        );
    };
    add(web::demo_pages());
    for room in site.rooms.iter() {
        add(site.db.read(id, room.demo_pages).await?);
    }
    let accounts: Vec<Value> = accounts
        .iter()
        .map(|account| json!({ "role": account.role, "email": account.email, "password": account.password }))
        .collect();
    // The same with every start, and of no use in another installation: it comes from this one's own key.
    let seal = site.keys.seal(id, "demo-open311", "key", base::Moment::from_micros(0));
    let open311_api_key = base::hex(seal.as_bytes().get(..24).unwrap_or_default());
    let (name, key) = ("Vorführung", open311_api_key.clone());
    site.db.write::<_, DbError>(id, move |tx| reports::allow_program(tx, name, &key)).await?;
    let summary =
        json!({ "base_url": base_url, "open311_api_key": open311_api_key, "accounts": accounts, "pages": pages });
    let path = config.data.join("demo.json");
    std::fs::write(&path, serde_json::to_vec_pretty(&summary)?)
        .with_context(|| format!("{} lässt sich nicht schreiben", path.display()))
}
