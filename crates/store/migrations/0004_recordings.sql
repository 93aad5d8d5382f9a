-- Episodes that are cut from what was aired, and what is to be.

CREATE TABLE recording (
    station BIGINT NOT NULL,
    episode BIGINT NOT NULL,
    -- The broadcast's first instant, and the first after it.
    start_at BIGINT NOT NULL,
    end_at BIGINT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (station, episode),
    FOREIGN KEY (station, episode) REFERENCES episode (station, id) ON DELETE CASCADE
);
CREATE INDEX recording_by_end ON recording (station, end_at);

CREATE TABLE recording_order (
    station BIGINT NOT NULL REFERENCES station (id),
    -- What it is about, as JSON: {"programme":31}.
    subject TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (station, subject)
);
