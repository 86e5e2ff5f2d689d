-- Ortsverzeichnis: where things are in a town. Nothing here is personal: addresses without their inhabitants.

CREATE TABLE places_map (
    municipality UUID NOT NULL,
    version BIGINT NOT NULL,
    south DOUBLE PRECISION NOT NULL,
    west DOUBLE PRECISION NOT NULL,
    north DOUBLE PRECISION NOT NULL,
    east DOUBLE PRECISION NOT NULL,
    centre_lat DOUBLE PRECISION NOT NULL,
    centre_lon DOUBLE PRECISION NOT NULL,
    zoom_start BIGINT NOT NULL,
    attribution TEXT NOT NULL,
    PRIMARY KEY (municipality)
);

CREATE TABLE places_addresses (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    street TEXT NOT NULL, -- impersonal: a door without its inhabitants
    house_number TEXT NOT NULL, -- impersonal: a door without its inhabitants
    postcode TEXT NOT NULL, -- impersonal: a door without its inhabitants
    place TEXT NOT NULL,
    district TEXT,
    lat DOUBLE PRECISION NOT NULL,
    lon DOUBLE PRECISION NOT NULL,
    cell BIGINT NOT NULL,
    street_folded TEXT NOT NULL, -- impersonal: a door without its inhabitants
    source TEXT NOT NULL CHECK (source IN ('osm', 'town')),
    source_ref TEXT NOT NULL,
    content BIGINT NOT NULL,
    PRIMARY KEY (municipality, id),
    UNIQUE (municipality, source, source_ref)
);
CREATE INDEX places_addresses_cell ON places_addresses (municipality, cell);
CREATE INDEX places_addresses_street ON places_addresses (municipality, street_folded);

CREATE TABLE places_assets (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    number TEXT NOT NULL,
    number_folded TEXT NOT NULL,
    parent UUID,
    lat DOUBLE PRECISION NOT NULL,
    lon DOUBLE PRECISION NOT NULL,
    cell BIGINT NOT NULL,
    district TEXT,
    token TEXT NOT NULL,
    active BOOLEAN NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('osm', 'town')),
    source_ref TEXT NOT NULL,
    content BIGINT NOT NULL,
    PRIMARY KEY (municipality, id),
    UNIQUE (municipality, token),
    UNIQUE (municipality, source, source_ref),
    FOREIGN KEY (municipality, parent) REFERENCES places_assets (municipality, id)
);
CREATE INDEX places_assets_cell ON places_assets (municipality, cell);
CREATE INDEX places_assets_number ON places_assets (municipality, number_folded);
CREATE INDEX places_assets_kind ON places_assets (municipality, kind);
CREATE INDEX places_assets_parent ON places_assets (municipality, parent);

CREATE TABLE places_shapes (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    class TEXT NOT NULL,
    label TEXT,
    level BIGINT NOT NULL,
    geometry BYTEA NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('osm', 'town')),
    source_ref TEXT NOT NULL,
    content BIGINT NOT NULL,
    PRIMARY KEY (municipality, id),
    UNIQUE (municipality, source, source_ref)
);

CREATE TABLE places_districts (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL, -- impersonal: the name of a district
    geometry BYTEA NOT NULL,
    source TEXT NOT NULL CHECK (source IN ('osm', 'town')),
    source_ref TEXT NOT NULL,
    content BIGINT NOT NULL,
    PRIMARY KEY (municipality, id),
    UNIQUE (municipality, source, source_ref)
);

-- What the place search knows besides house numbers: streets, parks, playgrounds, public buildings, villages.
CREATE TABLE places_names (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    place TEXT NOT NULL,
    lat DOUBLE PRECISION NOT NULL,
    lon DOUBLE PRECISION NOT NULL,
    folded TEXT NOT NULL,
    PRIMARY KEY (municipality, id)
);
