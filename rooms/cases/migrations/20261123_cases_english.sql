-- What the town calls a case in English: title, kind and facts, as one JSON document; empty where only German exists.

ALTER TABLE cases_cases ADD COLUMN english TEXT NOT NULL DEFAULT ''; -- personal
