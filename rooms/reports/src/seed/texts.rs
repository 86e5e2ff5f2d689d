//! How people write: a core sentence from the kind, sometimes a greeting before and a sigh or thanks after it, typed on
//! a telephone with more or less care. Pure. Invariant: nobody is named, and no placeholder is left.

use super::dice::Dice;

const GREETINGS: &[&str] = &[
    "Hallo,",
    "Guten Tag,",
    "Hallo liebes Team,",
    "Sehr geehrte Damen und Herren,",
    "Guten Morgen,",
    "Hallo zusammen,",
    "Liebe Stadtverwaltung,",
    "Moin,",
];

const FRIENDLY: &[&str] = &[
    "Danke fürs Kümmern!",
    "Vielen Dank im Voraus.",
    "Danke und schöne Grüße",
    "Eilt nicht, aber wäre schön, wenn es mal jemand macht.",
    "Toll, dass man das jetzt so einfach melden kann.",
    "Mit freundlichen Grüßen",
    "Danke für eure Arbeit!",
    "Beim letzten Mal war es nach zwei Tagen erledigt, das war klasse.",
];

const CROSS: &[&str] = &[
    "Muss erst etwas passieren?",
    "Das ist jetzt das dritte Mal in diesem Jahr.",
    "Wofür zahlt man eigentlich Steuern.",
    "Ich habe deswegen schon angerufen, passiert ist nichts.",
    "Langsam reicht es.",
];

/// Fits everything.
const CONTEXT: &[&str] = &[
    "Foto habe ich leider keins, der Akku war leer.",
    "Die Nachbarn haben es auch schon gesehen.",
    "Wenn Sie Fragen haben, antworte ich gern.",
    "Ich weiß nicht, ob Sie dafür zuständig sind.",
    "Falls das schon gemeldet ist, umso besser.",
    "Ich hoffe, das kommt an der richtigen Stelle an.",
    "Bitte kurz Bescheid geben, wenn es erledigt ist.",
];
/// Fits what lies where people walk and ride.
const ON_THE_WAY: &[&str] = &[
    "Hier gehen jeden Tag die Schulkinder entlang.",
    "Meine Mutter ist über 80 und geht dort nicht mehr vorbei.",
    "Ich komme jeden Morgen mit dem Rad vorbei.",
    "Mit dem Kinderwagen kommt man kaum durch.",
    "Bei Regen ist es noch schlimmer.",
    "Ist direkt neben der Bushaltestelle.",
    "Bitte nicht wieder nur ein Flatterband hinhängen.",
];
const WAYS: &[&str] = &["road", "footpath", "winter", "litter"];

const SINCE: &[&str] = &[
    "seit gestern",
    "seit drei Tagen",
    "seit ungefähr einer Woche",
    "seit Montag",
    "seit ca. zwei Wochen",
    "schon seit Tagen",
    "seit letztem Wochenende",
    "seit gefühlt einem Monat",
];

const WHEN: &[&str] =
    &["heute früh", "gestern Abend", "heute Mittag", "am Sonntag", "gestern", "vorgestern", "heute Nachmittag"];

const ENGLISH: &[(&str, &[&str])] = &[
    (
        "street_light",
        &[
            "The street light in front of our house is out. It is very dark when I come home from work.",
            "Lamp is broken. Thank you for fixing it!",
            "Hello, the lamp next to the bus stop does not work since Monday.",
            "Street light at {adr} is off. I am new in town and not sure if this is the right place to report it.",
        ],
    ),
    ("road", &["Big pothole on the right side, dangerous for bikes.", "There is a deep hole in the road near {adr}."]),
    ("litter", &["The bin is overflowing and there are wasps.", "Somebody dumped old furniture here."]),
    ("playground", &["The swing is broken, one chain is off. My daughter nearly fell."]),
    ("footpath", &["The pavement is very uneven here. I use a wheelchair and have to go on the road."]),
];

/// Where a text is said to be.
pub struct Spot<'a> {
    /// "Lindenstraße 14".
    pub address: &'a str,
    /// "Lindenstraße".
    pub street: &'a str,
}

/// A report in English, where the category has one.
pub fn english(dice: &Dice, category: &str, spot: &Spot<'_>) -> Option<String> {
    let (_, told) = ENGLISH.iter().find(|(word, _)| *word == category)?;
    Some(filled(dice, dice.say(told), spot))
}

/// What somebody wrote about a kind of damage.
pub fn told(dice: &Dice, category: &str, cores: &[&'static str], spot: &Spot<'_>) -> String {
    let mut text = filled(dice, dice.say(cores), spot);
    if dice.often(90) {
        text = capital(&text);
    }
    if text.chars().count() > 24 {
        if dice.often(26) {
            text.push(' ');
            text.push_str(dice.say(if WAYS.contains(&category) && dice.often(70) { ON_THE_WAY } else { CONTEXT }));
        }
        match dice.below(100) {
            0..=21 => text = ended(text, dice.say(FRIENDLY), dice),
            22..=29 => text = ended(text, dice.say(CROSS), dice),
            _ => {}
        }
        if dice.often(20) {
            text = format!("{}{}{text}", dice.say(GREETINGS), if dice.often(60) { "\n\n" } else { " " });
        }
    }
    typed(dice, text)
}

fn ended(mut text: String, last: &str, dice: &Dice) -> String {
    text.push_str(if dice.often(40) { "\n\n" } else { " " });
    text.push_str(last);
    text
}

pub fn filled(dice: &Dice, text: &str, spot: &Spot<'_>) -> String {
    // "in der Am Hang" and "vor Am Hang 10" nobody would write.
    let declines = ["straße", "gasse", "allee"].iter().any(|end| spot.street.ends_with(end));
    let mut text = if declines {
        text.to_owned()
    } else {
        text.replace("in der {str}", "bei uns")
            .replace("aus der {str}", "aus unserer Straße")
            .replace("vor {adr}", "Höhe {adr}")
    };
    text = text.replace("{adr}", spot.address).replace("{str}", spot.street);
    for (mark, words) in [("{since}", SINCE), ("{when}", WHEN)] {
        if text.contains(mark) {
            let word = dice.say(words);
            text = text.replace(&format!(". {mark}"), &format!(". {}", capital(word))).replace(mark, word);
        }
    }
    text
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// Not everybody minds capitals, umlauts and typing errors.
fn typed(dice: &Dice, text: String) -> String {
    match dice.below(100) {
        0..=5 => text.to_lowercase(),
        6..=9 => text.replace('ä', "ae").replace('ö', "oe").replace('ü', "ue").replace('ß', "ss"),
        10..=20 => slip(dice, &text),
        21..=23 => format!("{}!!", text.trim_end_matches('.')),
        24..=31 => text.trim_end_matches('.').to_owned(),
        _ => text,
    }
}

/// Two letters inside a long word change places, or one is missing.
fn slip(dice: &Dice, text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let long: Vec<usize> = (0..words.len())
        .filter(|i| words[*i].chars().count() > 6 && words[*i].chars().all(char::is_alphabetic))
        .collect();
    let Some(chosen) = dice.pick(&long).copied() else { return text.to_owned() };
    let mut letters: Vec<char> = words[chosen].chars().collect();
    let at = 2 + usize::try_from(dice.below(letters.len() as u64 - 4)).unwrap_or(0);
    if dice.often(60) {
        letters.swap(at, at + 1);
    } else {
        letters.remove(at);
    }
    let slipped: String = letters.into_iter().collect();
    words.iter().enumerate().map(|(i, word)| if i == chosen { &slipped } else { *word }).collect::<Vec<_>>().join(" ")
}

const PRAISE: &[&str] = &[
    "Super schnell, danke!",
    "Toll, hätte ich nicht so schnell erwartet.",
    "Danke an das Team vom Bauhof!",
    "Alles bestens.",
    "Hat geklappt, vielen Dank.",
    "Sehr freundliche Antwort.",
    "Danke, die Kinder freuen sich.",
];
const SO_SO: &[&str] =
    &["Hat etwas gedauert, ist aber jetzt in Ordnung.", "Erledigt, eine Zwischeninfo wäre schön gewesen.", "Passt."];
const BLAME: &[&str] = &[
    "Hat viel zu lange gedauert.",
    "Gemacht ist es, aber nicht schön.",
    "Leider nur geflickt, nicht repariert.",
    "Keine Antwort auf meine Frage.",
];
const AGAIN: &[&str] = &[
    "Das ist leider noch nicht in Ordnung. Es wurde nur eine Hälfte gemacht.",
    "Zwei Tage war es gut, jetzt ist es wieder genauso.",
    "Hier war niemand. Es sieht aus wie vorher.",
    "Bitte noch einmal ansehen, es ist schon wieder kaputt.",
];

/// Words to a rating; most people leave it empty.
pub fn rating(dice: &Dice, stars: i64) -> String {
    if dice.often(55) {
        return String::new();
    }
    let from = match stars {
        4 | 5 => PRAISE,
        3 => SO_SO,
        _ => BLAME,
    };
    dice.say(from).to_owned()
}

pub fn again(dice: &Dice) -> String {
    dice.say(AGAIN).to_owned()
}

const ASKED: &[&str] = &[
    "Können Sie die Stelle bitte genauer beschreiben? Wir haben dort nichts gefunden.",
    "Auf welcher Straßenseite ist das? Ein Foto würde uns helfen.",
    "Ist das noch so? Wir waren vor Ort und haben nichts gesehen.",
    "Welche Hausnummer ist in der Nähe?",
];
const ANSWERED: &[&str] = &[
    "Direkt gegenüber von {adr}, auf der Seite mit den geraden Hausnummern.",
    "Ja, ist noch so. Man sieht es nur, wenn man von der anderen Seite kommt.",
    "Hinter dem Stromkasten, ungefähr zwei Meter vom Gehweg.",
    "Ich war gerade noch einmal da. Es ist an der Ecke {str}.",
];
const WITHDRAWN: &[&str] = &[
    "Hat sich erledigt, danke.",
    "War schon wieder in Ordnung, als ich heute vorbeikam.",
    "Sorry, falsche Stelle. Ich melde es neu.",
    "",
];
const SAME: &[&str] = &[
    "Uns ist das auch aufgefallen.",
    "Stimmt, ist immer noch so.",
    "Wir gehen da täglich vorbei, bitte bald.",
    "",
    "",
    "",
    "Mein Sohn ist dort gestürzt.",
];

pub fn asked(dice: &Dice) -> String {
    dice.say(ASKED).to_owned()
}

pub fn answered(dice: &Dice, spot: &Spot<'_>) -> String {
    let text = filled(dice, dice.say(ANSWERED), spot);
    typed(dice, text)
}

pub fn withdrawn(dice: &Dice) -> String {
    dice.say(WITHDRAWN).to_owned()
}

pub fn same(dice: &Dice) -> String {
    dice.say(SAME).to_owned()
}

/// Categories it fits, reason, answer. No category: all of them.
type Ending = (&'static [&'static str], &'static str, &'static str);

const NOT_OURS: &[Ending] = &[
    (
        &["road", "signs", "winter", "footpath"],
        "Die Straße gehört dem Land.",
        "Für diese Straße ist das Straßenbauamt zuständig. Wir haben Ihre Meldung dorthin weitergegeben.",
    ),
    (
        &["trees", "graffiti", "footpath", "litter", "noise", "vehicle"],
        "Das Grundstück ist privat.",
        "Das Grundstück gehört nicht der Stadt. Wir haben die Eigentümer informiert. Mehr dürfen wir leider nicht tun.",
    ),
    (
        &["graffiti", "street_light", "road"],
        "Zuständig ist der Netzbetreiber.",
        "Die Anlage gehört dem Netzbetreiber. Wir haben Ihre Meldung weitergeleitet.",
    ),
    (
        &["bench", "other", "litter"],
        "Zuständig ist die Bahn.",
        "Die Stelle gehört zum Gelände der Bahn. Wir haben Ihre Meldung dort eingereicht.",
    ),
    (
        &["container"],
        "Zuständig ist der Landkreis.",
        "Die Container betreut der Landkreis. Wir haben Ihre Meldung weitergegeben.",
    ),
    (
        &["water"],
        "Zuständig ist das Wasserwirtschaftsamt.",
        "Für dieses Gewässer ist das Wasserwirtschaftsamt zuständig. Wir haben Ihre Meldung weitergegeben.",
    ),
];
const REFUSED: &[Ending] = &[
    (
        &[],
        "Kein Schaden festgestellt.",
        "Wir waren vor Ort und haben keinen Schaden gefunden. Bitte melden Sie sich, wenn Sie etwas anderes sehen.",
    ),
    (
        &["playground", "bench", "other", "signs"],
        "Derzeit kein Geld dafür.",
        "Das ist ein guter Vorschlag. In diesem Jahr fehlt uns dafür das Geld. Wir haben ihn für die Haushaltsberatung notiert.",
    ),
    (
        &["trees"],
        "Aus Gründen des Naturschutzes.",
        "Dort brüten Vögel. Wir dürfen bis Ende September nicht schneiden. Danach kommen wir von selbst.",
    ),
    (
        &["road", "footpath"],
        "Die Stelle ist verkehrssicher.",
        "Die Stelle ist uns bekannt und sicher. Wir erneuern den Belag beim nächsten Ausbau der Straße.",
    ),
];

/// Reason and answer.
pub fn not_ours(dice: &Dice, category: &str) -> Option<(String, String)> {
    ending(dice, NOT_OURS, category)
}

pub fn refused(dice: &Dice, category: &str) -> Option<(String, String)> {
    ending(dice, REFUSED, category)
}

fn ending(dice: &Dice, from: &[Ending], category: &str) -> Option<(String, String)> {
    let fitting: Vec<&Ending> = from.iter().filter(|end| end.0.is_empty() || end.0.contains(&category)).collect();
    dice.pick(&fitting).map(|end| (end.1.to_owned(), end.2.to_owned()))
}

pub fn duplicate(number: &str) -> (String, String) {
    (
        format!("Gleicher Schaden wie Meldung {number}."),
        format!(
            "Diesen Schaden hat uns schon jemand gemeldet (Meldung {number}). Wir kümmern uns dort darum. Danke, dass Sie auch hingesehen haben!"
        ),
    )
}

/// Why a report is kept back from the public.
pub const KEPT_BACK: &[&str] = &[
    "Der Text nennt eine Privatperson. Wir bearbeiten Ihre Meldung trotzdem.",
    "Es geht um ein privates Grundstück. Wir bearbeiten Ihre Meldung, zeigen sie aber nicht öffentlich.",
    "Der Text beleidigt jemanden. Das veröffentlichen wir nicht. Um den Schaden kümmern wir uns.",
];
