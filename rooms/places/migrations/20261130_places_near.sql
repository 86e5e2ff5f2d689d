-- The nearest address is looked for among all within some hundred metres: where they lie is in the index.
CREATE INDEX places_addresses_near ON places_addresses (municipality, cell, lat, lon, id)
