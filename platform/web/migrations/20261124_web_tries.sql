-- Who tried secrets lately, by all nodes together: `store::count_secret`. Rows are deleted when they are paid off.
CREATE TABLE web_tries (
    municipality UUID NOT NULL,
    client BYTEA NOT NULL, -- personal
    paid_off_at BIGINT NOT NULL,
    PRIMARY KEY (municipality, client)
);
CREATE INDEX web_tries_age ON web_tries (municipality, paid_off_at);
