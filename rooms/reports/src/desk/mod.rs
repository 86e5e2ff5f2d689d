//! Staff pages of this room: what becomes public, the categories, the block list. German only. Not the case itself:
//! that is the desk of `cases`, which links here.

pub mod blocks;
pub mod categories;
pub mod forwards;
pub mod keys;
pub mod partners;
pub mod review;

use crate::store;
use base::{Permission, Scope, may};
use db::DbError;
use identity::units_for;
use uuid::Uuid;
use web::{CaseLink, DeskContext, DeskGroup, DeskLink};

/// Entries of the left rail.
pub fn links(context: &DeskContext<'_>) -> Result<Vec<DeskGroup>, DbError> {
    let may_somewhere = |permission| may(context.actor, permission, Scope::Anywhere);
    let may_in_town = |permission| may(context.actor, permission, Scope::Town);
    let link = |href: &str, label: &str, icon: &'static str, count: Option<i64>| DeskLink {
        href: href.to_owned(),
        label: label.to_owned(),
        icon,
        count,
        counted: ["Meldung", "Meldungen"],
        urgent: false,
        current: context.path.starts_with(href),
    };
    let mut links = vec![];
    if may_somewhere(Permission::ReportModerate) {
        let count = store::to_review_count(context.tx, &units_for(context.actor, Permission::ReportModerate))?;
        links.push(link("/arbeit/pruefung", "Prüfung", "eye", Some(count)));
    }
    if may_in_town(Permission::ReportModerate) {
        links.push(link("/arbeit/sperren", "Sperrliste", "ban", None));
    }
    if may_in_town(Permission::TownEdit) {
        links.push(link("/arbeit/kategorien", "Kategorien", "tag", None));
    }
    if may_in_town(Permission::StaffManage) {
        links.push(link("/verwaltung/schluessel", "Schlüssel", "key-round", None));
        links.push(link("/verwaltung/stellen", "Andere Stellen", "send", None));
    }
    if may_somewhere(Permission::CaseRead) {
        if store::has_partners(context.tx)? {
            let count = store::forwards_in_trouble(context.tx, &units_for(context.actor, Permission::CaseRead))?;
            let forwards = link("/arbeit/weitergaben", "Weitergaben", "send", (count > 0).then_some(count));
            links.push(DeskLink { urgent: count > 0, ..forwards });
        }
        // The page of `places`; it stands here, below the lists of cases, because its codes lead to reports.
        links.push(link("/arbeit/objekte", "Objekte und QR-Codes", "qr-code", None));
    }
    Ok(if links.is_empty() { vec![] } else { vec![DeskGroup { title: "Meldungen".to_owned(), links }] })
}

/// What else can be done with a case that came from a report.
pub fn case_links(context: &DeskContext<'_>, case: Uuid) -> Result<Vec<CaseLink>, DbError> {
    let Some(report) = store::by_case(context.tx, case)? else { return Ok(vec![]) };
    let may_here = |permission| may(context.actor, permission, Scope::Unit(report.unit));
    let link = |end: &str, label| CaseLink { href: format!("/arbeit/meldung/{}{end}", report.number), label };
    let mut links = vec![];
    if may_here(Permission::ReportModerate) {
        links.push(link("", "Veröffentlichen und schwärzen"));
    }
    if may_here(Permission::CaseWork) && store::has_partners(context.tx)? {
        links.push(link("/weitergabe", "An andere Stelle weitergeben"));
    }
    Ok(links)
}
