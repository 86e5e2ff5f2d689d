//! The rules without a database: every state with every action from every side, routing, numbers, deadlines.

use crate::{
    Rule,
    case::{Action, Outcome, Refusal, Side, State, fold, next},
    desk::{race, selection::Selection},
    labels, number, routing,
    store::{
        lists::{ListKind, Sort},
        threads::{Entry, EntryId, EntryKind},
    },
};
use base::{AccountId, Moment, OrgUnitId, uuid::Uuid};
use jiff::civil::date;
use web::Form;

fn actions() -> Vec<(String, Action)> {
    let plain = [
        ("claim", Action::Claim),
        ("release", Action::Release),
        ("transfer", Action::Transfer),
        ("note", Action::Note),
        ("answer", Action::Answer),
        ("ask", Action::Ask),
        ("reopen", Action::Reopen),
        ("reply", Action::Reply),
        ("withdraw", Action::Withdraw),
        ("rate", Action::Rate),
        ("look_again", Action::LookAgain),
        ("expire", Action::AskExpired),
    ];
    let mut all: Vec<(String, Action)> = plain.map(|(name, action)| (name.to_owned(), action)).to_vec();
    all.extend(State::ALL.iter().map(|state| (format!("set_{}", state.word()), Action::Progress(*state))));
    all.extend(Outcome::ALL.iter().map(|outcome| (format!("close_{}", outcome.word()), Action::Close(*outcome))));
    all
}

/// Same for every open state.
const OPEN: &str = "transfer>received ask>waiting_citizen withdraw>withdrawn set_in_progress>in_progress \
     set_with_others>with_others set_planned>planned close_resolved>resolved close_refused>refused \
     close_not_responsible>not_responsible close_duplicate>duplicate";

/// What is allowed and where it leads. What is not here must be refused.
const TABLE: &[(State, bool, &str)] = &[
    (State::Received, true, "claim>in_progress release>received note>received answer>in_progress reply>received"),
    (
        State::InProgress,
        true,
        "claim>in_progress release>received note>in_progress answer>in_progress reply>citizen_answered",
    ),
    (
        State::WaitingCitizen,
        true,
        "claim>waiting_citizen release>waiting_citizen note>waiting_citizen answer>waiting_citizen \
         reply>citizen_answered expire>in_progress",
    ),
    (
        State::CitizenAnswered,
        true,
        "claim>in_progress release>citizen_answered note>citizen_answered answer>in_progress reply>citizen_answered",
    ),
    (
        State::WithOthers,
        true,
        "claim>with_others release>with_others note>with_others answer>with_others reply>citizen_answered",
    ),
    (State::Planned, true, "claim>planned release>planned note>planned answer>planned reply>citizen_answered"),
    (State::Reopened, true, "claim>in_progress release>reopened note>reopened answer>in_progress reply>reopened"),
    (State::Resolved, false, "note>resolved reopen>reopened reply>reopened rate>resolved look_again>reopened"),
    (State::Refused, false, "note>refused reopen>reopened reply>reopened rate>refused look_again>reopened"),
    (
        State::NotResponsible,
        false,
        "note>not_responsible reopen>reopened reply>reopened rate>not_responsible look_again>reopened",
    ),
    (State::Duplicate, false, "note>duplicate reopen>reopened reply>reopened rate>duplicate look_again>reopened"),
    (State::Withdrawn, false, "note>withdrawn reopen>reopened"),
];

#[test]
fn every_state_with_every_action_from_every_side() {
    assert_eq!(TABLE.len(), State::ALL.len());
    let mut allowed = 0;
    for (state, open, own) in TABLE {
        assert_eq!(state.is_open(), *open, "{state:?}");
        let text = if *open { format!("{own} {OPEN}") } else { (*own).to_owned() };
        let expected: Vec<(&str, &str)> = text.split_whitespace().filter_map(|pair| pair.split_once('>')).collect();
        for (name, action) in actions() {
            let wanted = expected.iter().find(|(known, _)| *known == name).map(|(_, to)| *to);
            for side in [Side::Citizen, Side::Clerk, Side::System] {
                let result = next(*state, action, side);
                if side != action.side() {
                    assert_eq!(result, Err(Refusal::NotYours), "{state:?} {name} by {side:?}");
                    continue;
                }
                assert_eq!(result.ok().map(State::word), wanted, "{state:?} {name} by {side:?}");
                allowed += usize::from(result.is_ok());
            }
        }
    }
    // Nothing in the table is a typing mistake that matches no action.
    let written: usize = TABLE
        .iter()
        .map(|(_, open, own)| own.split_whitespace().count() + if *open { OPEN.split_whitespace().count() } else { 0 })
        .sum();
    assert_eq!(allowed, written);
}

#[test]
fn refusals_say_why() {
    assert_eq!(next(State::Resolved, Action::Claim, Side::Clerk), Err(Refusal::IsClosed));
    assert_eq!(next(State::Planned, Action::Reopen, Side::Clerk), Err(Refusal::IsOpen));
    assert_eq!(next(State::Received, Action::Rate, Side::Citizen), Err(Refusal::IsOpen));
    assert_eq!(next(State::Withdrawn, Action::Reply, Side::Citizen), Err(Refusal::WasWithdrawn));
    assert_eq!(next(State::Received, Action::Progress(State::Resolved), Side::Clerk), Err(Refusal::NotAWorkingState));
    assert_eq!(next(State::Received, Action::AskExpired, Side::System), Err(Refusal::NotWaiting));
}

fn rule(category: &str, district: &str, unit: u128) -> Rule {
    Rule {
        kind: "report".to_owned(),
        category: category.to_owned(),
        district: district.to_owned(),
        unit: OrgUnitId(Uuid::from_u128(unit)),
        working_days: 5,
        priority: 0,
        note: String::new(),
    }
}

#[test]
fn the_most_specific_rule_wins() {
    let rules = [rule("", "", 1), rule("", "Nordstadt", 2), rule("lamp", "", 3), rule("lamp", "Nordstadt", 4)];
    let unit = |kind: &str, category: &str, district: &str| {
        routing::choose(&rules, kind, category, district).map(|rule| rule.unit.0.as_u128())
    };
    assert_eq!(unit("report", "lamp", "Nordstadt"), Some(4));
    assert_eq!(unit("report", "lamp", "Südstadt"), Some(3));
    assert_eq!(unit("report", "tree", "Nordstadt"), Some(2));
    assert_eq!(unit("report", "tree", "Südstadt"), Some(1));
    assert_eq!(unit("question", "", ""), None);
}

#[test]
fn a_rule_explains_itself() {
    assert_eq!(
        routing::explain(&rule("lamp", "Nordstadt", 4), "Straßenlaterne", "Bauhof"),
        "Regel: Straßenlaterne im Ortsteil Nordstadt. Zuständig: Bauhof. Frist: 5 Arbeitstage; Wochenenden und Feiertage zählen nicht mit."
    );
    assert!(routing::explain(&rule("", "", 1), "", "Bauhof").starts_with("Regel: Schaden. Zuständig: Bauhof."));
}

#[test]
fn numbers_are_understood_as_people_type_them() {
    for typed in ["2026-11-4711", " 2026 11 4711 ", "2026/11/4711", "2026.11.04711", "2026114711"] {
        assert_eq!(number::normalise(typed).as_deref(), Some("2026-11-4711"), "{typed}");
    }
    assert_eq!(number::normalise("2026-11-7").as_deref(), Some("2026-11-0007"));
    for wrong in ["", "4711", "2026-13-1", "2026-11-0", "2026-11-x", "Mühlweg 12", "26-11-4711", "2026-11-99999999999"]
    {
        assert_eq!(number::normalise(wrong), None, "{wrong}");
    }
    assert_eq!(number::number(&number::month_of(date(2026, 3, 1)), 12), "2026-03-0012");
}

#[test]
fn deadlines_are_said_in_words() {
    let now = Moment::at(date(2026, 11, 23), 12, 0);
    let tag = |day, hour| labels::deadline(Moment::at(day, hour, 0), None, now);
    let cases = [
        (tag(date(2026, 11, 23), 16), "warn", "heute, 16:00"),
        (tag(date(2026, 11, 23), 9), "danger", "heute, 09:00 fällig"),
        (tag(date(2026, 11, 22), 16), "danger", "gestern fällig"),
        (tag(date(2026, 11, 13), 16), "danger", "seit 10 Tagen fällig"),
        (tag(date(2026, 11, 9), 16), "danger", "seit 2 Wochen fällig"),
        (tag(date(2026, 9, 24), 16), "danger", "seit 8 Wochen fällig"),
        (tag(date(2026, 9, 23), 16), "danger", "seit 2 Monaten fällig"),
        (tag(date(2025, 9, 20), 16), "danger", "seit 14 Monaten fällig"),
        (tag(date(2024, 11, 23), 16), "danger", "seit 2 Jahren fällig"),
        (tag(date(2026, 11, 24), 16), "info", "morgen"),
        (tag(date(2026, 12, 4), 16), "ok", "Fr., 4. Dez."),
    ];
    for (tag, kind, text) in cases {
        assert_eq!((tag.kind, tag.text.as_str()), (kind, text));
    }
    let closed = labels::deadline(now.plus_days(-9), Some(now.plus_days(-1)), now);
    assert_eq!((closed.kind, closed.text.as_str()), ("", "gestern"));
}

#[test]
fn the_open_case_says_how_far_its_deadline_is_and_which_day() {
    let now = Moment::at(date(2026, 11, 23), 12, 0);
    let cases = [
        (date(2026, 11, 23), 16, "Frist heute, 16:00"),
        (date(2026, 11, 24), 9, "Frist morgen · 24.11.2026"),
        (date(2026, 12, 4), 9, "Frist in 11 Tagen · 04.12.2026"),
        (date(2026, 11, 23), 9, "überfällig seit heute, 09:00"),
        (date(2026, 11, 22), 16, "überfällig seit gestern · 22.11.2026"),
        (date(2026, 11, 20), 16, "überfällig seit 3 Tagen · 20.11.2026"),
        (date(2026, 10, 19), 16, "überfällig seit 5 Wochen · 19.10.2026"),
        (date(2025, 9, 20), 16, "überfällig seit 14 Monaten · 20.09.2025"),
    ];
    for (day, hour, text) in cases {
        assert_eq!(labels::deadline_in_full(Moment::at(day, hour, 0), None, now).text, text);
    }
    let closed = labels::deadline_in_full(now, Some(now.plus_days(-1)), now);
    assert_eq!(closed.text, "abgeschlossen gestern");
}

/// An entry as the store gives it.
fn entry(kind: EntryKind, who: u128, minute: i64) -> Entry {
    let actor = if who == 0 { "visitor".to_owned() } else { format!("staff:{}", AccountId(Uuid::from_u128(who))) };
    let at = Moment::at(date(2026, 11, 23), 9, 0).plus_seconds(60 * minute);
    Entry {
        id: EntryId(Uuid::from_u128(1)),
        at,
        version: minute,
        kind,
        actor,
        text: String::new(),
        visible: true,
        data: "{}".to_owned(),
    }
}

#[test]
fn a_case_is_held_since_it_was_taken_last() {
    use EntryKind::{Answer, Claimed, Note, Opened, Released, Reply, Transferred};
    let (ben, anna) = (1, 2);
    let cases = [
        (vec![(Opened, 0), (Claimed, ben), (Note, ben), (Answer, ben)], Some(1)),
        // Whoever answers a free case has it.
        (vec![(Opened, 0), (Note, ben), (Answer, ben), (Reply, 0)], Some(2)),
        (vec![(Claimed, ben), (Released, ben), (Reply, 0), (Claimed, ben)], Some(3)),
        (vec![(Claimed, ben), (Transferred, ben), (Claimed, anna)], None),
        (vec![(Opened, 0)], None),
    ];
    for (story, expected) in cases {
        let mut entries: Vec<Entry> = (0..).zip(&story).map(|(at, (kind, who))| entry(*kind, *who, at)).collect();
        entries.reverse();
        let since = race::held_since(&entries, AccountId(Uuid::from_u128(ben)));
        assert_eq!(since, expected.map(|at| entry(Opened, 0, at).at), "{story:?}");
    }
}

#[test]
fn who_is_too_slow_is_told_who_did_what() {
    use EntryKind::{Answer, AskExpired, Claimed, Closed, Note, Opened, Rated, Released, Reply, Withdrawn};
    let names = [(AccountId(Uuid::from_u128(1)), "Ben Muster".to_owned())].into();
    let me = AccountId(Uuid::from_u128(2));
    let now = Moment::at(date(2026, 11, 23), 12, 0);
    let cases = [
        (vec![(Opened, 0), (Claimed, 1)], "Ben Muster hat den Fall inzwischen übernommen"),
        (vec![(Opened, 0), (Note, 1)], "Ben Muster hat inzwischen eine Notiz geschrieben"),
        (vec![(Opened, 0), (Closed, 1), (Rated, 0)], "Ben Muster hat den Fall inzwischen abgeschlossen"),
        (vec![(Opened, 0), (Withdrawn, 0)], "Die meldende Person hat den Fall inzwischen zurückgezogen"),
        (vec![(Opened, 0), (Reply, 0)], "Die meldende Person hat inzwischen geschrieben"),
        (vec![(Opened, 0), (Released, 0)], "Das Programm hat den Fall inzwischen zurück in den Eingang gelegt"),
        (vec![(Opened, 0), (Answer, 2)], "Sie haben inzwischen geantwortet"),
        (vec![(Opened, 0), (Answer, 3)], "Eine andere Person hat inzwischen geantwortet"),
        (vec![(Opened, 0), (AskExpired, 0)], "Der Fall hat sich inzwischen geändert"),
        (vec![(Opened, 0)], "Der Fall hat sich inzwischen geändert"),
    ];
    for (story, expected) in cases {
        let mut entries: Vec<Entry> = (0..).zip(&story).map(|(at, (kind, who))| entry(*kind, *who, at)).collect();
        entries.reverse();
        assert_eq!(race::changed(&entries, 0, &names, Some(me), now).0, expected, "{story:?}");
    }
}

#[test]
fn search_texts_are_folded() {
    assert_eq!(fold("  Straße\n Österreich  Łódź Çelik "), "strasse osterreich lodz celik");
}

#[test]
fn a_selection_survives_its_own_address() {
    let form =
        Form::from_urlencoded("liste=wartet&kategorie=lamp&ortsteil=S%C3%BCdstadt+Ost&stand=planned&sortierung=neu");
    let selection = Selection::read(&form);
    assert_eq!((selection.kind, selection.sort), (ListKind::Waiting, Sort::Newest));
    assert_eq!(selection.district, "Südstadt Ost");
    let again = Selection::read(&Form::from_urlencoded(&selection.query_here()));
    assert!(again == selection, "{}", selection.query_here());
    // An address typed by hand is no error.
    let odd = Selection::read(&Form::from_urlencoded("liste=unsinn&stand=%00&nach=1.2"));
    assert_eq!((odd.kind, odd.state, odd.after), (ListKind::Inbox, None, None));
}

#[test]
fn a_browser_remembers_ten_cases_each_for_its_own_time() {
    use crate::pages::access::{CASES_MAX, with};
    let start = Moment::from_micros(1_000_000_000_000_000);
    let mut list = String::new();
    for day in 0..12_i64 {
        let now = start.plus_days(day);
        list = with(&list, &number::number("2026-11", day + 1), now.plus_days(30), now);
    }
    let known = |list: &str| list.split(' ').map(|entry| entry[..12].to_owned()).collect::<Vec<_>>();
    assert_eq!(known(&list).len(), CASES_MAX);
    assert_eq!((known(&list)[0].as_str(), known(&list)[9].as_str()), ("2026-11-0012", "2026-11-0003"));
    // Opened once more it stands first and once, and the one that was longest ago stays.
    let list = with(&list, "2026-11-0003", start.plus_days(42), start.plus_days(12));
    assert_eq!(
        (known(&list).len(), known(&list)[0].as_str(), known(&list)[9].as_str()),
        (10, "2026-11-0003", "2026-11-0004")
    );
    // Thirty days after its own start a case is forgotten, whatever came later.
    let later = with(&list, "2026-12-0001", start.plus_days(70), start.plus_days(34));
    assert!(!known(&later).contains(&"2026-11-0004".to_owned()) && known(&later).contains(&"2026-11-0006".to_owned()));
}
