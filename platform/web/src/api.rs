//! `/api/openapi.json`: what other programs may call here, as OpenAPI 3.1. Each room describes its own part in a file; this
//! puts them together under the town's address. Not generated from handlers: one tree is answered as XML and as JSON, so
//! there are no types to derive from, and tests hold the description against the routes and the answers instead.

use crate::{Answer, PageError, Room, Routes, Visit, access::Access};
use axum::response::IntoResponse;
use http::{HeaderValue, header};
use serde_json::{Value, json};

pub fn routes(routes: &mut Routes) {
    routes.get("/api/openapi.json", Access::Public, show);
}

/// The whole description for a town at this address. Fails if a room's part is no JSON.
pub fn description(rooms: &[Room], address: &str, name: &str) -> Result<Value, serde_json::Error> {
    let mut whole: Value = serde_json::from_str(include_str!("../data/openapi.json"))?;
    whole["info"]["version"] = json!(env!("CARGO_PKG_VERSION"));
    whole["info"]["title"] = json!(format!("Stadtplatz {name}"));
    whole["servers"] = json!([{ "url": address }]);
    for room in rooms.iter().filter(|room| !room.api.is_empty()) {
        let part: Value = serde_json::from_str(room.api)?;
        for (from, to) in [("/paths", "/paths"), ("/schemas", "/components/schemas")] {
            let fields = part.pointer(from).and_then(Value::as_object).cloned().unwrap_or_default();
            if let Some(known) = whole.pointer_mut(to).and_then(Value::as_object_mut) {
                known.extend(fields);
            }
        }
    }
    Ok(whole)
}

async fn show(visit: Visit) -> Answer {
    let whole = description(&visit.site.rooms, &visit.town.url(""), &visit.town.name);
    let whole =
        whole.map_err(|error| PageError::because("a description of an interface is no JSON")(Box::new(error)))?;
    let mut response = axum::Json(whole).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=60"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    Ok(response)
}
