//! Letters in the folder: there for the page that lists them, town by town, the same bytes as by SMTP.

use super::{anna, message_id, receipt, sender, town, wire};
use crate::{Folder, Mailer, Settings};
use base::{Moment, TurnedClock, uuid::Uuid};
use std::{fs, path::Path, sync::Arc};

fn mailer(folder: &Path, clock: &Arc<TurnedClock>) -> Mailer {
    let settings = Settings { url: None, folder: folder.to_owned(), from: sender() };
    Mailer::open(&settings, Arc::clone(clock) as Arc<dyn base::Clock>).unwrap()
}

fn turned() -> Arc<TurnedClock> {
    Arc::new(TurnedClock::at(Moment::from_micros(1_772_442_000_000_000)))
}

fn folder_of(mailer: &Mailer) -> &Folder {
    mailer.folder().expect("no server is configured")
}

#[tokio::test]
async fn letters_are_listed_newest_first_and_town_by_town() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), turned());
    let mailer = mailer(dir.path(), &clock);
    let folder = folder_of(&mailer);
    assert!(folder.list(town(1), 10).await.unwrap().is_empty());
    for number in [9, 2] {
        mailer.send(town(1), &receipt().letter(anna(), message_id(number))).await.unwrap();
        clock.advance_seconds(60);
    }
    mailer.send(town(2), &receipt().letter(anna(), message_id(3))).await.unwrap();
    let ids = |letters: Vec<crate::Posted>| letters.iter().map(|letter| letter.id.as_bytes()[0]).collect::<Vec<_>>();
    assert_eq!(ids(folder.list(town(1), 10).await.unwrap()), [2, 9]);
    assert_eq!(ids(folder.list(town(1), 1).await.unwrap()), [2]);
    assert_eq!(ids(folder.list(town(2), 10).await.unwrap()), [3]);
    assert!(folder.read(town(2), Uuid::from_bytes([9; 16])).await.unwrap().is_none());
}

#[tokio::test]
async fn a_letter_can_be_read_and_followed() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), turned());
    let mailer = mailer(dir.path(), &clock);
    let letter = receipt().letter(anna(), message_id(1));
    mailer.send(town(1), &letter).await.unwrap();
    let folder = folder_of(&mailer);
    let posted = folder.read(town(1), letter.message_id.id()).await.unwrap().unwrap();
    assert_eq!((posted.to.as_str(), posted.subject.as_str()), ("anna@beispiel.example", letter.subject.as_str()));
    assert_eq!((&posted.text, &posted.html), (&letter.text, &letter.html));
    assert_eq!(posted.links(), ["https://bindlach.example/stand?nummer=17&pin=4711"]);
    assert_eq!(posted.sent_at().rfc3339(), "2026-03-02T09:00:00Z");
    assert!(!format!("{posted:?}").contains("anna"));
    let raw = folder.read_raw(town(1), posted.id).await.unwrap().unwrap();
    assert_eq!(String::from_utf8(raw).unwrap(), wire::raw(&letter));
}

#[tokio::test]
async fn a_repeated_letter_is_there_once() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), turned());
    let mailer = mailer(dir.path(), &clock);
    for _ in 0..3 {
        mailer.send(town(1), &receipt().letter(anna(), message_id(1))).await.unwrap();
    }
    assert_eq!(folder_of(&mailer).list(town(1), 10).await.unwrap().len(), 1);
    let mut names: Vec<_> = fs::read_dir(folder_of(&mailer).path(town(1)))
        .unwrap()
        .map(|entry| entry.unwrap().path().extension().unwrap().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["eml", "json"], "nothing half written lies about");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_an_error() {
    let (dir, clock) = (tempfile::tempdir().unwrap(), turned());
    let mailer = mailer(dir.path(), &clock);
    mailer.check().await.unwrap();
    fs::remove_dir_all(dir.path().join("mail")).unwrap();
    fs::write(dir.path().join("mail"), b"a file where the folder should be").unwrap();
    assert!(mailer.check().await.is_err());
    assert!(mailer.send(town(1), &receipt().letter(anna(), message_id(1))).await.unwrap_err().is_worth_a_retry());
}
