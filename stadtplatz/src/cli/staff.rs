//! `stadtplatz staff`: the first people of a town come by invitation, with a link that works once.

use super::{say, town};
use crate::{config::Config, start};
use anyhow::Context;
use base::{Actor, MunicipalityId, OrgUnitId};
use clap::Subcommand;
use identity::{NewInvitation, Role};
use std::sync::Arc;
use web::Site;

#[derive(Subcommand)]
pub enum Staff {
    /// Eine Person einladen; der Link gilt 14 Tage und nur einmal
    Invite {
        /// E-Mail-Adresse
        mail: String,
        /// Rolle: clerk, head, moderator, editor oder administrator
        #[arg(long)]
        role: String,
        /// Amt, für das die Rolle gilt (Kurzname); ohne Angabe die ganze Gemeinde
        #[arg(long)]
        unit: Option<String>,
        /// Vor- und Nachname
        #[arg(long, default_value = "")]
        name: String,
        /// Hostname der Gemeinde, wenn es mehrere gibt
        #[arg(long)]
        town: Option<String>,
    },
}

pub async fn run(config: &Config, command: Staff) -> anyhow::Result<()> {
    let site = start::site(config).await?;
    let Staff::Invite { mail, role, unit, name, town: host } = command;
    let id = town(&site, host.as_deref()).await?;
    let town = site.town(id).await?.context("die Gemeinde ist noch nicht eingerichtet")?;
    let email = mail::EmailAddress::parse(&mail).with_context(|| format!("{mail} ist keine E-Mail-Adresse"))?;
    let role = Role::from_word(&role)
        .with_context(|| format!("{role} ist keine Rolle; es gibt clerk, head, moderator, editor, administrator"))?;
    let unit = match unit {
        Some(short) => Some(find_unit(&site, id, short).await?),
        None => None,
    };
    let (secret, invited) = (site.secret_token(), Arc::clone(&town));
    let (new, token) = (NewInvitation { name, email, role, unit }, secret.clone());
    site.db
        .write(id, move |tx| identity::invite_staff(tx, &invited, &Actor::System, &new, &token))
        .await
        .context("die Einladung ist nicht möglich")?;
    say("Die Einladung ist angelegt und wird verschickt. Sie gilt 14 Tage und nur einmal. Der Link darin ist:");
    say(format_args!("  {}", identity::invitation_link(&town, &secret)));
    site.db.close().await;
    Ok(())
}

async fn find_unit(site: &Site, town: MunicipalityId, wanted: String) -> anyhow::Result<OrgUnitId> {
    let units = site.db.read(town, identity::org_units).await?;
    let found = units.iter().find(|unit| unit.short == wanted || unit.name == wanted).map(|unit| unit.id);
    found.with_context(|| {
        let names: Vec<&str> = units.iter().map(|unit| unit.short.as_str()).collect();
        format!("kein Amt {wanted}; es gibt: {}", names.join(", "))
    })
}
