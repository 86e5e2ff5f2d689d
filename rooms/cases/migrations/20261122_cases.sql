-- Cases: one life, one number, one timeline each. The state words are those of src/case.rs.

CREATE TABLE cases_cases (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    number TEXT NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL, -- personal
    body TEXT NOT NULL, -- personal
    category TEXT NOT NULL,
    category_label TEXT NOT NULL,
    facts TEXT NOT NULL, -- personal
    place TEXT NOT NULL, -- personal
    district TEXT NOT NULL,
    lat DOUBLE PRECISION, -- personal
    lon DOUBLE PRECISION, -- personal
    state TEXT NOT NULL,
    is_open BOOLEAN NOT NULL,
    unit UUID NOT NULL,
    assignee UUID,
    previous_assignee UUID,
    due BIGINT NOT NULL,
    due_rule TEXT NOT NULL,
    working_days BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    -- When it last came into its unit's inbox: opened, transferred, released or reopened.
    arrived_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    version BIGINT NOT NULL,
    waiting_since BIGINT,
    closed_at BIGINT,
    outcome TEXT,
    outcome_reason TEXT NOT NULL, -- personal
    rating BIGINT,
    rating_text TEXT NOT NULL, -- personal
    language TEXT NOT NULL,
    channel TEXT NOT NULL,
    desk_link_label TEXT NOT NULL,
    desk_link_href TEXT NOT NULL,
    folded TEXT NOT NULL, -- personal
    PRIMARY KEY (municipality, id)
);
CREATE UNIQUE INDEX cases_cases_number ON cases_cases (municipality, number);
-- The lists: open cases of some units or of the whole town by deadline, of one person, finished ones by their end.
CREATE INDEX cases_cases_unit_due ON cases_cases (municipality, unit, due, id, assignee, state) WHERE is_open;
CREATE INDEX cases_cases_due ON cases_cases (municipality, due, id, unit, assignee, state) WHERE is_open;
CREATE INDEX cases_cases_assignee ON cases_cases (municipality, assignee, due, id) WHERE is_open;
-- What open cases can be filtered by, without a walk over them; `is_open` is in them so that they cover the question.
CREATE INDEX cases_cases_open_categories ON cases_cases (municipality, category_label, category, unit, is_open) WHERE is_open;
CREATE INDEX cases_cases_open_districts ON cases_cases (municipality, district, unit, is_open) WHERE is_open;
CREATE INDEX cases_cases_closed ON cases_cases (municipality, closed_at, id, unit, opened_at) WHERE closed_at IS NOT NULL;
CREATE INDEX cases_cases_opened ON cases_cases (municipality, opened_at, id);
CREATE INDEX cases_cases_waiting ON cases_cases (municipality, waiting_since) WHERE waiting_since IS NOT NULL;

CREATE TABLE cases_entries (
    municipality UUID NOT NULL,
    case_id UUID NOT NULL,
    id UUID NOT NULL,
    at BIGINT NOT NULL,
    -- The version of the case that this entry made: what a clerk has not seen yet is what is newer than their form.
    version BIGINT NOT NULL,
    kind TEXT NOT NULL,
    actor TEXT NOT NULL,
    text TEXT NOT NULL, -- personal
    -- A visible row holds nothing but what the citizen may read.
    visible BOOLEAN NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (municipality, case_id, id),
    FOREIGN KEY (municipality, case_id) REFERENCES cases_cases (municipality, id)
);
CREATE INDEX cases_entries_time ON cases_entries (municipality, case_id, at, version, id);

CREATE TABLE cases_parties (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    case_id UUID NOT NULL,
    role TEXT NOT NULL,
    email TEXT NOT NULL, -- personal
    phone TEXT NOT NULL, -- personal
    language TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    ended_at BIGINT,
    PRIMARY KEY (municipality, id),
    FOREIGN KEY (municipality, case_id) REFERENCES cases_cases (municipality, id)
);
CREATE INDEX cases_parties_case ON cases_parties (municipality, case_id);

CREATE TABLE cases_attachments (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    case_id UUID NOT NULL,
    entry_id UUID,
    blob UUID NOT NULL,
    name TEXT NOT NULL, -- personal
    kind TEXT NOT NULL,
    -- May whoever opened the case see it? Not what other people added to it.
    visible BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (municipality, id),
    FOREIGN KEY (municipality, case_id) REFERENCES cases_cases (municipality, id)
);
CREATE INDEX cases_attachments_case ON cases_attachments (municipality, case_id, id);

-- Questions for confirmation that an address has not answered: three slots, each free again after a day or an answer.
CREATE TABLE cases_confirmations (
    municipality UUID NOT NULL,
    address TEXT NOT NULL, -- personal
    slot BIGINT NOT NULL,
    about UUID NOT NULL,
    asked_at BIGINT NOT NULL,
    PRIMARY KEY (municipality, address, slot)
);
CREATE INDEX cases_confirmations_about ON cases_confirmations (municipality, about);
CREATE INDEX cases_confirmations_age ON cases_confirmations (municipality, asked_at);

-- Empty category or district: any.
CREATE TABLE cases_rules (
    municipality UUID NOT NULL,
    kind TEXT NOT NULL,
    category TEXT NOT NULL,
    district TEXT NOT NULL,
    unit UUID NOT NULL,
    working_days BIGINT NOT NULL,
    priority BIGINT NOT NULL,
    note TEXT NOT NULL, -- impersonal: why a rule is as it is
    PRIMARY KEY (municipality, kind, category, district)
);

-- The last number given in a month ("2026-11").
CREATE TABLE cases_numbers (
    municipality UUID NOT NULL,
    month TEXT NOT NULL,
    last_number BIGINT NOT NULL,
    PRIMARY KEY (municipality, month)
);
