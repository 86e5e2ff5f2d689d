//! Benches, stops and all the rest of what a town is made of.

use super::{At, Kind, SUMMER, YEAR};
use crate::seed::scenes::Scene;

const INNER: &[&str] = &[
    "Latten im Lager, Werkstatt macht es diese Woche.",
    "Bank abgebaut, in der Werkstatt.",
    "Mit Stadtmobiliar-Tour zusammenlegen.",
];
const BEGUN: &[&str] =
    &["Unsere Werkstatt sieht sich das an.", "Wir haben die Bank gesperrt. Neue Latten sind zugeschnitten."];

pub const KINDS: &[Kind] = &[
    Kind {
        category: "bench",
        problem: "slat",
        weight: 24,
        season: SUMMER,
        at: At::Thing("bench", ""),
        scenes: &[Scene::Bench],
        told: &[
            "An der Bank ist eine Latte durchgebrochen, die Splitter stehen raus.",
            "Bank kaputt. Wir sitzen da jeden Nachmittag, mein Mann und ich.",
            "Rückenlehne fehlt zur Hälfte.",
            "Latte ab, Schrauben schauen heraus. Hose zerrissen.",
            "Die Bank ist morsch. Hab sie nur angeschaut, da ist sie zusammengebrochen (fast).",
            "Sitzfläche gebrochen {since}",
        ],
        done: &[
            "Die Bank hat neue Latten. Nehmen Sie Platz!",
            "Repariert und frisch geölt.",
            "Wir haben die Bank gegen eine neue mit Armlehnen getauscht.",
        ],
        begun: BEGUN,
        inner: INNER,
    },
    Kind {
        category: "bench",
        problem: "loose",
        weight: 8,
        season: SUMMER,
        at: At::Thing("bench", ""),
        scenes: &[Scene::Bench],
        told: &[
            "Bank wackelt, das Fundament ist locker.",
            "Kippt nach hinten, wenn man sich anlehnt.",
            "Eine Schraube fehlt, die ganze Bank ist schief.",
        ],
        done: &["Die Bank steht wieder fest."],
        begun: BEGUN,
        inner: INNER,
    },
    Kind {
        category: "bench",
        problem: "dirty",
        weight: 8,
        season: SUMMER,
        at: At::Thing("bench", ""),
        scenes: &[],
        told: &[
            "Bank voller Vogelkot, der Baum drüber ist wohl ein beliebter Schlafplatz.",
            "Kaugummi und irgendwas Klebriges auf der Sitzfläche.",
            "Alles mit Edding vollgeschrieben.",
        ],
        done: &["Die Bank ist sauber.", "Abgeschliffen und neu gestrichen."],
        begun: BEGUN,
        inner: INNER,
    },
    Kind {
        category: "bench",
        problem: "stand",
        weight: 8,
        season: YEAR,
        at: At::Address,
        scenes: &[Scene::BikeStand],
        told: &[
            "Fahrradbügel umgefahren. Drei von fünf sind krumm.",
            "Der Ständer ist aus dem Boden gerissen.",
            "Fahrradständer verbogen, man bekommt kein Rad mehr rein.",
        ],
        done: &["Die Bügel stehen wieder.", "Wir haben fünf neue Bügel gesetzt, zwei mehr als vorher."],
        begun: BEGUN,
        inner: INNER,
    },
    Kind {
        category: "bench",
        problem: "shelter",
        weight: 14,
        season: YEAR,
        at: At::Address,
        scenes: &[Scene::Shelter],
        told: &[
            "Scheibe an der Bushaltestelle eingeschlagen, überall Krümel.",
            "Wartehäuschen kaputt, es zieht und regnet rein.",
            "Die Glasscheibe ist gesprungen und hält nur noch durch den Aufkleber.",
            "Fahrplankasten aufgebrochen, Plan weg. Weiß jemand, wann der Bus fährt?",
        ],
        done: &["Die neue Scheibe ist drin.", "Scherben weg, Scheibe ersetzt, Fahrplan hängt."],
        begun: &["Die Scherben sind weg. Die neue Scheibe kommt in zwei Wochen."],
        inner: INNER,
    },
    Kind {
        category: "other",
        problem: "other",
        weight: 20,
        season: YEAR,
        at: At::Address,
        scenes: &[],
        told: &[
            "Die Uhr am Turm geht zehn Minuten vor. Ich war heute überall zu früh.",
            "Auf dem Friedhof sind alle Gießkannen verschwunden.",
            "Am öffentlichen Bücherschrank klemmt die Tür.",
            "Der Trinkbrunnen hat zu wenig Druck, man muss fast den Kopf reinlegen.",
            "Öffentliche Toilette am Markt: kein Papier, Licht kaputt.",
            "Die Infotafel zum Wanderweg ist umgekippt.",
            "Bei der E-Ladesäule vor {adr} hängt das Kabel auf dem Boden.",
            "Im Glaskasten am Rathaus hängt noch der Aushang vom letzten Sommer.",
            "Auf dem Bolzplatz ist das Tornetz zerrissen.",
            "Ein Bienenschwarm hat sich am Wegweiser niedergelassen.",
            "Die Automatik-Tür am Bürgerbüro geht nicht auf, mit Rollator keine Chance.",
            "Im Schaukasten der Gemeinde ist Wasser, alles verschimmelt.",
        ],
        done: &[
            "Erledigt. Danke für den Hinweis!",
            "Wir haben uns gekümmert. Alles wieder in Ordnung.",
            "Das ist repariert. Schön, dass Sie so genau hinsehen.",
        ],
        begun: &["Wir klären, wer zuständig ist, und melden uns.", "Danke. Unser Hausmeister sieht es sich morgen an."],
        inner: &["An Hausmeister weitergegeben.", "Rücksprache mit der Fachabteilung am Dienstag."],
    },
];
