-- Where the pictures of a town's map come from, if not from its own geometry. One row at most; no row: the own geometry.

CREATE TABLE places_tile_sources (
    municipality UUID NOT NULL,
    url_template TEXT NOT NULL,
    zoom_min BIGINT NOT NULL,
    zoom_max BIGINT NOT NULL,
    attribution TEXT NOT NULL,
    licence TEXT NOT NULL,
    is_photo BOOLEAN NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (municipality)
);
