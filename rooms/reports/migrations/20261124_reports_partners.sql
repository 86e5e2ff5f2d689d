-- Stelle: another Open311 server that takes reports of this town, a neighbour's or that of a Fachverfahren.
CREATE TABLE reports_partners (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL, -- impersonal: what the other office is called
    -- Without the slash at the end.
    endpoint TEXT NOT NULL,
    jurisdiction TEXT NOT NULL,
    -- Goes out with every call, so a hash would not do.
    api_key TEXT NOT NULL,
    -- 'json' or 'xml', whichever it answered; empty before.
    format TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    ended_at BIGINT,
    -- When its services were read, and what went wrong the last time it was asked.
    read_at BIGINT,
    problem TEXT NOT NULL,
    -- Its updates are known up to here.
    pulled_to BIGINT,
    PRIMARY KEY (municipality, id)
);

CREATE TABLE reports_partner_services (
    municipality UUID NOT NULL,
    partner UUID NOT NULL,
    rank BIGINT NOT NULL,
    code TEXT NOT NULL,
    name TEXT NOT NULL, -- impersonal: what can be reported there
    PRIMARY KEY (municipality, partner, rank),
    FOREIGN KEY (municipality, partner) REFERENCES reports_partners (municipality, id)
);

-- Weitergabe: one report on its way to another office, or arrived there.
CREATE TABLE reports_forwards (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    report UUID NOT NULL,
    partner UUID NOT NULL,
    service TEXT NOT NULL,
    service_name TEXT NOT NULL, -- impersonal: what can be reported there
    body TEXT NOT NULL, -- personal: what somebody reported, in the words of the clerk
    photo TEXT NOT NULL, -- impersonal: where the public photo is
    state TEXT NOT NULL,
    -- Runs of its job; the number of the last one is its ticket. And how many since a person last asked for it.
    attempts BIGINT NOT NULL,
    tries BIGINT NOT NULL,
    -- Held by a run until then.
    held_until BIGINT,
    -- A run began to send, and nobody noted how it ended.
    unclear BOOLEAN NOT NULL,
    problem TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    next_at BIGINT,
    sent_at BIGINT,
    foreign_id TEXT NOT NULL,
    token TEXT NOT NULL,
    foreign_status TEXT NOT NULL,
    ended BOOLEAN NOT NULL,
    checked_at BIGINT,
    PRIMARY KEY (municipality, id),
    FOREIGN KEY (municipality, report) REFERENCES reports_reports (municipality, id),
    FOREIGN KEY (municipality, partner) REFERENCES reports_partners (municipality, id)
);
-- A report goes to an office once.
CREATE UNIQUE INDEX reports_forwards_once ON reports_forwards (municipality, report, partner) WHERE state <> 'cancelled';
CREATE INDEX reports_forwards_state ON reports_forwards (municipality, state, created_at);
CREATE INDEX reports_forwards_partner ON reports_forwards (municipality, partner, foreign_id);

-- Which words of the other office the desk has read already.
CREATE TABLE reports_forward_updates (
    municipality UUID NOT NULL,
    forward UUID NOT NULL,
    update_id TEXT NOT NULL,
    PRIMARY KEY (municipality, forward, update_id),
    FOREIGN KEY (municipality, forward) REFERENCES reports_forwards (municipality, id)
);
