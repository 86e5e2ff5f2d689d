-- The town's own words for the pages it owes, every version kept, and short notices for its front page.

CREATE TABLE guide_texts (
    municipality UUID NOT NULL,
    page TEXT NOT NULL,
    lang TEXT NOT NULL,
    version BIGINT NOT NULL,
    body TEXT NOT NULL, -- impersonal: a public page of the town
    changed_at BIGINT NOT NULL,
    changed_by TEXT NOT NULL, -- personal
    PRIMARY KEY (municipality, page, lang, version)
);

CREATE TABLE guide_notices (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    title TEXT NOT NULL, -- impersonal: a public notice of the town
    body TEXT NOT NULL, -- impersonal: a public notice of the town
    href TEXT NOT NULL,
    link TEXT NOT NULL,
    shown_from BIGINT NOT NULL,
    shown_until BIGINT NOT NULL,
    PRIMARY KEY (municipality, id)
);
CREATE INDEX guide_notices_shown ON guide_notices (municipality, shown_until);
