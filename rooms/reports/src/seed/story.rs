//! What happens to a report after it came in: claimed in office hours, asked, planned, closed, rated, opened again. Pure:
//! plays on a clock that is handed in. Invariant: times never go back and never lie in the future, and every step is
//! one that `cases` allows from the state before.

use super::{dice::Dice, kinds::Kind, texts};
use base::{AccountId, Moment, WorkingDays};
use cases::{Outcome, SeedStep, State, Step};

/// How a story goes out, if there is time enough.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    Closed(Outcome),
    /// The same as the earlier report with this index in the plan.
    SameAs(usize),
    Withdrawn,
    Open,
}

/// What stands around a story.
pub struct Frame<'a> {
    pub kind: &'a Kind,
    pub opened: Moment,
    pub now: Moment,
    pub days: &'a WorkingDays,
    /// Working days the town gives itself.
    pub limit: i64,
    pub clerk: AccountId,
    pub spot: texts::Spot<'a>,
}

/// The number of the earlier report is known only when that is written.
pub const NUMBER_OF_SAME: &str = "{number}";

pub struct Story {
    pub steps: Vec<SeedStep>,
    /// When the report came into which state, the first one left out.
    pub states: Vec<(Moment, State)>,
}

struct Teller<'a> {
    dice: &'a Dice,
    frame: &'a Frame<'a>,
    at: Moment,
    story: Story,
}

pub fn tell(dice: &Dice, frame: &Frame<'_>, fate: &Fate) -> Story {
    let mut teller = Teller { dice, frame, at: frame.opened, story: Story { steps: vec![], states: vec![] } };
    match fate {
        Fate::Withdrawn => teller.withdraw(),
        Fate::Open => teller.work_on(),
        Fate::Closed(outcome) => teller.finish(*outcome),
        Fate::SameAs(_) => teller.join(),
    }
    teller.story
}

impl Teller<'_> {
    /// Adds the step if its time has come before now; says whether it did.
    fn step(&mut self, at: Moment, step: Step, state: Option<State>) -> bool {
        if at >= self.frame.now {
            return false;
        }
        self.at = at;
        self.story.steps.push(SeedStep { at, step });
        if let Some(state) = state {
            self.story.states.push((at, state));
        }
        true
    }

    /// A moment in office hours, this many working days on, always later than the last step.
    fn office(&self, days: i64) -> Moment {
        let later = u32::try_from(days).unwrap_or(0);
        let day = self.frame.days.after(self.at.date(), later);
        let minutes = i8::try_from(self.dice.below(60)).unwrap_or(0);
        let at = Moment::at(day, i8::try_from(7 + self.dice.below(9)).unwrap_or(9), minutes);
        if at > self.at { at } else { self.at.plus_seconds(60 * self.dice.between(4, 90)) }
    }

    /// A moment of a citizen's evening, some hours on.
    fn home(&self, hours: (i64, i64)) -> Moment {
        self.at.plus_seconds(60 * self.dice.between(hours.0 * 60, hours.1 * 60))
    }

    fn claim(&mut self) -> bool {
        let days = self.dice.between(0, 1);
        let at = self.office(days);
        self.step(at, Step::Claim(self.frame.clerk), Some(State::InProgress))
    }

    fn note(&mut self, percent: u64) {
        if self.dice.often(percent) {
            let at = self.office(0);
            self.step(at, Step::Note(self.dice.say(self.frame.kind.inner).to_owned()), None);
        }
    }

    fn progress(&mut self, state: State) -> bool {
        let days = self.dice.between(0, 2);
        let (at, text) = (self.office(days), self.dice.say(self.frame.kind.begun).to_owned());
        self.step(at, Step::Progress(state, text), Some(state))
    }

    fn ask(&mut self) -> bool {
        let at = self.office(1);
        self.step(at, Step::Ask(texts::asked(self.dice)), Some(State::WaitingCitizen))
    }

    fn reply(&mut self) -> bool {
        let (at, text) = (self.home((2, 60)), texts::answered(self.dice, &self.frame.spot));
        self.step(at, Step::Reply(text), Some(State::CitizenAnswered))
    }

    /// Claim and what usually follows; says whether there was time for it.
    fn begin(&mut self) -> bool {
        if !self.claim() {
            return false;
        }
        self.note(45);
        if self.dice.often(9) && self.ask() {
            self.reply();
        }
        if self.dice.often(42) {
            let state = *self
                .dice
                .pick(&[State::InProgress, State::Planned, State::Planned, State::WithOthers])
                .unwrap_or(&State::Planned);
            self.progress(state);
        }
        true
    }

    fn close(&mut self, outcome: Outcome, days: i64) -> bool {
        let category = self.frame.kind.category;
        let words = match outcome {
            Outcome::Resolved => None,
            Outcome::Refused => texts::refused(self.dice, category),
            Outcome::NotResponsible => texts::not_ours(self.dice, category),
            Outcome::Duplicate => Some(texts::duplicate(NUMBER_OF_SAME)),
        };
        // A category that no refusal fits is simply done.
        let (outcome, (reason, text)) = match words {
            Some(words) => (outcome, words),
            None => (Outcome::Resolved, (String::new(), self.dice.say(self.frame.kind.done).to_owned())),
        };
        let at = self.office(days);
        self.step(at, Step::Close { outcome, reason, text }, Some(outcome.state()))
    }

    fn finish(&mut self, outcome: Outcome) {
        if !self.begin() {
            return;
        }
        let limit = self.frame.limit;
        let days = match self.dice.below(100) {
            0..=64 => self.dice.between(0, limit.max(1)),
            65..=88 => self.dice.between(limit / 2, limit + 4),
            _ => self.dice.between(limit, limit * 3 + 6),
        };
        if self.close(outcome, days) && outcome == Outcome::Resolved {
            self.after();
        }
    }

    /// The citizen's word at the end.
    fn after(&mut self) {
        if !self.dice.often(38) {
            return;
        }
        let stars = self.dice.weighed(&[6, 6, 11, 28, 49]).map_or(5, |i| i64::try_from(i + 1).unwrap_or(5));
        let at = self.home((1, 90));
        let rated = self.step(at, Step::Rate(stars, texts::rating(self.dice, stars)), None);
        if rated && stars < 3 && self.dice.often(70) {
            let (at, text) = (self.home((0, 3)), texts::again(self.dice));
            if self.step(at, Step::LookAgain(text), Some(State::Reopened)) && self.claim() {
                self.note(60);
                let days = self.dice.between(1, self.frame.limit + 2);
                self.close(Outcome::Resolved, days);
            }
        }
    }

    /// Closed as the same thing somebody else reported.
    fn join(&mut self) {
        if self.claim() {
            self.close(Outcome::Duplicate, 0);
        }
    }

    fn withdraw(&mut self) {
        let (at, text) = (self.home((1, 40)), texts::withdrawn(self.dice));
        self.step(at, Step::Withdraw(text), Some(State::Withdrawn));
    }

    /// Somewhere on the way.
    fn work_on(&mut self) {
        let age = self.frame.now.seconds_since(self.frame.opened) / 86_400;
        let stage = self.dice.below(100);
        if (stage < 22 && age < 15) || !self.claim() {
            return;
        }
        self.note(40);
        match stage {
            0..=41 => {}
            42..=51 => {
                self.progress(State::InProgress);
            }
            52..=68 => {
                self.progress(State::Planned);
            }
            69..=77 => {
                self.progress(State::WithOthers);
            }
            78..=88 => {
                self.ask();
            }
            89..=94 => {
                if self.ask() {
                    self.reply();
                }
            }
            _ => self.open_again(),
        }
    }

    /// Closed, but not to the citizen's liking, and back in the inbox.
    fn open_again(&mut self) {
        if self.close(Outcome::Resolved, 1) {
            let (at, text) = (self.home((2, 30)), texts::again(self.dice));
            self.step(at, Step::LookAgain(text), Some(State::Reopened));
        }
    }
}
