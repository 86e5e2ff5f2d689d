//! Map tiles from a foreign server by a URL with placeholders: XYZ, TMS or WMTS in its REST or KVP form. Fetched by the
//! house, so that no citizen's address reaches a third party. It keeps nothing; whoever shows the tiles caches them.

use crate::{Outgoing, OutgoingError};
use bytes::Bytes;
use std::ops::RangeInclusive;

const TILE_BYTES_MAX: u64 = 2 * 1024 * 1024;
/// Beyond this, numbers of tiles leave 32 bits and no map has pictures.
const ZOOM_MAX: u8 = 24;

#[derive(Clone)]
pub struct XyzSource {
    outgoing: Outgoing,
    url_template: String,
    zooms: RangeInclusive<u8>,
}

/// One tile, of a kind told by its content.
#[derive(Debug, Clone)]
pub struct Tile {
    pub bytes: Bytes,
    pub content_type: &'static str,
    /// To ask later whether it still holds.
    pub etag: Option<String>,
}

/// What the source says about a tile.
#[derive(Debug, Clone)]
pub enum Fetched {
    Tile(Tile),
    /// The state that is known still holds.
    Unchanged,
    /// There is no such tile: outside the zoom levels, outside the world, or the server says so.
    Absent,
}

impl XyzSource {
    /// Placeholders: `{z}`, `{x}`, `{y}` or `{-y}` (counted from the south), or WMTS's `{TileMatrix}`, `{TileCol}` and
    /// `{TileRow}`. They may stand in path and query only, so that no request chooses its host.
    pub fn new(outgoing: Outgoing, url_template: &str, zooms: RangeInclusive<u8>) -> Result<Self, OutgoingError> {
        let wmts = [("{TileMatrix}", "{z}"), ("{TileCol}", "{x}"), ("{TileRow}", "{y}")];
        let template = wmts.iter().fold(url_template.to_owned(), |template, (from, to)| template.replace(from, to));
        let has_row = template.contains("{y}") || template.contains("{-y}");
        if !(has_row && template.contains("{z}") && template.contains("{x}")) {
            return Err(OutgoingError::Configuration("the tile URL needs {z}, {x} and {y}"));
        }
        let rest = template.strip_prefix("https://").or_else(|| template.strip_prefix("http://"));
        let host = rest.and_then(|rest| rest.split_once('/')).map(|(host, _)| host);
        if !host.is_some_and(|host| !host.is_empty() && !host.contains(['{', '@', '?', '#'])) {
            return Err(OutgoingError::Configuration("the tile URL needs http(s):// and a host without placeholders"));
        }
        if zooms.is_empty() || *zooms.end() > ZOOM_MAX {
            return Err(OutgoingError::Configuration("the tile source's zoom levels are out of range"));
        }
        Ok(Self { outgoing, url_template: template, zooms })
    }

    /// Asks for a tile; `known` is the ETag of the one that is kept.
    pub async fn fetch(&self, z: u8, x: u32, y: u32, known: Option<&str>) -> Result<Fetched, OutgoingError> {
        let Some(url) = self.url(z, x, y) else { return Ok(Fetched::Absent) };
        let kinds = "image/png,image/webp,image/jpeg";
        let answer = self.outgoing.get_limited(&url, kinds, TILE_BYTES_MAX, known).await?;
        match answer.status {
            200 => {}
            304 if known.is_some() => return Ok(Fetched::Unchanged),
            204 | 404 | 410 => return Ok(Fetched::Absent),
            status => return Err(OutgoingError::Unexpected { status }),
        }
        let content_type = picture_type(&answer.body).ok_or(OutgoingError::Unexpected { status: 200 })?;
        Ok(Fetched::Tile(Tile { bytes: answer.body, content_type, etag: answer.etag }))
    }

    pub(crate) fn url(&self, z: u8, x: u32, y: u32) -> Option<String> {
        if !self.zooms.contains(&z) {
            return None;
        }
        let side = 1u32.checked_shl(u32::from(z))?;
        if x >= side || y >= side {
            return None;
        }
        let url = self.url_template.replace("{z}", &z.to_string()).replace("{x}", &x.to_string());
        Some(url.replace("{y}", &y.to_string()).replace("{-y}", &(side - 1 - y).to_string()))
    }
}

/// By content: an error page with status 200 must not end up in the cache as a tile.
fn picture_type(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [0x89, b'P', b'N', b'G', ..] => Some("image/png"),
        [0xFF, 0xD8, 0xFF, ..] => Some("image/jpeg"),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some("image/webp"),
        _ => None,
    }
}
