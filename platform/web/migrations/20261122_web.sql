-- The town as its pages show it: one JSON document (platform/web/src/town.rs).
CREATE TABLE web_towns (
    municipality UUID NOT NULL,
    details TEXT NOT NULL, -- impersonal: what the town publishes about itself
    PRIMARY KEY (municipality)
);
