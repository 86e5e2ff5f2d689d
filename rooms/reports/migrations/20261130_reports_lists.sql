-- What the public lists are narrowed to, without a walk over all reports of a town: a field of the map, a district,
-- closed of late.
CREATE INDEX reports_reports_cell ON reports_reports (municipality, visibility, cell, opened_at, id);
CREATE INDEX reports_reports_district ON reports_reports (municipality, visibility, district, opened_at, id);
CREATE INDEX reports_reports_closed ON reports_reports (municipality, visibility, closed_at) WHERE closed_at IS NOT NULL;
-- What waits for a look, without those that never come before anybody, and with all columns its count asks for.
CREATE INDEX reports_reports_to_review
    ON reports_reports (municipality, unit, opened_at, id, visibility, reviewed_at, complaints)
    WHERE reviewed_at IS NULL AND visibility IN ('waiting', 'public')
