//! The description of the interfaces: nothing of it is missing or made up, and what is answered is what it says. Whether a
//! stranger's tool agrees is tried by hand with schemathesis (`CONTRIBUTING.md`).

use crate::{
    people::on_both_houses,
    things::Thing,
    world::{World, filled},
};
use serde_json::Value;
use std::collections::BTreeSet;

const HOST: &str = "eins.example";

/// `/a/{number}.json` as the route that serves it: `/a/{file}`.
fn route_of(path: &str) -> String {
    match path.rsplit_once("/{") {
        Some((start, end)) if end.ends_with("}.json") => format!("{start}/{{file}}"),
        _ => path.to_owned(),
    }
}

#[tokio::test]
async fn every_json_route_is_described_and_every_described_one_exists() {
    on_both_houses(async |site| {
        let whole = web::api::description(&site.site.rooms, "https://eins.example", "Eins").unwrap();
        let mut described = BTreeSet::new();
        for (path, methods) in whole["paths"].as_object().unwrap() {
            for method in methods.as_object().unwrap().keys() {
                described.insert((method.to_uppercase(), route_of(path)));
            }
        }
        let is_json = |path: &str| path.ends_with("json") || path.starts_with("/open311/") && path.ends_with("/{file}");
        let routes = site.routes.iter().filter(|route| route.access == web::Access::Public);
        let known: BTreeSet<_> = routes.map(|route| (route.method.to_owned(), route.path.to_owned())).collect();
        let itself = ("GET".to_owned(), "/api/openapi.json".to_owned());
        let missing: Vec<_> = known
            .iter()
            .filter(|(_, path)| is_json(path))
            .filter(|one| !described.contains(*one) && **one != itself)
            .collect();
        assert!(missing.is_empty(), "not described: {missing:?}");
        let made_up: Vec<_> = described.difference(&known).collect();
        assert!(made_up.is_empty(), "described, but no route: {made_up:?}");
    })
    .await;
}

/// The schema of an answer, with what it refers to.
fn schema_of(whole: &Value, path: &str, status: &str) -> Value {
    let answer = &whole["paths"][path]["get"]["responses"][status];
    let answer = answer["$ref"].as_str().map_or(answer, |name| whole.pointer(&name[1..]).expect("a response"));
    let (_, content) = answer["content"].as_object().unwrap().iter().next().unwrap();
    let mut schema = content["schema"].clone();
    schema["components"] = whole["components"].clone();
    schema
}

#[tokio::test]
async fn what_is_answered_fits_the_description() {
    on_both_houses(async |site| {
        let mut world = World::found(&site, HOST, "Eins", "Zwickel").await;
        let mut names = world.names();
        names.extend(world.make(Thing::PublicReport).await.names);
        names.extend(world.make(Thing::Category).await.names);
        let mut client = site.visitor(HOST);
        let seen = client.look("/api/openapi.json").await;
        let whole: Value = serde_json::from_slice(&seen.is(200).body).unwrap();
        assert_eq!(whole["servers"][0]["url"], "https://eins.example");
        for (path, asked, status) in [
            ("/open311/v2/discovery.json", "/open311/v2/discovery.json", 200),
            ("/open311/v2/services.json", "/open311/v2/services.json", 200),
            ("/open311/v2/services/{service_code}.json", "/open311/v2/services/road.pothole.json", 200),
            ("/open311/v2/requests.json", "/open311/v2/requests.json?extensions=true", 200),
            ("/open311/v2/requests.json", "/open311/v2/requests.json?page=x", 400),
            ("/open311/v2/requests.json", "/open311/v2/requests.json?api_key=x", 403),
            ("/open311/v2/requests/{service_request_id}.json", "/open311/v2/requests/{number}.json", 200),
            ("/open311/v2/tokens/{token}.json", "/open311/v2/tokens/{report}.json", 200),
            ("/open311/v2/tokens/{token}.json", "/open311/v2/tokens/nobody.json", 404),
            ("/open311/v2/servicerequestupdates.json", "/open311/v2/servicerequestupdates.json", 200),
            ("/meldungen.geojson", "/meldungen.geojson", 200),
        ] {
            let seen = client.look(&filled(asked, &names)).await;
            let answer: Value = serde_json::from_slice(&seen.is(status).body).unwrap();
            let schema = schema_of(&whole, path, &status.to_string());
            let validator = jsonschema::draft202012::new(&schema).expect("a schema");
            let wrong: Vec<_> = validator.iter_errors(&answer).map(|error| error.to_string()).collect();
            assert!(wrong.is_empty(), "{asked}: {wrong:?}");
        }
    })
    .await;
}
