-- Kategorie: what can be reported, as the town words it. `details` is one JSON document of ours.
CREATE TABLE reports_categories (
    municipality UUID NOT NULL,
    word TEXT NOT NULL,
    rank BIGINT NOT NULL,
    active BOOLEAN NOT NULL,
    details TEXT NOT NULL,
    PRIMARY KEY (municipality, word)
);

-- Entwurf: a report on its way through the steps; gone after two days. Empty content: it was sent.
CREATE TABLE reports_drafts (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    content TEXT NOT NULL, -- personal
    changed_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (municipality, id)
);
CREATE INDEX reports_drafts_expiry ON reports_drafts (municipality, expires_at);

-- Meldung: what the public may see of a case, and the place it is about.
CREATE TABLE reports_reports (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    case_id UUID NOT NULL,
    -- Whose the case is, so that the review list needs no look at every case.
    unit UUID NOT NULL,
    number TEXT NOT NULL,
    category TEXT NOT NULL,
    problem TEXT NOT NULL,
    title TEXT NOT NULL, -- personal
    body TEXT NOT NULL, -- personal
    public_title TEXT NOT NULL, -- personal
    public_body TEXT NOT NULL, -- personal
    folded TEXT NOT NULL, -- personal
    place TEXT NOT NULL, -- personal
    district TEXT NOT NULL,
    lat DOUBLE PRECISION NOT NULL,
    lon DOUBLE PRECISION NOT NULL,
    cell BIGINT NOT NULL,
    asset UUID,
    state TEXT NOT NULL,
    is_open BOOLEAN NOT NULL,
    visibility TEXT NOT NULL,
    reason TEXT NOT NULL,
    reviewed_at BIGINT,
    -- Counts decisions about visibility; the review's form carries it back.
    version BIGINT NOT NULL,
    opened_at BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    closed_at BIGINT,
    due BIGINT NOT NULL,
    same_count BIGINT NOT NULL,
    complaints BIGINT NOT NULL,
    PRIMARY KEY (municipality, id)
);
CREATE UNIQUE INDEX reports_reports_number ON reports_reports (municipality, number);
CREATE UNIQUE INDEX reports_reports_case ON reports_reports (municipality, case_id);
CREATE INDEX reports_reports_newest ON reports_reports (municipality, visibility, opened_at, id);
CREATE INDEX reports_reports_category ON reports_reports (municipality, visibility, category, opened_at, id);
CREATE INDEX reports_reports_place ON reports_reports (municipality, visibility, is_open, lat);
CREATE INDEX reports_reports_complaints ON reports_reports (municipality, complaints, unit, opened_at, id);
CREATE INDEX reports_reports_unreviewed ON reports_reports (municipality, unit, opened_at, id) WHERE reviewed_at IS NULL;

-- Stand: how the state went on, for the public page.
CREATE TABLE reports_steps (
    municipality UUID NOT NULL,
    report UUID NOT NULL,
    at BIGINT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (municipality, report, at, state),
    FOREIGN KEY (municipality, report) REFERENCES reports_reports (municipality, id)
);

-- Foto: the blob as it came, and the blob the public sees, if any.
CREATE TABLE reports_photos (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    report UUID NOT NULL,
    rank BIGINT NOT NULL,
    blob UUID NOT NULL,
    public_blob UUID,
    PRIMARY KEY (municipality, id),
    FOREIGN KEY (municipality, report) REFERENCES reports_reports (municipality, id)
);
CREATE INDEX reports_photos_report ON reports_photos (municipality, report, rank);

-- "Das ist mein Schaden": kept, because who else reports a thing is a signal of its own.
CREATE TABLE reports_same (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    report UUID NOT NULL,
    at BIGINT NOT NULL,
    note TEXT NOT NULL, -- personal
    PRIMARY KEY (municipality, id),
    FOREIGN KEY (municipality, report) REFERENCES reports_reports (municipality, id)
);
CREATE INDEX reports_same_report ON reports_same (municipality, report);

-- Abonnement: news about one report or about an area, by mail, after the address was confirmed.
CREATE TABLE reports_follows (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    report UUID,
    lat DOUBLE PRECISION NOT NULL,
    lon DOUBLE PRECISION NOT NULL,
    metres DOUBLE PRECISION NOT NULL,
    email TEXT NOT NULL, -- personal
    language TEXT NOT NULL,
    token_hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    confirmed_at BIGINT,
    PRIMARY KEY (municipality, id)
);
CREATE UNIQUE INDEX reports_follows_token ON reports_follows (municipality, token_hash);
CREATE INDEX reports_follows_report ON reports_follows (municipality, report);
CREATE INDEX reports_follows_place ON reports_follows (municipality, lat);

-- Hinweis auf eine unangemessene Meldung.
CREATE TABLE reports_complaints (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    report UUID NOT NULL,
    at BIGINT NOT NULL,
    reason TEXT NOT NULL,
    note TEXT NOT NULL, -- personal
    handled_at BIGINT,
    PRIMARY KEY (municipality, id),
    FOREIGN KEY (municipality, report) REFERENCES reports_reports (municipality, id)
);
CREATE INDEX reports_complaints_report ON reports_complaints (municipality, report);

-- Sperre: a hash of a mail address, or a folded piece of text.
CREATE TABLE reports_blocks (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    pattern TEXT NOT NULL, -- personal
    note TEXT NOT NULL, -- personal
    created_at BIGINT NOT NULL,
    PRIMARY KEY (municipality, id)
);
CREATE UNIQUE INDEX reports_blocks_pattern ON reports_blocks (municipality, kind, pattern)
