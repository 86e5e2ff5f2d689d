//! `stadtplatz municipality map`: where a town's map pictures come from. Without options it shows what holds; a named
//! source is asked for one tile at once, so that a typing error is found here and not by citizens.

use super::say;
use anyhow::{Context, ensure};
use clap::Args;
use outgoing::{OutgoingError, Refusal};
use places::{SourceHealth, TileSource, check_tile_source, set_tile_source, tile_source};
use web::Site;

#[derive(Args)]
pub struct Wish {
    /// Hostname der Gemeinde
    host: String,
    /// Adresse der Kacheln mit {z}, {x} und {y} (oder {-y}), bei WMTS {TileMatrix}, {TileCol} und {TileRow}
    #[arg(long, requires = "attribution", conflicts_with = "own")]
    tiles: Option<String>,
    /// Zoomstufen, die die Quelle hat
    #[arg(long, default_value = "6..19", value_parser = zooms, requires = "tiles")]
    zooms: (i64, i64),
    /// Quellenvermerk, der auf jeder Karte steht, zum Beispiel "© GeoBasis-DE / BKG 2026"
    #[arg(long, requires = "tiles")]
    attribution: Option<String>,
    /// Lizenz und Fundstelle, für Ihre Unterlagen
    #[arg(long, default_value = "", requires = "tiles")]
    licence: String,
    /// Die Quelle zeigt Luftbilder: Dunkle Ansichten werden gedämpft statt umgekehrt
    #[arg(long, requires = "tiles")]
    photo: bool,
    /// Zurück zur eigenen Karte aus den Geodaten der Gemeinde
    #[arg(long)]
    own: bool,
}

fn zooms(text: &str) -> Result<(i64, i64), String> {
    let pair = text.split_once("..").and_then(|(from, to)| Some((from.parse().ok()?, to.parse().ok()?)));
    let fits = pair.filter(|(from, to)| (0..=24).contains(from) && (*from..=24).contains(to));
    fits.ok_or_else(|| "schreiben Sie die kleinste und die größte Zoomstufe, zum Beispiel 6..19".to_owned())
}

pub async fn run(site: &Site, wish: &Wish) -> anyhow::Result<()> {
    let town = super::town(site, Some(&wish.host)).await?;
    if wish.own {
        site.db.write(town, |tx| set_tile_source(tx, None)).await?;
        say("Die Karte entsteht wieder aus den eigenen Geodaten.");
        return Ok(());
    }
    if let (Some(tiles), Some(attribution)) = (&wish.tiles, &wish.attribution) {
        ensure!(!attribution.trim().is_empty(), "der Quellenvermerk (--attribution) fehlt; die Lizenz verlangt ihn");
        let source = TileSource {
            url_template: tiles.clone(),
            zoom_min: wish.zooms.0,
            zoom_max: wish.zooms.1,
            attribution: attribution.trim().to_owned(),
            licence: wish.licence.clone(),
            is_photo: wish.photo,
        };
        source.client(site).context("so lässt sich keine Kachel abrufen")?;
        site.db.write(town, move |tx| set_tile_source(tx, Some(&source))).await?;
    }
    let Some(source) = site.db.read(town, tile_source).await? else {
        say("Die Karte entsteht aus den eigenen Geodaten.");
        return Ok(());
    };
    say(format_args!("Die Kartenbilder kommen von {}, Zoom {}..{}.", source.host(), source.zoom_min, source.zoom_max));
    say(format_args!("Quellenvermerk: {}", source.attribution));
    if !source.licence.is_empty() {
        say(format_args!("Lizenz: {}", source.licence));
    }
    let (text, mend) = words(&source, &check_tile_source(site, town, &source).await?);
    say(format_args!("Probe: {text}"));
    if !mend.is_empty() {
        say(format_args!("  → {mend}"));
    }
    Ok(())
}

/// What the operator is told: what is the case, and what to do.
pub fn words(source: &TileSource, health: &SourceHealth) -> (String, &'static str) {
    let host = source.host();
    match health {
        SourceHealth::Answers { bytes } => (format!("die Kartenquelle {host} antwortet ({bytes} Bytes)"), ""),
        SourceHealth::Empty => (
            format!("die Kartenquelle {host} hat keine Kachel in der Mitte der Gemeinde"),
            "Prüfen Sie Adresse, Zoomstufen und ob die Quelle dieses Gebiet zeigt.",
        ),
        SourceHealth::NoPicture => (
            format!("die Kartenquelle {host} schickt kein Kartenbild"),
            "Rufen Sie eine Kachel im Browser auf: Oft fehlt ein Schlüssel, oder es ist eine Anmeldeseite.",
        ),
        SourceHealth::Refused(OutgoingError::Refused(Refusal::NotPublic)) => (
            format!("die Kartenquelle {host} liegt nicht im öffentlichen Netz und ist nicht freigegeben"),
            "Tragen Sie sie als host:port in STADTPLATZ_INTRANET ein, wenn sie Ihnen gehört.",
        ),
        SourceHealth::Refused(error) => (
            format!("die Kartenquelle {host} antwortet nicht richtig: {error}"),
            "Solange zeigt der Stadtplatz die gemerkten Kacheln, dann die eigene Karte.",
        ),
    }
}
