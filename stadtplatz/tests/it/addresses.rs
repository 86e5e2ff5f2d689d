//! One program, several towns: each one's links lead to itself, whatever address the program was given, and `doctor`
//! says so where they do not.

use crate::program::Program;

#[test]
fn every_town_has_an_address_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::new(folder.path());
    let said = program.run(&["doctor"]).0;
    assert!(said.contains("es gibt noch keine Gemeinde") && said.contains("municipality add HOST NAME"), "{said}");
    assert!(!said.contains("Alles in Ordnung"), "nobody is served: {said}");
    program.must(&["municipality", "add", "localhost", "Erstdorf"]);
    program.must(&["municipality", "add", "zweit.example", "Zweitdorf"]);
    let listed = program.must(&["municipality", "list"]);
    assert!(listed.contains(&format!("Erstdorf  http://localhost:{}", program.address.port())), "{listed}");
    assert!(listed.contains("Zweitdorf  https://zweit.example"), "{listed}");
    let asked = program.run(&["municipality", "address", "zweit.example", "https://fremd.example"]);
    assert!(!asked.1 && asked.0.contains("nur auf zweit.example"), "{}", asked.0);
    program.must(&["municipality", "address", "zweit.example", "https://zweit.example:8443/"]);
    let listed = program.must(&["municipality", "list"]);
    assert!(listed.contains("Zweitdorf  https://zweit.example:8443\n"), "{listed}");
    assert!(!program.run(&["doctor"]).0.contains("dort antwortet die Gemeinde nicht"));
}
