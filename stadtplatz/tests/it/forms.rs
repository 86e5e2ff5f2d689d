//! What a person sends to each route of the house: where the form stands, what they type, and which thing it is about. Not
//! who may: that is what the tests find out. Invariant: every form is one that works, so that whatever is refused is
//! refused because of who sends it.

use crate::{people::PASSWORD, things::Thing};

/// Does an allowed sending show in the audit trail?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trace {
    /// Every time.
    Each,
    /// The first time: doing it twice is as good as once.
    First,
    /// It changes nothing that is audited.
    None,
}

/// One form.
#[derive(Debug, Clone, Copy)]
pub struct Sending {
    pub route: &'static str,
    /// What is special about this line; empty: nothing.
    pub note: &'static str,
    pub about: Thing,
    /// Where the form stands (empty: nowhere, so it is forged) and where it is sent from there.
    pub page: &'static str,
    pub form: &'static str,
    pub typed: &'static [(&'static str, &'static str)],
    pub with_film: bool,
    pub trace: Trace,
    /// The thing is as good afterwards as before.
    pub again: bool,
    /// Sent without the cookies of whoever the thing belongs to.
    pub without_key: bool,
    /// Who gets the form back with words instead of a bare refusal, and leaves nothing.
    pub told: &'static [&'static str],
}

const fn form(
    route: &'static str,
    about: Thing,
    page: &'static str,
    typed: &'static [(&'static str, &'static str)],
) -> Sending {
    Sending {
        route,
        note: "",
        about,
        page,
        form: route,
        typed,
        with_film: false,
        trace: Trace::Each,
        again: false,
        without_key: false,
        told: &[],
    }
}

impl Sending {
    const fn note(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    /// The page has no form of its own for this route: the one to this path holds the same fields.
    const fn form(self, form: &'static str) -> Self {
        Self { form, ..self }
    }

    const fn trace(self, trace: Trace) -> Self {
        Self { trace, again: !matches!(trace, Trace::Each), ..self }
    }

    const fn again(self) -> Self {
        Self { again: true, ..self }
    }

    const fn told(self, told: &'static [&'static str]) -> Self {
        Self { told, ..self }
    }

    const fn without_key(self) -> Self {
        Self { without_key: true, ..self }.note("without number and PIN").trace(Trace::None)
    }

    const fn with_film(self) -> Self {
        Self { with_film: true, ..self }
    }
}

const CASE: &str = "/arbeit/fall/{number}";
const STATUS: &str = "/stand/{number}";
const REPLY: &[(&str, &str)] = &[("text", "{fresh}: noch etwas dazu.")];
const RATING: &[(&str, &str)] = &[("note", "5"), ("note-text", "{fresh}: gut gemacht.")];
const SURE: &[(&str, &str)] = &[("warum", "{fresh}: hat sich erledigt."), ("sicher", "ja")];

const CASES: &[Sending] = &[
    form("/stand", Thing::Case, "/stand", &[("nummer", "{number}"), ("pin", "{pin}")]).trace(Trace::None),
    form("/stand/{number}/antwort", Thing::OwnCase, STATUS, REPLY),
    form("/stand/{number}/antwort", Thing::OwnCase, STATUS, REPLY).without_key(),
    form("/stand/{number}/zurueckziehen", Thing::OwnCase, STATUS, SURE),
    form("/stand/{number}/zurueckziehen", Thing::OwnCase, STATUS, SURE).without_key(),
    form("/stand/{number}/bewertung", Thing::OwnClosedCase, STATUS, RATING),
    form("/stand/{number}/bewertung", Thing::OwnClosedCase, STATUS, RATING).without_key(),
    form("/post/bestaetigen/{token}", Thing::ConfirmLink, "/post/bestaetigen/{token}", &[]).trace(Trace::First),
    form("/post/abbestellen/{token}", Thing::StopLink, "/post/abbestellen/{token}", &[]).trace(Trace::First),
    form("/arbeit/fall/{number}/uebernahme", Thing::Case, CASE, &[]),
    form("/arbeit/fall/{number}/freigabe", Thing::HeldCase, CASE, &[]),
    form(
        "/arbeit/fall/{number}/weitergabe",
        Thing::Case,
        CASE,
        &[("amt", "{order}"), ("weitergabe", "{fresh}: gehört zum Ordnungsamt.")],
    ),
    form("/arbeit/fall/{number}/notiz", Thing::Case, CASE, &[("notiz", "{fresh}: angerufen.")]),
    form(
        "/arbeit/fall/{number}/antwort",
        Thing::Case,
        CASE,
        &[("antwort", "{fresh}: wir kümmern uns."), ("aktion", "antworten")],
    ),
    form(
        "/arbeit/fall/{number}/antwort",
        Thing::Case,
        CASE,
        &[("antwort", "{fresh}: wo genau?"), ("aktion", "rueckfrage")],
    )
    .note("asks back"),
    form(
        "/arbeit/fall/{number}/stand",
        Thing::Case,
        CASE,
        &[("neuer-stand", "planned"), ("stand-text", "{fresh}: im Mai.")],
    ),
    form(
        "/arbeit/fall/{number}/abschluss",
        Thing::Case,
        CASE,
        &[("antwort", "{fresh}: ist repariert."), ("ergebnis", "resolved")],
    )
    .form("/arbeit/fall/{number}/antwort"),
    form("/arbeit/fall/{number}/wiederaufnahme", Thing::ClosedCase, CASE, &[("wieder", "{fresh}: noch kaputt.")]),
];

const NOTICE: &[(&str, &str)] = &[("title", "{fresh}"), ("body", "{fresh}: Umleitung über den Ring.")];

const GUIDE: &[Sending] = &[
    form("/kontakt", Thing::Nothing, "/kontakt", &[("text", "{fresh}: wann haben Sie offen?")]),
    form("/barriere-melden", Thing::Nothing, "/barriere-melden", &[("text", "{fresh}: die Schrift ist zu klein.")]),
    form("/darstellung", Thing::Nothing, "/darstellung", &[("text_size", "125")]).trace(Trace::None),
    form(
        "/verwaltung/gemeinde",
        Thing::Nothing,
        "/verwaltung/gemeinde",
        &[
            ("street", "Marktplatz 1"),
            ("place", "96999 Musterort"),
            ("phone", "09208 6640"),
            ("email", "rathaus@rathaus.example"),
            ("hours_note", "{fresh}: ohne Stufen."),
        ],
    ),
    form(
        "/verwaltung/gebaerdensprache",
        Thing::Nothing,
        "/verwaltung/gebaerdensprache",
        &[("transcript", "{fresh}: herzlich willkommen.")],
    )
    .with_film(),
    form("/verwaltung/gebaerdensprache/entfernung", Thing::Film, "/verwaltung/gebaerdensprache", &[]),
    form(
        "/verwaltung/texte/{page}/{lang}",
        Thing::Nothing,
        "/verwaltung/texte/{page}/{lang}",
        &[("body", "{fresh}: so geht es."), ("deed", "speichern")],
    ),
    form("/verwaltung/hinweise/neu", Thing::Nothing, "/verwaltung/hinweise/neu", NOTICE),
    form("/verwaltung/hinweise/{id}", Thing::Notice, "/verwaltung/hinweise/{id}", NOTICE),
    form("/verwaltung/hinweise/{id}/entfernung", Thing::Notice, "/verwaltung/hinweise/{id}", &[]),
];

/// Nobody of the staff of this town: their address and password open nothing.
const NOT_STAFF: &[&str] = &["locked", "stranger"];
const OFFICE_ONLY: &[&str] = &["office_administrator"];
const PERSON: &str = "/verwaltung/personen/{account}";
const ELSEWHERE: &str = "of another office";
const NEW_PERSON: &[(&str, &str)] =
    &[("name", "{fresh}"), ("email", "{fresh_word}@example.org"), ("role", "clerk"), ("unit", "{green}")];
const NEW_BOSS: &[(&str, &str)] =
    &[("name", "{fresh}"), ("email", "{fresh_word}@example.org"), ("role", "administrator"), ("unit", "stadt")];

const IDENTITY: &[Sending] = &[
    form("/anmelden", Thing::Nothing, "/anmelden", &[("email", "{own_email}"), ("password", PASSWORD)]).told(NOT_STAFF),
    form("/abmelden", Thing::Nothing, "/konto", &[]).trace(Trace::None),
    form(
        "/einladung/{token}",
        Thing::Invitation,
        "/einladung/{token}",
        &[("name", "{fresh}"), ("password", "noch ein langes Kennwort")],
    ),
    form("/konto/name", Thing::Nothing, "/konto", &[("name", "{fresh} Neu")]),
    form(
        "/konto/passwort",
        Thing::Nothing,
        "/konto",
        &[("old_password", PASSWORD), ("new_password", "ein anderes Kennwort, auch lang")],
    ),
    form("/konto/sitzungen", Thing::Nothing, "/konto", &[]),
    form("/verwaltung/personen/neu", Thing::Nothing, "/verwaltung/personen/neu", NEW_PERSON),
    form("/verwaltung/personen/neu", Thing::Nothing, "/verwaltung/personen/neu", NEW_BOSS)
        .note("for the whole town")
        .told(OFFICE_ONLY),
    form("/verwaltung/personen/{account}/amt", Thing::Person, PERSON, &[("home", "{green}")]),
    form("/verwaltung/personen/{account}/amt", Thing::Person, PERSON, &[("home", "{order}")])
        .note("to another office")
        .told(OFFICE_ONLY),
    form("/verwaltung/personen/{account}/amt", Thing::PersonElsewhere, PERSON, &[("home", "{green}")])
        .note(ELSEWHERE)
        .told(OFFICE_ONLY),
    form("/verwaltung/personen/{account}/rollen", Thing::Person, PERSON, &[("role", "moderator"), ("unit", "{green}")]),
    form(
        "/verwaltung/personen/{account}/rollen",
        Thing::Person,
        PERSON,
        &[("role", "administrator"), ("unit", "stadt")],
    )
    .note("for the whole town")
    .told(OFFICE_ONLY),
    form(
        "/verwaltung/personen/{account}/rollen",
        Thing::PersonElsewhere,
        PERSON,
        &[("role", "clerk"), ("unit", "{green}")],
    )
    .note("of another office, for one's own"),
    form("/verwaltung/personen/{account}/rollenentzug", Thing::Person, PERSON, &[]),
    form("/verwaltung/personen/{account}/rollenentzug", Thing::PersonElsewhere, PERSON, &[])
        .note(ELSEWHERE)
        .told(OFFICE_ONLY),
    form("/verwaltung/personen/{account}/einladung", Thing::Person, PERSON, &[]),
    form("/verwaltung/personen/{account}/einladung", Thing::PersonElsewhere, PERSON, &[])
        .note(ELSEWHERE)
        .told(OFFICE_ONLY),
    form("/verwaltung/personen/{account}/sperre", Thing::Person, PERSON, &[]),
    form("/verwaltung/personen/{account}/sperre", Thing::PersonElsewhere, PERSON, &[])
        .note(ELSEWHERE)
        .told(OFFICE_ONLY),
    form("/verwaltung/personen/{account}/freigabe", Thing::LockedPerson, PERSON, &[]),
    form(
        "/verwaltung/aemter/neu",
        Thing::Nothing,
        "/verwaltung/aemter/neu",
        &[("name", "{fresh}"), ("parent", "{green}")],
    ),
    form("/verwaltung/aemter/neu", Thing::Nothing, "/verwaltung/aemter/neu", &[("name", "{fresh}"), ("parent", "")])
        .note("below none"),
    form("/verwaltung/aemter/{unit}", Thing::Unit, "/verwaltung/aemter/{unit}", &[("name", "{fresh}")]),
    form(
        "/verwaltung/aemter/{unit}",
        Thing::Unit,
        "/verwaltung/aemter/{unit}",
        &[("name", "{fresh}"), ("parent", "{order}")],
    )
    .note("hung below another office"),
    form("/verwaltung/aemter/{unit}", Thing::UnitElsewhere, "/verwaltung/aemter/{unit}", &[("name", "{fresh}")])
        .note(ELSEWHERE),
];

const CATEGORY: &str = "/arbeit/kategorien/{word}";
const PROBLEM: &str = "/arbeit/kategorien/{word}/problem/{problem}";
const QUESTION: &str = "/arbeit/kategorien/{word}/frage/{question}";
const DOWN: &[(&str, &str)] = &[("deed", "ab")];
const LABEL: &[(&str, &str)] = &[("label-de", "{fresh}")];
const NEW_CATEGORY: &[(&str, &str)] = &[("label-de", "{fresh}"), ("icon", "toy-brick"), ("unit", "{green}")];

const CATEGORIES: &[Sending] = &[
    form("/arbeit/kategorien/neu", Thing::Nothing, "/arbeit/kategorien/neu", NEW_CATEGORY),
    form("/arbeit/kategorien/{word}/reihenfolge", Thing::Category, "/arbeit/kategorien", &[("deed", "auf")]).again(),
    form("/arbeit/kategorien/{word}/loeschung", Thing::Category, CATEGORY, &[]),
    form("/arbeit/kategorien/{word}/angaben", Thing::Category, "/arbeit/kategorien/{word}/angaben", LABEL).again(),
    form("/arbeit/kategorien/{word}/problem/neu", Thing::Category, "/arbeit/kategorien/{word}/problem/neu", LABEL)
        .again(),
    form(PROBLEM, Thing::Category, PROBLEM, LABEL).again(),
    form("/arbeit/kategorien/{word}/problem/{problem}/reihenfolge", Thing::Category, CATEGORY, DOWN).again(),
    // A problem that no report names is deleted, not hidden, so its page shows the button of deleting only.
    form(
        "/arbeit/kategorien/{word}/problem/{problem}/sichtbarkeit",
        Thing::Category,
        CATEGORY,
        &[("deed", "ausblenden")],
    )
    .form("/arbeit/kategorien/{word}/problem/{problem}/loeschung")
    .again(),
    form("/arbeit/kategorien/{word}/problem/{problem}/loeschung", Thing::Category, CATEGORY, &[]),
    form(
        "/arbeit/kategorien/{word}/frage/neu",
        Thing::Category,
        "/arbeit/kategorien/{word}/frage/neu",
        &[("label-de", "{fresh}"), ("kind", "text")],
    )
    .again(),
    form(QUESTION, Thing::Category, QUESTION, LABEL).again(),
    form("/arbeit/kategorien/{word}/frage/{question}/reihenfolge", Thing::Category, CATEGORY, DOWN).again(),
    form("/arbeit/kategorien/{word}/frage/{question}/loeschung", Thing::Category, CATEGORY, &[]),
];

const MAIL: &[(&str, &str)] = &[("email", "{fresh_word}@example.org")];
const COMPLAINT: &[(&str, &str)] = &[("reason", "insult"), ("note", "{fresh}: beleidigt jemanden.")];
const NOT_REVIEWED: &str = "not reviewed";
const AT: &[(&str, &str)] = &[("lat", "50.1201"), ("lon", "11.0302")];

const OFFICE: &[(&str, &str)] = &[("name", "{fresh}"), ("endpoint", "https://{fresh_word}.example/v2")];
const HANDED_ON: &[(&str, &str)] = &[("target", "{target}"), ("words", "{fresh}: bitte übernehmen.")];
const BY_PROGRAM: &[(&str, &str)] = &[
    ("api_key", "{key}"),
    ("service_code", "road.pothole"),
    ("lat", "50.1201"),
    ("long", "11.0302"),
    ("description", "{fresh}: ein Loch."),
];

const ADDED: &[(&str, &str)] = &[
    ("api_key", "{key}"),
    ("service_request_id", "{number}"),
    ("update_id", "{fresh}"),
    ("description", "{fresh}: es wird größer."),
];

const REPORTS: &[Sending] = &[
    form("/melden", Thing::Nothing, "/melden", AT).trace(Trace::None),
    form(
        "/melden/was",
        Thing::Draft,
        "/melden/was?entwurf={draft}",
        &[("problem", "playground/chain"), ("body", "{fresh}: die Kette ist gerissen.")],
    )
    .trace(Trace::None),
    form("/melden/pruefen", Thing::Draft, "/melden/pruefen?entwurf={draft}", MAIL),
    form(
        "/melden/gebiet",
        Thing::Nothing,
        "/melden/gebiet",
        &[("lat", "50.1201"), ("lon", "11.0302"), ("email", "{fresh_word}@example.org")],
    ),
    form("/melden/folgen/{token}", Thing::Follow, "/melden/folgen/{token}", &[]).again(),
    form("/melden/abbestellen/{token}", Thing::Follow, "/melden/abbestellen/{token}", &[]),
    form("/melden/{number}/meins", Thing::PublicReport, "/melden/{number}/meins", MAIL).again(),
    form("/melden/{number}/folgen", Thing::PublicReport, "/melden/{number}/folgen", MAIL).again(),
    form("/melden/{number}/meins", Thing::Report, "", MAIL).note(NOT_REVIEWED),
    form("/melden/{number}/folgen", Thing::Report, "", MAIL).note(NOT_REVIEWED),
    form("/melden/{number}/missbrauch", Thing::Report, "", COMPLAINT).note(NOT_REVIEWED),
    form("/melden/{number}/missbrauch", Thing::PublicReport, "/melden/{number}/missbrauch", COMPLAINT).again(),
    form(
        "/arbeit/meldung/{number}",
        Thing::Report,
        "/arbeit/meldung/{number}",
        &[("title", "{fresh}"), ("verdict", "publish")],
    )
    .again(),
    form("/arbeit/meldung/{number}", Thing::Report, "/arbeit/meldung/{number}", &[("deed", "show {photo}")]).again(),
    form("/arbeit/sperren", Thing::Nothing, "/arbeit/sperren", &[("pattern", "{fresh}"), ("note", "{fresh}")]),
    form("/arbeit/sperren/{id}/aufhebung", Thing::Block, "/arbeit/sperren", &[]),
    form("/verwaltung/schluessel", Thing::Nothing, "/verwaltung/schluessel", &[("name", "{fresh}")]),
    form("/verwaltung/stellen", Thing::Nothing, "/verwaltung/stellen", OFFICE),
    form("/verwaltung/stellen/{id}/dienste", Thing::Partner, "/verwaltung/stellen", &[]),
    form("/verwaltung/stellen/{id}/ende", Thing::Partner, "/verwaltung/stellen", &[]),
    form("/arbeit/meldung/{number}/weitergabe", Thing::Partner, "/arbeit/meldung/{number}/weitergabe", HANDED_ON),
    form("/arbeit/weitergaben/{id}", Thing::Forward, "/arbeit/weitergaben", &[("deed", "cancel")]),
    form("/verwaltung/schluessel/{id}/sperrung", Thing::ProgramKey, "/verwaltung/schluessel", &[]),
    form("/open311/v2/requests.json", Thing::ProgramKey, "", BY_PROGRAM).again(),
    form("/open311/v2/requests.xml", Thing::ProgramKey, "", BY_PROGRAM).again(),
    form("/open311/v2/servicerequestupdates.json", Thing::ProgramKey, "", ADDED).again(),
    form("/open311/v2/servicerequestupdates.xml", Thing::ProgramKey, "", ADDED).again(),
    form("/open311/v2/servicerequestupdates.json", Thing::Nothing, "", AT).note("without a key").trace(Trace::None),
    form("/open311/v2/servicerequestupdates.xml", Thing::Nothing, "", AT).note("without a key").trace(Trace::None),
    form("/open311/v2/requests.json", Thing::Nothing, "", AT).note("without a key").trace(Trace::None),
    form("/open311/v2/requests.xml", Thing::Nothing, "", AT).note("without a key").trace(Trace::None),
];

const KIT: &[Sending] =
    &[form("/verwaltung/auftraege/{id}/wiederholung", Thing::StuckJob, "/verwaltung/auftraege", &[])];

/// Every form of the house.
pub fn all() -> impl Iterator<Item = &'static Sending> {
    [CASES, GUIDE, IDENTITY, CATEGORIES, REPORTS, KIT].into_iter().flatten()
}

/// A page that is about a thing, or needs one to show more than an excuse.
pub struct Looking {
    pub route: &'static str,
    pub note: &'static str,
    pub about: Thing,
    /// What is asked for.
    pub asked: &'static str,
    pub without_key: bool,
}

const fn page(route: &'static str, about: Thing) -> Looking {
    Looking { route, note: "", about, asked: route, without_key: false }
}

impl Looking {
    const fn note(self, note: &'static str) -> Self {
        Self { note, ..self }
    }

    const fn asked(self, asked: &'static str) -> Self {
        Self { asked, ..self }
    }

    const fn without_key(self) -> Self {
        Self { without_key: true, ..self }.note("without number and PIN")
    }
}

/// The pages about things.
pub const PAGES: &[Looking] = &[
    page("/arbeit/anhang/{id}", Thing::Attachment),
    page("/arbeit/fall/{number}", Thing::Attachment),
    page("/post/abbestellen/{token}", Thing::StopLink),
    page("/post/bestaetigen/{token}", Thing::ConfirmLink),
    page("/stand/{number}", Thing::OwnCase),
    page("/stand/{number}", Thing::OwnCase).without_key(),
    page("/stand/{number}/anhang/{id}", Thing::Attachment),
    page("/stand/{number}/anhang/{id}", Thing::Attachment).without_key(),
    page("/stand/{number}/foto/{token}", Thing::KeptPhoto),
    page("/stand/{number}/foto/{token}", Thing::KeptPhoto).without_key(),
    page("/stand/{number}/{token}", Thing::Case),
    page("/gebaerdensprache/film", Thing::Film),
    page("/gebaerdensprache/untertitel", Thing::Film),
    page("/kontakt/fertig/{token}", Thing::Receipt),
    page("/verwaltung/hinweise/{id}", Thing::Notice),
    page("/verwaltung/texte/{page}/{lang}", Thing::Nothing),
    page("/einladung/{token}", Thing::Invitation),
    page("/verwaltung/aemter/{unit}", Thing::Unit),
    page("/verwaltung/aemter/{unit}", Thing::UnitElsewhere).note(ELSEWHERE),
    page("/verwaltung/personen/{account}", Thing::Person),
    page("/verwaltung/personen/{account}", Thing::PersonElsewhere).note(ELSEWHERE),
    page("/arbeit/objekte/bogen", Thing::Asset).asked("/arbeit/objekte/bogen?art=playground"),
    page("/karte/bild", Thing::Asset).asked("/karte/bild?lat=50.12&lon=11.03&zoom=17&w=64&h=64"),
    page("/karte/{theme}/{zoom}/{x}/{file}", Thing::Asset),
    page("/arbeit/kategorien/{word}", Thing::Category),
    page("/arbeit/kategorien/{word}/angaben", Thing::Category),
    page("/arbeit/kategorien/{word}/frage/neu", Thing::Category),
    page("/arbeit/kategorien/{word}/frage/{question}", Thing::Category),
    page("/arbeit/kategorien/{word}/problem/neu", Thing::Category),
    page("/arbeit/kategorien/{word}/problem/{problem}", Thing::Category),
    page("/arbeit/kategorien/{word}/vorschau", Thing::Category),
    page("/arbeit/meldung/{number}", Thing::Report),
    page("/arbeit/meldung/{number}/foto/{photo}", Thing::Report),
    page("/arbeit/meldung/{number}/weitergabe", Thing::Partner),
    page("/bild/{id}/{size}", Thing::PublicPhoto),
    page("/bild/{id}/{size}", Thing::Report).asked("/bild/{photo}/{size}").note(NOT_REVIEWED),
    page("/melden/abbestellen/{token}", Thing::Follow),
    page("/melden/entwurf/{draft}/{photo}", Thing::DraftPhoto),
    page("/melden/fertig/{number}", Thing::Report).asked("/melden/fertig/{number}?beleg={token}"),
    page("/melden/fertig/{number}", Thing::Report).note("without its token"),
    page("/melden/folgen/{token}", Thing::Follow),
    page("/melden/pruefen", Thing::Draft).asked("/melden/pruefen?entwurf={draft}"),
    page("/melden/was", Thing::Draft).asked("/melden/was?entwurf={draft}"),
    page("/melden/{number}", Thing::PublicReport),
    page("/melden/{number}", Thing::Report).note(NOT_REVIEWED),
    page("/melden/{number}/danke", Thing::PublicReport),
    page("/melden/{number}/folgen", Thing::PublicReport),
    page("/melden/{number}/folgen", Thing::Report).note(NOT_REVIEWED),
    page("/melden/{number}/meins", Thing::PublicReport),
    page("/melden/{number}/meins", Thing::Report).note(NOT_REVIEWED),
    page("/melden/{number}/missbrauch", Thing::PublicReport),
    page("/melden/{number}/missbrauch", Thing::Report).note(NOT_REVIEWED),
    page("/o/{token}", Thing::Asset),
    page("/open311/v2/requests/{file}", Thing::PublicReport).asked("/open311/v2/requests/{number}.json"),
    page("/open311/v2/requests/{file}", Thing::Report).asked("/open311/v2/requests/{number}.xml").note(NOT_REVIEWED),
    page("/open311/v2/services/{file}", Thing::Category).asked("/open311/v2/services/{word}.{problem}.json"),
    page("/open311/v2/tokens/{file}", Thing::PublicReport).asked("/open311/v2/tokens/{report}.json"),
    page("/_post/{id}", Thing::Letter),
];
