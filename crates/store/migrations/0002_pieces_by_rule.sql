-- Automation by rule: what a piece is beyond its name, what a service plays by, and what was played.

ALTER TABLE piece ADD COLUMN album TEXT NOT NULL DEFAULT '';
ALTER TABLE piece ADD COLUMN category TEXT;
ALTER TABLE piece ADD COLUMN programme BIGINT;
ALTER TABLE piece ADD COLUMN weight BIGINT NOT NULL DEFAULT 1;
ALTER TABLE piece ADD COLUMN day_parts TEXT NOT NULL DEFAULT '[]';
ALTER TABLE piece ADD COLUMN valid_from BIGINT;
ALTER TABLE piece ADD COLUMN valid_until BIGINT;
ALTER TABLE piece ADD COLUMN link TEXT;
ALTER TABLE piece ADD COLUMN cues TEXT NOT NULL DEFAULT '{}';
ALTER TABLE piece ADD COLUMN loudness TEXT;
-- The SHA-256 of the file that it was made from: one file is one piece of a service.
ALTER TABLE piece ADD COLUMN origin TEXT;
CREATE UNIQUE INDEX piece_by_origin ON piece (station, service, origin);

-- Categories, clocks, grid and timed pieces of a service: one document, because it is only read and written whole.
CREATE TABLE rotation (
    station BIGINT NOT NULL,
    service BIGINT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (station, service),
    FOREIGN KEY (station, service) REFERENCES service (station, id)
);

-- What was played. It names no row of the library, because it outlives the piece.
CREATE TABLE spin (
    station BIGINT NOT NULL,
    service BIGINT NOT NULL,
    start_at BIGINT NOT NULL,
    end_at BIGINT,
    piece BIGINT,
    artist TEXT NOT NULL,
    title TEXT NOT NULL,
    PRIMARY KEY (station, service, start_at),
    FOREIGN KEY (station, service) REFERENCES service (station, id)
);
