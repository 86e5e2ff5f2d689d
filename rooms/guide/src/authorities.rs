//! Whom a person can turn to when the town does not help: for accessibility (Art. 9 of Directive (EU) 2016/2102) and for
//! data protection (Art. 77 GDPR), one each per Land, with the Land's law on accessible websites. Data, state of
//! November 2026; a town corrects them in its own text.
//! Sources: the Länder's own pages and the list of enforcement bodies kept by the Hessian LBIT.

use base::Land;

/// For Länder whose body changes its pages often we link to the list that the LBIT keeps of all of them.
const LIST_OF_ALL: &str = "https://lbit.hessen.de/buergerinnen-und-buerger/durchsetzungsstellen-der-laender";

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authorities {
    /// The Land's rules on accessible websites.
    pub law: &'static str,
    pub enforcement: &'static str,
    /// Where it is; may be empty.
    pub enforcement_address: &'static str,
    pub enforcement_link: &'static str,
    pub data_protection: &'static str,
    pub data_protection_link: &'static str,
}

/// What is said of this Land; every Land has its line, a test walks them.
pub fn authorities(land: Land) -> Option<&'static Authorities> {
    TABLE.iter().find(|(of, _)| *of == land).map(|(_, authorities)| authorities)
}

const TABLE: &[(Land, Authorities)] = &[
    (
        Land::BadenWuerttemberg,
        Authorities {
            law: "Landes-Behindertengleichstellungsgesetz, § 10 L-BGG",
            enforcement: "Schlichtungsstelle beim Landeszentrum Barrierefreiheit Baden-Württemberg",
            enforcement_address: "Else-Josenhans-Straße 6, 70173 Stuttgart",
            enforcement_link: "https://barrierefreiheit-bw.de/barrierefreiheitdurchsetzen/schlichtungsantrag",
            data_protection: "Der Landesbeauftragte für den Datenschutz und die Informationsfreiheit Baden-Württemberg",
            data_protection_link: "https://www.baden-wuerttemberg.datenschutz.de",
        },
    ),
    (
        Land::Bavaria,
        Authorities {
            law: "Bayerisches Behindertengleichstellungsgesetz und Bayerische Digitalverordnung",
            enforcement: "Landesamt für Digitalisierung, Breitband und Vermessung, Durchsetzungs- und Überwachungsstelle für barrierefreie Informationstechnik",
            enforcement_address: "St.-Martin-Straße 47, 81541 München",
            enforcement_link: "https://www.ldbv.bayern.de/digitalisierung/bitv.html",
            data_protection: "Der Bayerische Landesbeauftragte für den Datenschutz",
            data_protection_link: "https://www.datenschutz-bayern.de",
        },
    ),
    (
        Land::Berlin,
        Authorities {
            law: "Barrierefreie-IKT-Gesetz Berlin",
            enforcement: "Landesbeauftragte für digitale Barrierefreiheit",
            enforcement_address: "Berlin",
            enforcement_link: "https://www.berlin.de/moderne-verwaltung/barrierefreie-it/",
            data_protection: "Berliner Beauftragte für Datenschutz und Informationsfreiheit",
            data_protection_link: "https://www.datenschutz-berlin.de",
        },
    ),
    (
        Land::Brandenburg,
        Authorities {
            law: "Brandenburgisches Behindertengleichstellungsgesetz, § 9 BbgBGG, und BbgBITV",
            enforcement: "Durchsetzungsstelle für digitale Barrierefreiheit bei der Landesbeauftragten für die Belange der Menschen mit Behinderungen",
            enforcement_address: "Potsdam",
            enforcement_link: "https://msgiv.brandenburg.de/msgiv/de/beauftragte/landesbehindertenbeauftragte/durchsetzungsstelle",
            data_protection: "Die Landesbeauftragte für den Datenschutz und für das Recht auf Akteneinsicht Brandenburg",
            data_protection_link: "https://www.lda.brandenburg.de",
        },
    ),
    (
        Land::Bremen,
        Authorities {
            law: "Bremisches Behindertengleichstellungsgesetz",
            enforcement: "Schlichtungsstelle beim Landesbehindertenbeauftragten der Freien Hansestadt Bremen",
            enforcement_address: "Teerhof 59, 28199 Bremen",
            enforcement_link: "https://www.behindertenbeauftragter.bremen.de",
            data_protection: "Die Landesbeauftragte für Datenschutz und Informationsfreiheit Bremen",
            data_protection_link: "https://www.datenschutz.bremen.de",
        },
    ),
    (
        Land::Hamburg,
        Authorities {
            law: "Hamburgisches Behindertengleichstellungsgesetz, § 11 HmbBGG",
            enforcement: "Schlichtungsstelle nach dem Hamburgischen Behindertengleichstellungsgesetz",
            enforcement_address: "bei der Öffentlichen Rechtsauskunft- und Vergleichsstelle, Hamburg",
            enforcement_link: "https://www.hamburg.de/politik-und-verwaltung/behoerden/sozialbehoerde/themen/behinderung/schlichtungsstelle-behinderung/start-43312",
            data_protection: "Der Hamburgische Beauftragte für Datenschutz und Informationsfreiheit",
            data_protection_link: "https://datenschutz-hamburg.de",
        },
    ),
    (
        Land::Hesse,
        Authorities {
            law: "Hessisches Behinderten-Gleichstellungsgesetz, § 14 HessBGG",
            enforcement: "Hessische Durchsetzungs- und Überwachungsstelle Barrierefreie Informationstechnik beim Regierungspräsidium Gießen",
            enforcement_address: "Gießen",
            enforcement_link: "https://lbit.hessen.de",
            data_protection: "Der Hessische Beauftragte für Datenschutz und Informationsfreiheit",
            data_protection_link: "https://datenschutz.hessen.de",
        },
    ),
    (
        Land::MecklenburgVorpommern,
        Authorities {
            law: "Landesbehindertengleichstellungsgesetz, § 14 LBGG M-V, und BITVO M-V",
            enforcement: "Überwachungs- und Durchsetzungsstelle Digitale Barrierefreiheit im Sozialministerium Mecklenburg-Vorpommern",
            enforcement_address: "Schwerin",
            enforcement_link: LIST_OF_ALL,
            data_protection: "Der Landesbeauftragte für Datenschutz und Informationsfreiheit Mecklenburg-Vorpommern",
            data_protection_link: "https://www.datenschutz-mv.de",
        },
    ),
    (
        Land::LowerSaxony,
        Authorities {
            law: "Niedersächsisches Behindertengleichstellungsgesetz, §§ 9 bis 9d NBGG",
            enforcement: "Schlichtungsstelle nach § 9d NBGG bei der Landesbeauftragten für Menschen mit Behinderungen",
            enforcement_address: "Hannah-Arendt-Platz 2, 30159 Hannover",
            enforcement_link: LIST_OF_ALL,
            data_protection: "Der Landesbeauftragte für den Datenschutz Niedersachsen",
            data_protection_link: "https://www.lfd.niedersachsen.de",
        },
    ),
    (
        Land::NorthRhineWestphalia,
        Authorities {
            law: "Behindertengleichstellungsgesetz Nordrhein-Westfalen, §§ 10 bis 10e BGG NRW, und BITVNRW",
            enforcement: "Ombudsstelle für barrierefreie Informationstechnik des Landes Nordrhein-Westfalen",
            enforcement_address: "Fürstenwall 25, 40219 Düsseldorf",
            enforcement_link: "https://www.mags.nrw/ombudsstelle-barrierefreie-informationstechnik",
            data_protection: "Landesbeauftragte für Datenschutz und Informationsfreiheit Nordrhein-Westfalen",
            data_protection_link: "https://www.ldi.nrw.de",
        },
    ),
    (
        Land::RhinelandPalatinate,
        Authorities {
            law: "Landesinklusionsgesetz und BITV RP",
            enforcement: "Durchsetzungsstelle bei der Landesbeauftragten für die Belange von Menschen mit Behinderungen",
            enforcement_address: "Mainz, durchsetzungsstelle@mastd.rlp.de",
            enforcement_link: "https://behindertenbeauftragte.rlp.de/landesbeauftragte/aufgaben-1",
            data_protection: "Der Landesbeauftragte für den Datenschutz und die Informationsfreiheit Rheinland-Pfalz",
            data_protection_link: "https://www.datenschutz.rlp.de",
        },
    ),
    (
        Land::Saarland,
        Authorities {
            law: "Saarländisches Behindertengleichstellungsgesetz",
            enforcement: "Schlichtungsstelle bei der Landesfachstelle Barrierefreiheit Saarland",
            enforcement_address: "Saarbrücken",
            enforcement_link: LIST_OF_ALL,
            data_protection: "Unabhängiges Datenschutzzentrum Saarland",
            data_protection_link: "https://www.datenschutz.saarland.de",
        },
    ),
    (
        Land::Saxony,
        Authorities {
            law: "Barrierefreie-Websites-Gesetz Sachsen",
            enforcement: "Durchsetzungsstelle beim Landesbeauftragten für Inklusion der Menschen mit Behinderungen",
            enforcement_address: "Dresden, durchsetzungsstelle@sk.sachsen.de",
            enforcement_link: LIST_OF_ALL,
            data_protection: "Sächsische Datenschutz- und Transparenzbeauftragte",
            data_protection_link: "https://www.datenschutz.sachsen.de",
        },
    ),
    (
        Land::SaxonyAnhalt,
        Authorities {
            law: "Behindertengleichstellungsgesetz Sachsen-Anhalt",
            enforcement: "Ombudsstelle für barrierefreie Informationstechnik bei der Unfallkasse Sachsen-Anhalt",
            enforcement_address: "Zerbst/Anhalt",
            enforcement_link: LIST_OF_ALL,
            data_protection: "Landesbeauftragte für den Datenschutz Sachsen-Anhalt",
            data_protection_link: "https://datenschutz.sachsen-anhalt.de",
        },
    ),
    (
        Land::SchleswigHolstein,
        Authorities {
            law: "Landesbehindertengleichstellungsgesetz Schleswig-Holstein",
            enforcement: "Beschwerdestelle für barrierefreie Informationstechnik bei der Landesbeauftragten für Menschen mit Behinderungen",
            enforcement_address: "Kiel",
            enforcement_link: LIST_OF_ALL,
            data_protection: "Unabhängiges Landeszentrum für Datenschutz Schleswig-Holstein",
            data_protection_link: "https://www.datenschutzzentrum.de",
        },
    ),
    (
        Land::Thuringia,
        Authorities {
            law: "Thüringer Gesetz über den barrierefreien Zugang zu den Websites und mobilen Anwendungen öffentlicher Stellen",
            enforcement: "Durchsetzungsstelle beim Thüringer Landesbeauftragten für Menschen mit Behinderungen",
            enforcement_address: "Erfurt",
            enforcement_link: "https://www.tlmb-thueringen.de",
            data_protection: "Thüringer Landesbeauftragter für den Datenschutz und die Informationsfreiheit",
            data_protection_link: "https://www.tlfdi.de",
        },
    ),
];
