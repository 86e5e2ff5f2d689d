//! Why a command did not do it, as an operator reads it: the chain of causes, and in German what was written for the log or
//! by somebody else's code, where that is ours to know. Not here: errors of pages. Invariant: what has no German words
//! yet is told as it is, never left out.

use db::DbError;
use outgoing::{OutgoingError, Refusal};
use std::{
    error::Error,
    io::{self, ErrorKind},
};

/// The whole chain in one line.
pub fn told(error: &anyhow::Error) -> String {
    let mut told: Vec<String> = vec![];
    for cause in error.chain() {
        let words = in_german(cause).unwrap_or_else(|| cause.to_string());
        // Some errors repeat their cause.
        if told.last().is_none_or(|last| !last.contains(&words)) {
            told.push(words);
        }
    }
    told.join(": ")
}

fn in_german(cause: &(dyn Error + 'static)) -> Option<String> {
    if let Some(error) = cause.downcast_ref::<io::Error>() {
        return file(error.kind()).map(str::to_owned);
    }
    if let Some(error) = cause.downcast_ref::<OutgoingError>() {
        return Some(address(error));
    }
    if let Some(refusal) = cause.downcast_ref::<Refusal>() {
        return Some(refused(*refusal).to_owned());
    }
    if let Some(error) = cause.downcast_ref::<csv::Error>() {
        return error
            .position()
            .map(|at| format!("Zeile {} ist nicht lesbar oder passt nicht zur Kopfzeile", at.line()));
    }
    cause.downcast_ref::<DbError>().and_then(database)
}

const fn file(kind: ErrorKind) -> Option<&'static str> {
    Some(match kind {
        ErrorKind::NotFound => "die Datei oder der Ordner ist nicht da",
        ErrorKind::PermissionDenied => "das Recht dazu fehlt",
        ErrorKind::IsADirectory => "das ist ein Ordner",
        ErrorKind::StorageFull => "der Datenträger ist voll",
        _ => return None,
    })
}

fn address(error: &OutgoingError) -> String {
    match error {
        OutgoingError::Refused(refusal) => refused(*refusal).to_owned(),
        OutgoingError::Timeout => "der Server antwortet nicht rechtzeitig".to_owned(),
        OutgoingError::TooLarge { limit } => format!("die Antwort ist größer als {} MB", limit >> 20),
        OutgoingError::Unreachable(_) => "der Server ist nicht erreichbar".to_owned(),
        OutgoingError::Unexpected { status } => format!("der Server antwortet mit dem Status {status}"),
        OutgoingError::Configuration(what) => {
            format!("die Einstellungen für Anfragen nach außen stimmen nicht ({what})")
        }
    }
}

const fn refused(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::NoUrl => "das ist keine Adresse",
        Refusal::Scheme => "die Adresse beginnt nicht mit https:// oder http://",
        Refusal::Credentials => "Name und Kennwort gehören nicht in die Adresse",
        Refusal::NotPublic => "die Adresse liegt nicht im öffentlichen Netz",
        Refusal::Downgrade => "die Weiterleitung führt von https zu http",
        Refusal::TooManyRedirects => "die Adresse leitet zu oft weiter",
        Refusal::RedirectedPost => "die Adresse leitet weiter, was gesendet wird",
    }
}

fn database(error: &DbError) -> Option<String> {
    Some(match error {
        DbError::Busy => "die Datenbank ist ausgelastet, versuchen Sie es gleich noch einmal".to_owned(),
        DbError::Unavailable(why) => format!("die Datenbank antwortet nicht ({why})"),
        DbError::Timeout => "die Datenbank brauchte zu lange".to_owned(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use anyhow::{Context, anyhow};

    #[test]
    fn causes_are_told_in_german_and_none_is_left_out() {
        let missing = || io::Error::from_raw_os_error(2);
        let lost: Result<(), _> = Err(missing());
        for (error, words) in [
            (
                lost.context("liste.csv ist nicht lesbar").unwrap_err(),
                "liste.csv ist nicht lesbar: die Datei oder der Ordner ist nicht da",
            ),
            (
                reports::import::ImportError::from(missing()).into(),
                "Die Datei lässt sich nicht lesen: die Datei oder der Ordner ist nicht da",
            ),
            (
                reports::import::ImportError::from(OutgoingError::Unexpected { status: 404 }).into(),
                "Die Adresse gab keine Liste: der Server antwortet mit dem Status 404",
            ),
            (
                reports::import::ImportError::from(OutgoingError::Refused(Refusal::NotPublic)).into(),
                "Die Adresse gab keine Liste: die Adresse liegt nicht im öffentlichen Netz",
            ),
            (
                places::import::ImportError::from(missing()).into(),
                "Die Datei lässt sich nicht lesen: die Datei oder der Ordner ist nicht da",
            ),
            (anyhow!(DbError::Busy), "die Datenbank ist ausgelastet, versuchen Sie es gleich noch einmal"),
            (anyhow!(DbError::WrongShape("x".to_owned())), "wrong shape: x"),
        ] {
            assert_eq!(told(&error), words);
        }
    }
}
