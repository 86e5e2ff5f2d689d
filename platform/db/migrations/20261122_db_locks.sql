-- Rows to stand in a queue at: `Tx::lock`. They hold nothing.
CREATE TABLE locks (
    municipality UUID NOT NULL,
    name TEXT NOT NULL, -- impersonal: a word of the program
    PRIMARY KEY (municipality, name)
);

-- The job that delivers an event carries the event's id as its key, so that it can be found by it. The payload of the
-- older ones is {"event":"..."}, and only that.
UPDATE jobs SET unique_key = substr(payload, 11, 36) WHERE kind = 'event' AND unique_key IS NULL;
CREATE INDEX jobs_key ON jobs (municipality, kind, unique_key);
