//! Crate edges: the platform knows no room, a room knows exactly the rooms that ARCHITECTURE.md allows it, nothing goes
//! in circles, and the binary has neither SQL nor HTML. The list there is the block that begins with ```edges.

use std::collections::{BTreeMap, BTreeSet};

use crate::toml_file::dependencies;
use crate::{File, Finding, Tree};

type Edges = BTreeMap<String, BTreeSet<String>>;

pub fn check(tree: &Tree) -> Vec<Finding> {
    let manifests = |folder: &str| -> Vec<&File> {
        let prefix = format!("{folder}/");
        tree.files
            .iter()
            .filter(|file| file.path.starts_with(&prefix) && file.path.split('/').count() == 3)
            .filter(|file| file.name() == "Cargo.toml")
            .collect()
    };
    let rooms: BTreeSet<&str> = manifests("rooms").iter().filter_map(|file| file.room()).collect();
    let Some((allowed, line)) = read_edges(tree) else {
        return vec![Finding::new(
            "ARCHITECTURE.md",
            0,
            "the block ```edges with the list of allowed edges is missing",
        )];
    };
    let mut found = Vec::new();
    for manifest in manifests("platform") {
        for name in dependencies(manifest, true).iter().filter(|name| rooms.contains(name.as_str())) {
            found.push(Finding::new(&manifest.path, 0, format!("the platform knows the room {name}")));
        }
    }
    for manifest in manifests("rooms") {
        let room = manifest.room().unwrap_or_default();
        found.extend(one_room(manifest, room, &rooms, &allowed, line));
    }
    for room in allowed.keys().filter(|room| !rooms.contains(room.as_str())) {
        found.push(Finding::new("ARCHITECTURE.md", line, format!("the list of edges names {room}, which is no room")));
    }
    found.extend(circles(&allowed, line));
    found
}

fn one_room(manifest: &File, room: &str, rooms: &BTreeSet<&str>, allowed: &Edges, line: usize) -> Vec<Finding> {
    let Some(allowed) = allowed.get(room) else {
        return vec![Finding::new("ARCHITECTURE.md", line, format!("the list of edges does not name the room {room}"))];
    };
    let mut found = Vec::new();
    let uses = |dev| -> BTreeSet<String> {
        dependencies(manifest, dev).into_iter().filter(|name| rooms.contains(name.as_str())).collect()
    };
    for name in uses(true).iter().filter(|name| !allowed.contains(*name)) {
        let what = format!("{room} depends on {name}, but ARCHITECTURE.md allows no such edge");
        found.push(Finding::new(&manifest.path, 0, what));
    }
    for name in allowed.difference(&uses(false)).filter(|name| rooms.contains(name.as_str())) {
        let what = format!("ARCHITECTURE.md names the edge {room} -> {name}, which nothing uses: take it out");
        found.push(Finding::new(&manifest.path, 0, what));
    }
    found
}

/// `reports -> cases, identity` per line, `-` where a room knows no other.
pub fn read_edges(tree: &Tree) -> Option<(Edges, usize)> {
    let text = &tree.file("ARCHITECTURE.md")?.text;
    let start = text.lines().position(|line| line.trim() == "```edges")?;
    let mut edges = Edges::new();
    for line in text.lines().skip(start + 1).take_while(|line| !line.starts_with("```")) {
        let Some((room, others)) = line.split_once("->") else { continue };
        let others = others.split(',').map(|other| other.trim().to_owned()).filter(|other| other != "-");
        edges.insert(room.trim().to_owned(), others.collect());
    }
    Some((edges, start + 1))
}

fn circles(edges: &Edges, line: usize) -> Vec<Finding> {
    let mut found = Vec::new();
    for start in edges.keys() {
        let mut seen = BTreeSet::new();
        let mut next: Vec<&String> = edges[start].iter().collect();
        while let Some(room) = next.pop() {
            if room == start {
                found.push(Finding::new("ARCHITECTURE.md", line, format!("{start} reaches itself: a circle")));
                break;
            }
            if seen.insert(room) {
                next.extend(edges.get(room).into_iter().flatten());
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::testing::on;

    const LIST: (&str, &str) = ("ARCHITECTURE.md", "text\n```edges\ncases -> identity\nidentity -> -\n```\n");
    const IDENTITY: (&str, &str) = ("rooms/identity/Cargo.toml", "[dependencies]\ndb.workspace = true\n");

    #[test]
    fn named_edges_pass() {
        let cases = ("rooms/cases/Cargo.toml", "[dependencies]\nidentity.workspace = true\n");
        let db = ("platform/db/Cargo.toml", "[dependencies]\nbase.workspace = true\n");
        assert!(on(check, &[LIST, IDENTITY, cases, db]).is_empty());
    }

    #[test]
    fn the_platform_may_know_no_room() {
        let cases = ("rooms/cases/Cargo.toml", "[dependencies]\nidentity.workspace = true\n");
        let kit = ("platform/testkit/Cargo.toml", "[dev-dependencies]\nidentity.workspace = true\n");
        assert_eq!(
            on(check, &[LIST, IDENTITY, cases, kit]),
            ["platform/testkit/Cargo.toml:0: the platform knows the room identity"]
        );
    }

    #[test]
    fn unnamed_and_unused_edges_are_found() {
        let cases = ("rooms/cases/Cargo.toml", "[dependencies]\nbase.workspace = true\n");
        let identity = ("rooms/identity/Cargo.toml", "[dependencies]\ncases.workspace = true\n");
        let found = on(check, &[LIST, identity, cases]);
        assert!(found.len() == 2 && found[0].contains("allows no such edge") && found[1].contains("nothing uses"));
    }

    #[test]
    fn circles_and_a_missing_list_are_found() {
        let list = ("ARCHITECTURE.md", "```edges\na -> b\nb -> c\nc -> a\n```\n");
        let found = on(check, &[list]);
        assert!(found.iter().any(|line| line.contains("a reaches itself")));
        assert!(on(check, &[("ARCHITECTURE.md", "no list")])[0].contains("is missing"));
    }
}
