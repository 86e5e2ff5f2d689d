-- The operating tables: what spans towns. Every other table begins with the municipality.

CREATE TABLE municipalities (
    id UUID NOT NULL PRIMARY KEY,
    name TEXT NOT NULL, -- impersonal: the name of a town
    created_at BIGINT NOT NULL,
    active BOOLEAN NOT NULL
);

CREATE TABLE municipality_hosts (
    host TEXT NOT NULL PRIMARY KEY,
    municipality UUID NOT NULL REFERENCES municipalities (id)
);

-- One table for the jobs of all towns, so that a worker polls one table and not 10,997 towns.
-- A job without a town carries the nil UUID, so that the unique key below holds for it too.
CREATE TABLE jobs (
    id UUID NOT NULL PRIMARY KEY,
    municipality UUID NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    state TEXT NOT NULL CONSTRAINT jobs_state CHECK (state IN ('waiting', 'running', 'stuck')),
    unique_key TEXT,
    run_at BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    lease_until BIGINT,
    last_error TEXT,
    created_at BIGINT NOT NULL
);
CREATE UNIQUE INDEX jobs_unique_key ON jobs (municipality, kind, unique_key) WHERE state = 'waiting';
CREATE INDEX jobs_due ON jobs (run_at, id) WHERE state = 'waiting';
CREATE INDEX jobs_leased ON jobs (lease_until, id) WHERE state = 'running';
CREATE INDEX jobs_stuck ON jobs (municipality, id) WHERE state = 'stuck';

CREATE TABLE outbox (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    payload TEXT NOT NULL,
    PRIMARY KEY (municipality, id)
);

CREATE TABLE audit_heads (
    municipality UUID NOT NULL PRIMARY KEY,
    seq BIGINT NOT NULL,
    hash BYTEA NOT NULL
);

CREATE TABLE audit (
    municipality UUID NOT NULL,
    seq BIGINT NOT NULL,
    at BIGINT NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL, -- impersonal: kind and id of a thing
    detail TEXT NOT NULL,
    hash BYTEA NOT NULL,
    PRIMARY KEY (municipality, seq)
);
CREATE INDEX audit_subject ON audit (municipality, subject, seq);

CREATE TABLE once_keys (
    municipality UUID NOT NULL,
    once_key BYTEA NOT NULL,
    fingerprint BYTEA NOT NULL,
    answer TEXT, -- personal
    at BIGINT NOT NULL,
    PRIMARY KEY (municipality, once_key)
);
CREATE INDEX once_keys_age ON once_keys (at);
