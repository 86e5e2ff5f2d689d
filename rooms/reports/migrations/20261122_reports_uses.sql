-- How many reports name a category or one of its problems: what is in use is hidden, not deleted.
CREATE INDEX reports_reports_use ON reports_reports (municipality, category, problem)
