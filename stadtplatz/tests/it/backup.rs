//! A backup taken while the program serves, played back into an empty folder: every acknowledged report is there, the
//! audit chain is whole, the PINs still fit. And what must not be overwritten is not.

use crate::{
    kill::{send, write_report},
    program::Program,
    store_probe,
};
use std::collections::BTreeMap;

#[test]
fn a_backup_under_work_comes_back_whole() {
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let restored = Program::new(&second.path().join("neu"));
    comes_back_whole(Program::new(first.path()), &restored, || store_probe::case_bodies(&restored.data));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_of_postgres_comes_back_whole() {
    let rooms = stadtplatz::rooms::rooms();
    let mut urls = vec![];
    let mut kept = vec![];
    for _ in 0..2 {
        let databases = testkit::databases(&testkit::migrations(&rooms)).await;
        let Some(database) = databases.into_iter().find(|database| !database.url.starts_with("sqlite:")) else {
            return;
        };
        urls.push(database.url.clone());
        kept.push(database);
    }
    let run = move || {
        let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        store_probe::empty_postgres(&urls[1]);
        let restored = Program::on(&second.path().join("neu"), &urls[1]);
        let bodies = || store_probe::case_bodies_on_postgres(&urls[1]);
        comes_back_whole(Program::on(first.path(), &urls[0]), &restored, bodies);
    };
    tokio::task::spawn_blocking(run).await.unwrap();
}

/// `bodies` looks into the restored database.
fn comes_back_whole(mut program: Program, restored: &Program, bodies: impl Fn() -> BTreeMap<String, usize>) {
    let folder = tempfile::tempdir().unwrap();
    program.must(&["municipality", "add", "localhost", "Testdorf"]);
    program.serve();
    let texts: Vec<String> = (0..5).map(|number| format!("meldung vor der sicherung {number}")).collect();
    for text in &texts {
        let (mut wire, fields) = write_report(program.address, text).unwrap();
        assert!(send(&mut wire, &fields), "{text}");
    }
    let backup = folder.path().join("sicherung");
    let backup_word = backup.to_str().unwrap();
    program.must(&["backup", backup_word]);
    assert!(!program.run(&["backup", backup_word]).1, "a backup never overwrites another");
    assert!(program.stop());

    std::fs::create_dir_all(&restored.data).unwrap();
    restored.must(&["restore", backup_word]);
    assert!(!restored.run(&["restore", backup_word]).1, "a restore never overwrites a town");
    let bodies = bodies();
    for text in &texts {
        assert_eq!(bodies.get(text), Some(&1), "{text}");
    }
    assert!(restored.run(&["doctor", "--audit"]).0.contains("ist heil"));
    let key = |program: &Program| std::fs::read(program.data.join("keys/site.key")).unwrap();
    assert_eq!(key(&program), key(restored));
}

#[test]
fn a_damaged_backup_changes_nothing() {
    let (first, folder) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let program = Program::new(first.path());
    program.must(&["municipality", "add", "localhost", "Testdorf"]);
    let backup = folder.path().join("sicherung");
    program.must(&["backup", backup.to_str().unwrap()]);
    let restored = Program::new(folder.path());
    let damaged = |file: &str, bytes: &[u8], said: &str| {
        let whole = std::fs::read(backup.join(file)).unwrap();
        std::fs::write(backup.join(file), bytes).unwrap();
        let (text, good) = restored.run(&["restore", backup.to_str().unwrap()]);
        assert!(!good && text.contains(said), "{file}: {text}");
        assert!(!restored.data.join("stadtplatz.db").exists() && !restored.data.join("keys").exists(), "{file}");
        std::fs::write(backup.join(file), whole).unwrap();
    };
    damaged("stadtplatz.db", b"keine Datenbank", "beschädigt");
    damaged("keys/site.key", b"kurz", "32 Bytes");
    damaged("keys/site.key", &[7; 32], "nicht der Schlüssel der gesicherten Datenbank");
    let (text, good) = restored.run(&["restore", "/gibt/es/nicht"]);
    assert!(!good && text.contains("den Ordner /gibt/es/nicht gibt es nicht"), "{text}");
    restored.must(&["restore", backup.to_str().unwrap()]);
}

#[test]
fn a_town_is_not_founded_on_what_is_no_host() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::new(folder.path());
    for host in ["", "zwei wörter", "https://stadt.example", "stadt.example/", "a@b"] {
        let (text, good) = program.run(&["municipality", "add", host, "Testdorf"]);
        assert!(!good && text.contains("kein Name wie"), "{host}: {text}");
    }
    let (text, good) = program.run(&["import", "reports", "/gibt/es/nicht", "--source", "alt"]);
    assert!(!good && text.contains("noch keine Gemeinde"), "{text}");
    program.must(&["municipality", "add", "Stadt.example", "Testdorf"]);
    program.must(&["municipality", "add", "localhost", "Anderswo"]);
}
