//! The list of things and their labels: filter, pages, codes. Who may see them is in the access matrix.

use super::store::small_town;
use crate::AssetKind;
use crate::desk::{AssetFilter, Code, find, label};
use crate::store;
use base::Position;
use db::{DbError, testing::on_both};

#[tokio::test]
async fn things_are_found_by_kind_number_and_place_a_page_at_a_time() {
    on_both(super::SETS, async |test| {
        let (town, other) = (test.town().await, test.town().await);
        test.db.write(town, small_town).await.unwrap();
        let numbers = |filter: AssetFilter, limit: usize| {
            test.db.read::<_, DbError>(town, move |tx| {
                let found = find(tx, &filter, limit)?;
                Ok((found.assets.into_iter().map(|a| (a.kind, a.number)).collect::<Vec<_>>(), found.has_more))
            })
        };
        let (all, more) = numbers(AssetFilter::default(), 100).await.unwrap();
        assert!(all.len() >= 2 && !more, "{all:?}");
        let (first, more) = numbers(AssetFilter::default(), 1).await.unwrap();
        assert_eq!((first.as_slice(), more), (&all[..1], true));
        let kind = Some(AssetKind::Playground);
        let (playgrounds, _) = numbers(AssetFilter { kind, ..AssetFilter::default() }, 100).await.unwrap();
        assert!(!playgrounds.is_empty() && playgrounds.iter().all(|(kind, _)| *kind == AssetKind::Playground));
        // Its number as people type it, and the name of a place.
        let place = |text: &str| AssetFilter { place: text.to_owned(), ..AssetFilter::default() };
        let (numbered, _) = numbers(place("sp 014"), 100).await.unwrap();
        assert!(
            !numbered.is_empty() && numbered.iter().all(|(_, number)| number.starts_with("SP-014")),
            "{numbered:?}"
        );
        let (near, _) = numbers(place("Lindenpark"), 100).await.unwrap();
        assert!(!near.is_empty());
        assert!(numbers(place("Quellenhof"), 100).await.unwrap().0.is_empty());
        let nowhere = AssetFilter { district: "Nirgends".to_owned(), ..AssetFilter::default() };
        assert!(numbers(nowhere, 100).await.unwrap().0.is_empty());
        let found = test.db.read::<_, DbError>(other, |tx| find(tx, &AssetFilter::default(), 100)).await.unwrap();
        assert!(found.assets.is_empty(), "things of another town");
        let kinds = test.db.read(town, store::asset_kinds).await.unwrap();
        assert!(kinds.contains(&AssetKind::Playground));
    })
    .await;
}

#[tokio::test]
async fn pages_of_the_list_follow_each_other_without_gap() {
    on_both(super::SETS, async |test| {
        let town = test.town().await;
        test.db.write(town, small_town).await.unwrap();
        let tokens = test.db.read::<_, DbError>(town, |tx| {
            let whole = find(tx, &AssetFilter::default(), 100)?.assets;
            let (mut walked, mut after) = (vec![], None);
            loop {
                let page = store::assets_listed(tx, &AssetFilter::default(), "", after.as_ref(), 1)?;
                let Some(one) = page.into_iter().next() else { break };
                walked.push(one.token.clone());
                after = Some(one);
            }
            Ok((whole.into_iter().map(|asset| asset.token).collect::<Vec<_>>(), walked))
        });
        let (whole, walked) = tokens.await.unwrap();
        assert_eq!(whole, walked);
    })
    .await;
}

#[test]
fn a_label_leads_to_the_thing_and_its_code_has_three_eyes() {
    let asset = crate::Asset {
        id: crate::AssetId(base::uuid::Uuid::nil()),
        kind: AssetKind::Bench,
        label: "Sitzbank".to_owned(),
        number: "BA-007".to_owned(),
        parent: None,
        parent_label: None,
        district: None,
        token: "abcdefgh23".to_owned(),
        active: true,
        lat: 50.0,
        lon: 11.0,
    };
    assert_eq!(asset.position(), Position { lat: 50.0, lon: 11.0 });
    let made = label(&asset, "https://stadt.example/").unwrap();
    assert_eq!(made.url, "https://stadt.example/o/abcdefgh23");
    // The finder patterns: a dark frame of seven modules in three corners, light in the quiet zone.
    let dark = |column: usize, row: usize| made.code.path.contains(&format!("M{column} {row}h"));
    let last = made.code.side - 5;
    for (column, row) in [(4, 4), (10, 4), (4, 10), (last, 4), (4, last), (last - 6, 4), (4, last - 6)] {
        assert!(dark(column, row), "{column}/{row}");
    }
    assert!((0..made.code.side).all(|column| !dark(column, 3) && !dark(column, last + 1)));
    assert!(Code::of(&"x".repeat(4_000)).is_none());
}
