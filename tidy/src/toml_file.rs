//! Cargo manifests as far as the checks need them: the names of dependencies.

use crate::File;

/// Names below `[dependencies]`, and with `dev` also below `[dev-dependencies]` and `[build-dependencies]`.
pub fn dependencies(manifest: &File, dev: bool) -> Vec<String> {
    let Ok(table) = manifest.text.parse::<toml::Table>() else { return Vec::new() };
    let sections: &[&str] =
        if dev { &["dependencies", "dev-dependencies", "build-dependencies"] } else { &["dependencies"] };
    let mut names: Vec<String> = sections
        .iter()
        .filter_map(|section| table.get(*section)?.as_table())
        .flat_map(|section| section.keys().cloned())
        .collect();
    names.sort();
    names.dedup();
    names
}
