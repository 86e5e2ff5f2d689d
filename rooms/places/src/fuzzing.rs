//! What the fuzz targets of this room call: the readers of foreign lists and words without a database. Only there when the
//! fuzzer builds the crate (`cargo fuzz` sets the flag); never in the program.

use crate::{
    import::Report,
    lists,
    model::{NewAddress, NewAsset},
    osm::{self, Piece},
    register,
};
use base::Position;
use std::path::Path;

pub fn addresses(list: &str) -> Option<Vec<NewAddress>> {
    lists::read_addresses(list, &mut Report::default()).ok()
}

pub fn assets(list: &str) -> Option<Vec<NewAsset>> {
    let rows = lists::read_assets(list, &mut Report::default()).ok()?;
    Some(rows.into_iter().map(|row| row.new).collect())
}

/// Where the places of the extract lie.
pub fn osm(path: &Path) -> Vec<Position> {
    let mut found = vec![];
    // What came before the file broke counts too.
    let _ = osm::read(path, None, &mut |piece| {
        match piece {
            Piece::Address(address) => found.push(address.position),
            Piece::Asset { new, .. } => found.push(new.position),
            Piece::Shape(_) | Piece::District(_) => {}
        }
        true
    });
    found
}

pub fn words(typed: &str) {
    let folded = register::fold_words(typed);
    assert_eq!(register::fold_words(&folded), folded, "{typed:?}");
    let number = register::fold_number(typed);
    assert_eq!(register::fold_number(&number), number, "{typed:?}");
    let _ = (register::house_number(typed), register::number_key(typed), register::parse_query(typed));
    let known = register::Folded::of(&register::fold_name(typed));
    let _ = (register::distance(&folded, &known), register::name_alike(typed, &folded));
}
