-- Schlüssel: another program that may send reports by Open311. Only a hash of the key is kept.
CREATE TABLE reports_keys (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL, -- impersonal: what the program is called
    hash BYTEA NOT NULL,
    created_at BIGINT NOT NULL,
    revoked_at BIGINT,
    PRIMARY KEY (municipality, id)
);
CREATE UNIQUE INDEX reports_keys_hash ON reports_keys (municipality, hash);

-- For the feed of updates: what moved of late, in whatever report.
CREATE INDEX reports_steps_newest ON reports_steps (municipality, at);

-- Which program sent a report: it may read what it sent before the public does.
CREATE TABLE reports_sent (
    municipality UUID NOT NULL,
    report UUID NOT NULL,
    sender UUID NOT NULL,
    PRIMARY KEY (municipality, report),
    FOREIGN KEY (municipality, report) REFERENCES reports_reports (municipality, id),
    FOREIGN KEY (municipality, sender) REFERENCES reports_keys (municipality, id)
);
CREATE INDEX reports_sent_sender ON reports_sent (municipality, sender);
