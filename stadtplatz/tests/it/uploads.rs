//! The real program with its uploads in an S3 store: photos go there and come back, a backup holds them, and while the
//! store is away everything without a file goes on. The store's own tests are in `platform/files`.

use crate::{
    kill::{send, set, write_report},
    program::Program,
    things::PHOTO,
    wire::{Reply, Wire},
};
use std::path::Path;

const VARIABLE: &str = "STADTPLATZ_TEST_S3";

/// A program whose uploads are at this place.
fn with_files(data: &Path, address: &str) -> Program {
    let mut program = Program::new(data);
    let (key, secret) = ("testing".to_owned(), "geheimes-wort".to_owned());
    program.settings = vec![
        ("STADTPLATZ_FILES", address.to_owned()),
        ("STADTPLATZ_FILES_KEY", key),
        ("STADTPLATZ_FILES_SECRET", secret),
    ];
    program
}

/// The first page of a report, with a photo.
fn send_photo(program: &Program) -> (Wire, Reply) {
    let mut wire = Wire::new(program.address);
    let mut fields = wire.get("/melden").unwrap().form("/melden").fields;
    set(&mut fields, "lat", "51.163");
    set(&mut fields, "lon", "10.447");
    let reply = wire.post_with_photo("/melden", &fields, PHOTO).unwrap();
    (wire, reply)
}

#[test]
fn while_the_file_store_is_away_only_uploads_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    // Nobody listens on port 1.
    let mut program = with_files(folder.path(), "s3+http://127.0.0.1:1/stadt");
    program.must(&["municipality", "add", "localhost", "Testdorf", "--template", "standard"]);
    program.serve();
    let (_, refused) = send_photo(&program);
    assert_eq!(refused.status, 503);
    assert!(refused.header("retry-after").is_some_and(|seconds| seconds.parse::<u32>().is_ok()));
    assert!(!refused.body.contains("geheimes-wort"));
    let (mut wire, fields) = write_report(program.address, "ohne foto").unwrap();
    assert!(send(&mut wire, &fields), "a report without a photo is taken");
    let (said, good) = program.run(&["doctor"]);
    assert!(!good && said.contains("S3-Speicher: the file store is away"), "{said}");
    assert!(!said.contains("geheimes-wort"), "{said}");
    let backup = folder.path().join("sicherung");
    let (said, good) = program.run(&["backup", backup.to_str().unwrap()]);
    assert!(!good && said.contains("die Uploads lassen sich nicht sichern"), "{said}");
    assert!(program.stop());
}

#[test]
fn photos_live_in_the_file_store_and_come_back_from_a_backup() {
    let Ok(server) = std::env::var(VARIABLE) else {
        eprintln!("skipped: the program with files in an S3 store ({VARIABLE} is not set)");
        return;
    };
    let (first, second) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let unique = base::new_id(&base::SystemClock, &base::SystemChance);
    let mut program = with_files(first.path(), &format!("s3+{server}/programs/{unique}/a"));
    program.must(&["municipality", "add", "localhost", "Testdorf", "--template", "standard"]);
    program.serve();
    let (mut wire, sent) = send_photo(&program);
    assert_eq!(sent.status, 303, "{}", sent.body);
    let next = sent.header("location").unwrap().to_owned();
    let (_, draft) = next.split_once('?').unwrap();
    let photo = photo_on(&wire.get(&format!("/melden?{draft}")).unwrap());
    assert_eq!(wire.get(&photo).unwrap().header("content-type"), Some("image/jpeg"));
    let below_files: Vec<_> = std::fs::read_dir(first.path().join("files")).unwrap().flatten().collect();
    assert_eq!(below_files.len(), 1, "only the folder for uploads under way: {below_files:?}");
    let said = program.run(&["doctor"]).0;
    assert!(said.contains("der S3-Speicher nimmt, gibt und löscht Dateien"), "{said}");

    let backup = first.path().join("sicherung");
    let said = program.must(&["backup", backup.to_str().unwrap()]);
    assert!(said.contains("Dateien der Uploads: 3"), "{said}");
    let data = second.path().join("neu");
    std::fs::create_dir_all(&data).unwrap();
    let occupied = with_files(&data, &format!("s3+{server}/programs/{unique}/a"));
    let (said, good) = occupied.run(&["restore", backup.to_str().unwrap()]);
    assert!(!good && said.contains("enthält schon Uploads"), "{said}");
    assert!(!data.join("stadtplatz.db").exists(), "nothing was changed");
    assert!(program.stop());

    let mut restored = with_files(&data, &format!("s3+{server}/programs/{unique}/b"));
    restored.must(&["restore", backup.to_str().unwrap()]);
    restored.serve();
    let mut same_person = wire.moved_to(restored.address);
    assert_eq!(same_person.get(&photo).unwrap().header("content-type"), Some("image/jpeg"));
    assert!(restored.stop());
}

/// The address of the photo on the next page of the form.
fn photo_on(page: &Reply) -> String {
    let rest = page.body.split("\"/melden/entwurf/").nth(1).unwrap_or_else(|| panic!("no photo in:\n{}", page.body));
    format!("/melden/entwurf/{}", rest.split('"').next().unwrap().replace("&amp;", "&"))
}
