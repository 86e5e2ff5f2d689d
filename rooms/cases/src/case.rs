//! Vorgang: its states and who may move it from where to where. Pure, no database, no texts for people. Every change of
//! state in this room passes `next`; what it refuses, no page can do.

use base::stored_words;

base::typed_id!(
    /// Vorgang: internal id. People see the number.
    pub struct CaseId
);

stored_words!(
    /// Stand eines Vorgangs. The first seven and `Reopened` are open, the others closed.
    pub enum State {
        Received = "received",
        InProgress = "in_progress",
        WaitingCitizen = "waiting_citizen",
        CitizenAnswered = "citizen_answered",
        WithOthers = "with_others",
        Planned = "planned",
        Reopened = "reopened",
        Resolved = "resolved",
        Refused = "refused",
        NotResponsible = "not_responsible",
        Duplicate = "duplicate",
        Withdrawn = "withdrawn",
    }
);

impl State {
    pub const fn is_open(self) -> bool {
        !matches!(self, Self::Resolved | Self::Refused | Self::NotResponsible | Self::Duplicate | Self::Withdrawn)
    }
}

stored_words!(
    /// Ergebnis: how the office closed a case.
    pub enum Outcome {
        Resolved = "resolved",
        Refused = "refused",
        NotResponsible = "not_responsible",
        Duplicate = "duplicate",
    }
);

impl Outcome {
    pub const fn state(self) -> State {
        match self {
            Self::Resolved => State::Resolved,
            Self::Refused => State::Refused,
            Self::NotResponsible => State::NotResponsible,
            Self::Duplicate => State::Duplicate,
        }
    }

    /// Anything but "done" reads as being fobbed off without a reason.
    pub const fn needs_reason(self) -> bool {
        !matches!(self, Self::Resolved)
    }
}

/// From which side something is done. What a person of the staff may do is decided by `base::may` before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Citizen,
    Clerk,
    System,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Claim,
    Release,
    Transfer,
    Note,
    Answer,
    /// A question to the citizen.
    Ask,
    /// The clerk says where the work stands: in progress, with others, planned.
    Progress(State),
    Close(Outcome),
    Reopen,
    /// The citizen writes.
    Reply,
    Withdraw,
    Rate,
    /// The citizen is not content and asks for a second look.
    LookAgain,
    /// Nobody answered the question for two weeks.
    AskExpired,
}

impl Action {
    /// The one side that may do this.
    pub const fn side(self) -> Side {
        match self {
            Self::Claim
            | Self::Release
            | Self::Transfer
            | Self::Note
            | Self::Answer
            | Self::Ask
            | Self::Progress(_)
            | Self::Close(_)
            | Self::Reopen => Side::Clerk,
            Self::Reply | Self::Withdraw | Self::Rate | Self::LookAgain => Side::Citizen,
            Self::AskExpired => Side::System,
        }
    }
}

/// Why something cannot be done now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// That is for another side to do.
    NotYours,
    IsClosed,
    IsOpen,
    /// The citizen took it back; they open a new one instead of talking on.
    WasWithdrawn,
    /// Not a state a clerk can choose.
    NotAWorkingState,
    NotWaiting,
    AlreadyRated,
}

/// The state after the action, or why not.
pub fn next(state: State, action: Action, side: Side) -> Result<State, Refusal> {
    if side != action.side() {
        return Err(Refusal::NotYours);
    }
    let open = state.is_open();
    match action {
        Action::Note => Ok(state),
        Action::Reopen if open => Err(Refusal::IsOpen),
        Action::Reopen => Ok(State::Reopened),
        Action::Reply | Action::Rate | Action::LookAgain => from_citizen(state, action),
        _ if !open => Err(Refusal::IsClosed),
        Action::Claim | Action::Answer => Ok(match state {
            State::Received | State::Reopened | State::CitizenAnswered => State::InProgress,
            other => other,
        }),
        Action::Release => Ok(if state == State::InProgress { State::Received } else { state }),
        Action::Transfer => Ok(State::Received),
        Action::Ask => Ok(State::WaitingCitizen),
        Action::Progress(to @ (State::InProgress | State::WithOthers | State::Planned)) => Ok(to),
        Action::Progress(_) => Err(Refusal::NotAWorkingState),
        Action::Close(outcome) => Ok(outcome.state()),
        Action::Withdraw => Ok(State::Withdrawn),
        Action::AskExpired if state == State::WaitingCitizen => Ok(State::InProgress),
        Action::AskExpired => Err(Refusal::NotWaiting),
    }
}

/// What a citizen says is never lost: it moves the case to where somebody sees it.
fn from_citizen(state: State, action: Action) -> Result<State, Refusal> {
    match (action, state) {
        (_, State::Withdrawn) => Err(Refusal::WasWithdrawn),
        (Action::Reply, State::Received | State::Reopened) => Ok(state),
        (Action::Reply, open) if open.is_open() => Ok(State::CitizenAnswered),
        (Action::Rate | Action::LookAgain, open) if open.is_open() => Err(Refusal::IsOpen),
        (Action::Rate, closed) => Ok(closed),
        _ => Ok(State::Reopened),
    }
}

/// Folds a text for the search field: lower case, no accents, one blank between words.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            'ä' | 'á' | 'à' | 'â' | 'ã' | 'å' | 'ă' | 'ą' => folded.push('a'),
            'ö' | 'ó' | 'ò' | 'ô' | 'õ' | 'ø' | 'ő' => folded.push('o'),
            'ü' | 'ú' | 'ù' | 'û' | 'ů' | 'ű' => folded.push('u'),
            'é' | 'è' | 'ê' | 'ë' | 'ę' | 'ě' => folded.push('e'),
            'í' | 'ì' | 'î' | 'ï' | 'ı' => folded.push('i'),
            'ç' | 'ć' | 'č' => folded.push('c'),
            'ğ' => folded.push('g'),
            'ł' => folded.push('l'),
            'ñ' | 'ń' | 'ň' => folded.push('n'),
            'ř' => folded.push('r'),
            'ş' | 'š' | 'ś' | 'ș' => folded.push('s'),
            'ț' | 'ť' => folded.push('t'),
            'ý' => folded.push('y'),
            'ž' | 'ź' | 'ż' => folded.push('z'),
            'ß' => folded.push_str("ss"),
            c if c.is_whitespace() || c == '\0' => {
                if !folded.ends_with(' ') {
                    folded.push(' ');
                }
            }
            c => folded.push(c),
        }
    }
    folded.trim().to_owned()
}
