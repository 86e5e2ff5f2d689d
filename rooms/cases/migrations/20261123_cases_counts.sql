-- What the desk counts on every page and asks for every half minute, without a walk over all open cases. The columns of
-- the conditions are in the indexes so that they cover the question.
CREATE INDEX cases_cases_free ON cases_cases (municipality, arrived_at, unit, id, assignee, is_open)
    WHERE is_open AND assignee IS NULL;
CREATE INDEX cases_cases_with_others ON cases_cases (municipality, unit, due, id, state, is_open)
    WHERE is_open AND state IN ('waiting_citizen', 'with_others');
