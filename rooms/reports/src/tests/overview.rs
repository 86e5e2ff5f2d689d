//! What is remembered of the list: one report is never old, a number over many is for a while, and no town sees another's.

use super::store::{new_report, put};
use super::{HOST, SWING, rooms, town};
use crate::{report::Visibility, store};
use base::MunicipalityId;
use db::{Audit, DbError};
use std::ops::Range;
use testkit::{TestSite, on_both_sites};

fn line(action: &'static str) -> Audit {
    let subject = "reports".to_owned();
    Audit { actor: base::Actor::System.trace(), action, subject, detail: serde_json::json!({}) }
}

async fn add(site: &TestSite, id: MunicipalityId, numbers: Range<i64>) {
    let added = site.site.db.write::<_, DbError>(id, move |tx| {
        for number in numbers.clone() {
            put(tx, &new_report(tx, &format!("2026-11-{number:04}"), "road", SWING, Visibility::Public, "received"))?;
        }
        tx.audit(line("report.published"));
        Ok(())
    });
    added.await.unwrap();
}

#[tokio::test]
async fn a_hidden_report_leaves_the_map_at_once() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        add(&site, id, 1..4).await;
        let mut anna = site.visitor(HOST);
        // Nothing kept by page: a cookie of the house.
        anna.set_cookie("__Host-entwurf", "1");
        anna.visit("/meldungen").await.is(200).shows("3 Meldungen");
        assert!(anna.visit("/meldungen/karte").await.html().contains("\"/melden/2026-11-0002\""));
        let hidden = site.site.db.write::<_, DbError>(id, |tx| {
            let report = store::desk_report(tx, "2026-11-0002")?.expect("it is there");
            store::set_visibility(tx, report.id, Visibility::Withdrawn)?;
            tx.audit(line("report.withdrawn"));
            Ok(())
        });
        hidden.await.unwrap();
        let seen = anna.visit("/meldungen").await;
        seen.is(200).shows("2 Meldungen");
        assert!(!seen.html().contains("2026-11-0002"));
        let pins = anna.visit("/meldungen/karte").await;
        assert!(pins.html().contains("2026-11-0001") && !pins.html().contains("2026-11-0002"));
    })
    .await;
}

#[tokio::test]
async fn a_number_over_many_may_be_ten_seconds_old_and_is_one_towns() {
    on_both_sites(rooms, async |site| {
        let id = town(&site).await;
        site.found("bindlach.example", "Bindlach").await;
        add(&site, id, 0..501).await;
        let (mut anna, mut bernd) = (site.visitor(HOST), site.visitor("bindlach.example"));
        anna.visit("/meldungen").await.is(200).shows("501 Meldungen");
        bernd.visit("/meldungen").await.is(200).hides("501").shows("Keine Meldungen gefunden");
        site.clock.advance_seconds(1);
        add(&site, id, 501..502).await;
        anna.visit("/meldungen").await.is(200).shows("501 Meldungen").shows("2026-11-0501");
        site.clock.advance_seconds(11);
        anna.visit("/meldungen").await.is(200).shows("502 Meldungen");
    })
    .await;
}
