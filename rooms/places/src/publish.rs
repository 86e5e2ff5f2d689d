//! Makes what was stored visible: districts are written into addresses and assets, names are gathered, the map gets its
//! version from its content. Done once at the end of an import or seed; a second time changes nothing.

use crate::cache::Memo;
use crate::model::{Source, TownMap};
use crate::search;
use crate::store::{self, Table};
use base::{Bounds, Position};
use db::{DbError, Tx};
use maps::{Geometry, Scene};
use std::sync::{Arc, OnceLock};

/// What is not in the data: where the map begins and whom to name.
#[derive(Debug, Clone, PartialEq)]
pub struct MapFrame {
    pub bounds: Bounds,
    pub centre: Position,
    pub zoom_start: u8,
    pub attribution: String,
}

/// Publishes the stored places; says whether anything changed. The caller leaves the audit line.
pub fn publish_map(tx: &Tx<'_>, frame: &MapFrame) -> Result<bool, DbError> {
    let mut changed = store::assign_districts(tx)? > 0;
    let names = search::gather_names(tx)?;
    let mut known = store::names(tx)?;
    known.sort_by(|a, b| {
        (&a.folded, a.kind, &a.place, &a.label)
            .cmp(&(&b.folded, b.kind, &b.place, &b.label))
            .then(a.lat.total_cmp(&b.lat))
    });
    if names != known {
        store::replace_names(tx, &names)?;
        changed = true;
    }
    let mut version = crate::model::content_number(&[frame.attribution.as_bytes()]);
    for table in Table::ALL {
        for source in Source::ALL {
            version =
                store::contents(tx, table, *source)?.values().fold(version, |sum, content| sum.wrapping_add(*content));
        }
    }
    let map = TownMap {
        version,
        bounds: frame.bounds,
        centre: frame.centre,
        zoom_start: frame.zoom_start,
        attribution: frame.attribution.clone(),
    };
    if store::own_map(tx)?.as_ref() != Some(&map) {
        store::put_map(tx, &map)?;
        changed = true;
    }
    Ok(changed)
}

/// The town's features, ready to draw. `None` until a map was published. A few towns stay in memory.
pub fn scene(tx: &Tx<'_>) -> Result<Option<(TownMap, Arc<Scene>)>, DbError> {
    static MEMO: OnceLock<Memo<Scene>> = OnceLock::new();
    let Some(map) = store::own_map(tx)? else { return Ok(None) };
    let memo = MEMO.get_or_init(|| Memo::new(24));
    let scene = memo.get(tx.municipality(), map.version, || Ok::<_, DbError>(Scene::new(store::features(tx)?)))?;
    Ok(Some((map, scene)))
}

/// The district that holds a position.
pub fn district_at(tx: &Tx<'_>, at: Position) -> Result<Option<String>, DbError> {
    static MEMO: OnceLock<Memo<Vec<(String, Geometry)>>> = OnceLock::new();
    let Some(map) = store::own_map(tx)? else { return Ok(None) };
    let memo = MEMO.get_or_init(|| Memo::new(64));
    let districts = memo.get(tx.municipality(), map.version, || store::districts(tx))?;
    Ok(districts.iter().find(|(_, area)| area.holds(at)).map(|(name, _)| name.clone()))
}
