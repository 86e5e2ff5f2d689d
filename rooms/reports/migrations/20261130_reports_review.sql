-- What waits for a look, oldest first, in the whole town and in a unit: the database read every public report to find it
-- for the whole town. The joined nothing is the query's: with it, no index that begins with the visibility fits.
CREATE INDEX reports_reports_review
    ON reports_reports (municipality, opened_at, id, unit, visibility, complaints)
    WHERE reviewed_at IS NULL AND visibility || '' IN ('waiting', 'public');
CREATE INDEX reports_reports_review_of_unit
    ON reports_reports (municipality, unit, opened_at, id, visibility, complaints)
    WHERE reviewed_at IS NULL AND visibility || '' IN ('waiting', 'public');
CREATE INDEX reports_reports_complained
    ON reports_reports (municipality, opened_at, id, unit, complaints) WHERE complaints > 0;
-- What is open, by place, and what is not any more, by when it ended, with all that a map of many asks for: SQLite takes
-- a row from its index alone only if every column of the conditions is in it, too.
CREATE INDEX reports_reports_open
    ON reports_reports (municipality, visibility, is_open, lat, lon, opened_at, id, cell)
    WHERE is_open = TRUE AND visibility = 'public';
CREATE INDEX reports_reports_ended
    ON reports_reports (municipality, visibility, closed_at, opened_at, id, cell, lat, lon, is_open)
    WHERE closed_at IS NOT NULL
