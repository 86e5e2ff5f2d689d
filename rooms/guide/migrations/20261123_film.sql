-- The town's film in German Sign Language: one at a time. The film itself is a file, its words are here.

CREATE TABLE guide_films (
    municipality UUID NOT NULL,
    blob UUID NOT NULL,
    kind TEXT NOT NULL,
    bytes BIGINT NOT NULL,
    transcript TEXT NOT NULL, -- impersonal: a public page of the town
    captions TEXT NOT NULL, -- impersonal: a public page of the town
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (municipality)
);
