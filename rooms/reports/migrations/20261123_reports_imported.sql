-- Which report of another system became which of ours: read again, it stays one.
CREATE TABLE reports_imported (
    municipality UUID NOT NULL,
    source TEXT NOT NULL,
    foreign_id TEXT NOT NULL,
    report UUID NOT NULL,
    PRIMARY KEY (municipality, source, foreign_id),
    FOREIGN KEY (municipality, report) REFERENCES reports_reports (municipality, id)
);
