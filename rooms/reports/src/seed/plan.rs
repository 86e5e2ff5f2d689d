//! The whole past of the demo town as a list of reports, oldest first, before anything is written. Pure: the ground, the
//! town's working days and the current time are parameters. Invariant: the same parameters give the same list.

use super::{
    dice::Dice,
    ground::{Ground, Place, beside},
    kinds::{self, Kind},
    scenes::Scene,
    story::{self, Fate, Frame, Story},
    texts::{self, Spot},
};
use crate::{category::QuestionKind, report::Visibility};
use base::{Moment, WorkingDays};
use cases::{Outcome, State};
use jiff::{ToSpan, civil::Weekday};
use web::Lang;

pub const REPORTS: usize = 1_000;
/// Of the newest, how many nobody has reviewed yet.
const WAITING: usize = 25;
const DAYS: f64 = 730.0;
/// How far back a report can be the same as another one.
const SAME_DAYS: i64 = 24;

/// One report with everything that happened to it.
pub struct Planned {
    pub kind: &'static Kind,
    pub place: Place,
    pub body: String,
    pub language: Lang,
    pub opened: Moment,
    pub with_mail: bool,
    pub fate: Fate,
    pub story: Story,
    pub facts: Vec<(String, String)>,
    pub visibility: Visibility,
    /// Why it is kept back.
    pub reason: String,
    pub reviewed: Option<Moment>,
    pub photo: Option<(Scene, bool)>,
    /// Who else has the same damage: when, and in which words.
    pub same: Vec<(Moment, String)>,
    pub followers: u64,
    /// Somebody finds a public report improper.
    pub complaint: Option<Moment>,
}

impl Planned {
    pub fn state(&self) -> State {
        self.story.states.last().map_or(State::Received, |(_, state)| *state)
    }
}

pub fn plan(ground: &Ground, days: &WorkingDays, now: Moment) -> Vec<Planned> {
    let dice = Dice::new(0x0A40_2026);
    let mut times: Vec<Moment> = (0..REPORTS).map(|_| time(&dice, now)).collect();
    times.sort();
    let kinds = kinds::all();
    let mut plan: Vec<Planned> = Vec::with_capacity(REPORTS);
    for opened in times {
        let month = usize::try_from(opened.date().month() - 1).unwrap_or(0);
        let weights: Vec<u64> = kinds.iter().map(|kind| kind.weight * kind.season[month]).collect();
        let Some(kind) = dice.weighed(&weights).map(|i| kinds[i]) else { continue };
        let same = dice.often(9).then(|| earlier(&plan, kind, opened)).flatten();
        let place = match same {
            Some(index) => {
                let place = plan[index].place.clone();
                Place { position: beside(&dice, place.position, 9.0), ..place }
            }
            None => match ground.place(&dice, kind.at) {
                Some(place) => place,
                None => continue,
            },
        };
        let left = REPORTS - plan.len();
        if let Some(planned) = report(&dice, ground, days, &Coming { kind, place, opened, same, left }, now) {
            plan.push(planned);
        }
    }
    plan
}

/// What comes in.
struct Coming {
    kind: &'static Kind,
    place: Place,
    opened: Moment,
    same: Option<usize>,
    /// How many are still to come, this one included.
    left: usize,
}

/// Far more of late than long ago, because people got to know the site; by day, and in the evening.
fn time(dice: &Dice, now: Moment) -> Moment {
    const HOURS: [u64; 24] = [1, 0, 0, 0, 0, 1, 4, 9, 9, 7, 7, 7, 8, 7, 7, 8, 10, 12, 12, 11, 9, 7, 4, 2];
    loop {
        let ago = DAYS * dice.part().powf(1.6);
        #[expect(clippy::cast_possible_truncation, reason = "at most 730 days")]
        let day = now.plus_seconds(-(ago * 86_400.0) as i64).date();
        let hour = dice.weighed(&HOURS).and_then(|hour| i8::try_from(hour).ok()).unwrap_or(12);
        let at = Moment::at(day, hour, i8::try_from(dice.below(60)).unwrap_or(0)).plus_seconds(dice.between(0, 59));
        let calm = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday) && dice.often(35);
        if at < now.plus_seconds(-240) && !calm {
            return at;
        }
    }
}

/// An earlier report of the same kind, not long ago and not itself a duplicate.
fn earlier(plan: &[Planned], kind: &Kind, opened: Moment) -> Option<usize> {
    let since = opened.plus_days(-SAME_DAYS);
    plan.iter().rposition(|known| {
        std::ptr::eq(known.kind, kind)
            && known.opened > since
            && !matches!(known.fate, Fate::SameAs(_) | Fate::Withdrawn)
    })
}

fn fate(dice: &Dice, coming: &Coming, now: Moment) -> Fate {
    if let Some(index) = coming.same {
        return Fate::SameAs(index);
    }
    let age = now.seconds_since(coming.opened) / 86_400;
    let closed = match age {
        0..=1 => 5,
        2..=4 => 20,
        5..=9 => 45,
        10..=19 => 76,
        20..=44 => 95,
        // Nobody lets a hole in the road wait for a year: what is old is done.
        _ => 100,
    };
    if !dice.often(closed) {
        return Fate::Open;
    }
    match dice.below(100) {
        0..=1 => Fate::Withdrawn,
        2..=6 => Fate::Closed(Outcome::NotResponsible),
        7..=10 => Fate::Closed(Outcome::Refused),
        _ => Fate::Closed(Outcome::Resolved),
    }
}

fn report(dice: &Dice, ground: &Ground, days: &WorkingDays, coming: &Coming, now: Moment) -> Option<Planned> {
    let kind = coming.kind;
    let category = ground.categories.get(kind.category)?;
    let clerk = *dice.pick(ground.staff.get(kind.category)?)?;
    let spot = Spot { address: &coming.place.address, street: &coming.place.street };
    let is_new = category.public && coming.left <= WAITING;
    let fate = if is_new && dice.often(70) { Fate::Open } else { fate(dice, coming, now) };
    let foreign = dice.often(3).then(|| texts::english(dice, kind.category, &spot)).flatten();
    let language = if foreign.is_some() { Lang::En } else { Lang::De };
    let says_it_all = kind.problem != "other" && dice.often(7);
    let body = foreign.unwrap_or_else(|| {
        if says_it_all { String::new() } else { texts::told(dice, kind.category, kind.told, &spot) }
    });
    let limit = category.working_days;
    let frame = Frame { kind, opened: coming.opened, now, days, limit, clerk, spot };
    let story = if is_new && dice.often(60) {
        Story { steps: vec![], states: vec![] }
    } else {
        story::tell(dice, &frame, &fate)
    };
    let mut planned = Planned {
        kind,
        place: coming.place.clone(),
        body,
        language,
        opened: coming.opened,
        with_mail: dice.often(45),
        fate,
        story,
        facts: facts(dice, ground, coming),
        visibility: if category.public { Visibility::Public } else { Visibility::Private },
        reason: String::new(),
        reviewed: None,
        photo: dice
            .pick(kind.scenes)
            .filter(|_| dice.often(47))
            .map(|scene| (*scene, dice.often(45) && scene.is_frequent())),
        same: vec![],
        followers: 0,
        complaint: None,
    };
    show(dice, &mut planned, is_new, days, now);
    Some(planned)
}

/// What the clerk reads besides the words.
fn facts(dice: &Dice, ground: &Ground, coming: &Coming) -> Vec<(String, String)> {
    let Some(category) = ground.categories.get(coming.kind.category) else { return vec![] };
    let label = category.problem(coming.kind.problem).map_or("", |problem| problem.label.de.as_str());
    let mut facts = vec![("Was".to_owned(), format!("{} – {label}", category.label.de))];
    if let Some((_, thing)) = &coming.place.thing {
        facts.push(("Gegenstand".to_owned(), thing.clone()));
    }
    // Only the first problem is one the questions were made for: how deep, how much.
    let asked = category.problems.first().is_some_and(|first| first.word == coming.kind.problem);
    for question in category.questions.iter().filter(|question| asked && question.kind == QuestionKind::Choice) {
        if let Some(option) = dice.pick(&question.options).filter(|_| dice.often(70)) {
            facts.push((question.label.de.clone(), option.label.de.clone()));
        }
    }
    facts
}

/// What the public sees of it, and who joins in.
fn show(dice: &Dice, planned: &mut Planned, is_new: bool, days: &WorkingDays, now: Moment) {
    if planned.state() == State::Withdrawn {
        planned.visibility = Visibility::Withdrawn;
        return;
    }
    if planned.visibility != Visibility::Public {
        return;
    }
    if is_new {
        planned.visibility = Visibility::Waiting;
        return;
    }
    let morning = Moment::at(days.after(planned.opened.date(), 0), 9, 12).plus_seconds(dice.between(0, 14_000));
    let soon = planned.opened.plus_seconds(dice.between(600, 9_000));
    let reviewed = if morning > planned.opened { morning } else { soon };
    planned.reviewed = Some(reviewed.min(now.plus_seconds(-60)));
    if dice.below(125) == 0 {
        planned.visibility = Visibility::Refused;
        planned.reason = dice.say(texts::KEPT_BACK).to_owned();
        return;
    }
    if dice.often(17) {
        let end = planned.story.states.last().filter(|(_, state)| !state.is_open()).map_or(now, |(at, _)| *at);
        let span = end.seconds_since(reviewed);
        for _ in 0..dice.between(1, 2 + i64::from(dice.often(30)) * 5) {
            if span > 7_200 {
                planned.same.push((reviewed.plus_seconds(dice.between(60, span - 60)), texts::same(dice)));
            }
        }
        planned.same.sort_by_key(|(at, _)| *at);
    }
    planned.followers = if dice.often(7) { 1 + dice.below(3) } else { 0 };
    let is_open = planned.state().is_open();
    planned.complaint = (is_open && dice.often(4)).then(|| reviewed.plus_seconds(3_600)).filter(|at| *at < now);
}

/// The first day of the past that the seed tells of.
pub fn beginning(now: Moment) -> Moment {
    let day = now.date().checked_sub(731.days()).unwrap_or(now.date());
    Moment::start_of(day)
}
