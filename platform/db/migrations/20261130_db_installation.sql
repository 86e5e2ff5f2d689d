-- What belongs to the whole installation and to no town: one value for each word of the program. The old version does not
-- look at it.
CREATE TABLE installation (
    word TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL,
    at BIGINT NOT NULL
);
