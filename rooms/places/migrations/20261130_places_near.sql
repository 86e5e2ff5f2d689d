-- The nearest address is looked for among all within some hundred metres: where they lie is in the index.
DROP INDEX places_addresses_cell;
CREATE INDEX places_addresses_cell ON places_addresses (municipality, cell, lat, lon, id)
