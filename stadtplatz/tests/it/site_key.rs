//! The secret key that belongs to a database: another one, or none, is refused with a word how to mend it, and the operator
//! may say that it is lost. Else PINs and links would stop to open without anybody being told.

use crate::program::Program;

#[test]
fn a_database_works_with_its_own_key_only_until_the_operator_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let mut program = Program::new(folder.path());
    program.must(&["municipality", "add", "localhost", "Testdorf"]);
    let path = folder.path().join("keys/site.key");
    let own = std::fs::read(&path).unwrap();
    program.serve();
    assert!(program.stop());

    std::fs::write(&path, [7; 32]).unwrap();
    let said = program.refuses_to_serve();
    assert!(said.contains("ist nicht der Schlüssel") && said.contains("migrate --new-key"), "{said}");
    let (said, good) = program.run(&["doctor"]);
    assert!(!good && said.contains("FEHLER") && said.contains("ist nicht der Schlüssel"), "{said}");
    assert!(!said.contains("ist die Datenbank gestartet"), "{said}");

    std::fs::remove_file(&path).unwrap();
    let said = program.refuses_to_serve();
    assert!(said.contains("fehlt") && said.contains("migrate --new-key"), "{said}");
    assert!(!path.exists(), "a key that is lost is not replaced without a word");
    program.must(&["migrate"]);
    assert!(!path.exists());

    std::fs::write(&path, &own).unwrap();
    let (said, _) = program.run(&["doctor"]);
    assert!(said.contains("der Schlüssel gehört zur Datenbank"), "{said}");
    std::fs::remove_file(&path).unwrap();
    let said = program.must(&["migrate", "--new-key"]);
    assert!(said.contains("arbeitet jetzt mit dem Schlüssel"), "{said}");
    assert_ne!(std::fs::read(&path).unwrap(), own);
    assert!(program.must(&["migrate", "--new-key"]).contains("nichts verändert"));
    program.serve();
    assert!(program.stop());
    std::fs::write(&path, &own).unwrap();
    program.refuses_to_serve();
}

#[test]
fn a_second_node_with_its_own_key_is_refused() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let database = format!("sqlite:{}", first.path().join("stadt.db").display());
    let mut one = Program::on(first.path(), &database);
    one.serve();
    let mut two = Program::on(second.path(), &database);
    assert!(two.refuses_to_serve().contains("keys/site.key"));
    std::fs::create_dir_all(second.path().join("keys")).unwrap();
    std::fs::copy(first.path().join("keys/site.key"), second.path().join("keys/site.key")).unwrap();
    assert!(one.stop());
    two.serve();
    assert!(two.stop());
}
