-- Who is at home here.

CREATE TABLE station (
    id BIGINT PRIMARY KEY,
    slug TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    tagline TEXT NOT NULL,
    call_signs TEXT NOT NULL,
    zone TEXT NOT NULL,
    language TEXT NOT NULL,
    accent TEXT NOT NULL,
    banner TEXT,
    about TEXT NOT NULL,
    email TEXT,
    org_service_ids TEXT NOT NULL,
    -- The place of the newest row in the change log.
    rev BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE host (
    station BIGINT NOT NULL REFERENCES station (id),
    name TEXT NOT NULL UNIQUE,
    position BIGINT NOT NULL,
    PRIMARY KEY (station, name)
);

-- What happened: the change log and the outbox in one. `rev` has no gaps and grows in the order of commits, because
-- the transaction that takes a number holds the station's row until it ends.

CREATE TABLE change (
    station BIGINT NOT NULL REFERENCES station (id),
    rev BIGINT NOT NULL,
    -- The database's own time: for people who look, never compared with another clock.
    at BIGINT NOT NULL DEFAULT {NOW},
    event TEXT NOT NULL,
    PRIMARY KEY (station, rev)
);

-- The air.

CREATE TABLE service (
    station BIGINT NOT NULL REFERENCES station (id),
    id BIGINT NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    teaser TEXT NOT NULL,
    position BIGINT NOT NULL,
    mounts TEXT NOT NULL,
    PRIMARY KEY (station, id),
    UNIQUE (station, slug)
);

CREATE TABLE piece (
    station BIGINT NOT NULL,
    id BIGINT NOT NULL,
    service BIGINT NOT NULL,
    position BIGINT NOT NULL,
    artist TEXT NOT NULL,
    title TEXT NOT NULL,
    duration_ms BIGINT NOT NULL,
    renditions TEXT NOT NULL,
    PRIMARY KEY (station, id),
    FOREIGN KEY (station, service) REFERENCES service (station, id)
);
CREATE INDEX piece_in_rotation ON piece (station, service, position, id);

-- The guide.

CREATE TABLE programme (
    station BIGINT NOT NULL REFERENCES station (id),
    id BIGINT NOT NULL,
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    teaser TEXT NOT NULL,
    about TEXT NOT NULL,
    hosts TEXT NOT NULL,
    image TEXT,
    PRIMARY KEY (station, id),
    UNIQUE (station, slug)
);

CREATE TABLE rule (
    station BIGINT NOT NULL,
    id BIGINT NOT NULL,
    service BIGINT NOT NULL,
    programme BIGINT NOT NULL,
    title TEXT,
    days BIGINT NOT NULL,
    start_time TEXT NOT NULL,
    minutes BIGINT NOT NULL,
    valid_from TEXT NOT NULL,
    valid_until TEXT,
    PRIMARY KEY (station, id),
    FOREIGN KEY (station, service) REFERENCES service (station, id),
    FOREIGN KEY (station, programme) REFERENCES programme (station, id)
);

CREATE TABLE rule_exception (
    station BIGINT NOT NULL,
    rule BIGINT NOT NULL,
    on_date TEXT NOT NULL,
    change TEXT NOT NULL,
    PRIMARY KEY (station, rule, on_date),
    FOREIGN KEY (station, rule) REFERENCES rule (station, id) ON DELETE CASCADE
);

CREATE TABLE one_off (
    station BIGINT NOT NULL,
    id BIGINT NOT NULL,
    service BIGINT NOT NULL,
    programme BIGINT NOT NULL,
    title TEXT,
    start_at BIGINT NOT NULL,
    end_at BIGINT NOT NULL,
    PRIMARY KEY (station, id),
    FOREIGN KEY (station, service) REFERENCES service (station, id),
    FOREIGN KEY (station, programme) REFERENCES programme (station, id)
);
CREATE INDEX one_off_by_end ON one_off (station, end_at);

CREATE TABLE broadcast (
    station BIGINT NOT NULL,
    service BIGINT NOT NULL,
    start_at BIGINT NOT NULL,
    end_at BIGINT NOT NULL,
    programme BIGINT NOT NULL,
    title TEXT NOT NULL,
    cause TEXT NOT NULL,
    PRIMARY KEY (station, service, start_at),
    FOREIGN KEY (station, service) REFERENCES service (station, id),
    FOREIGN KEY (station, programme) REFERENCES programme (station, id)
);
CREATE INDEX broadcast_by_end ON broadcast (station, service, end_at);
CREATE INDEX broadcast_by_end_on_all ON broadcast (station, end_at);

CREATE TABLE episode (
    station BIGINT NOT NULL,
    id BIGINT NOT NULL,
    programme BIGINT NOT NULL,
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    teaser TEXT NOT NULL,
    about TEXT NOT NULL,
    sound TEXT NOT NULL,
    image TEXT,
    published_at BIGINT NOT NULL,
    PRIMARY KEY (station, id),
    UNIQUE (station, slug),
    FOREIGN KEY (station, programme) REFERENCES programme (station, id)
);
CREATE INDEX episode_latest ON episode (station, published_at, id);
CREATE INDEX episode_by_programme ON episode (station, programme, published_at, id);

-- The desk.

CREATE TABLE section (
    station BIGINT NOT NULL REFERENCES station (id),
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    teaser TEXT NOT NULL,
    position BIGINT NOT NULL,
    PRIMARY KEY (station, slug)
);

CREATE TABLE person (
    station BIGINT NOT NULL REFERENCES station (id),
    id BIGINT NOT NULL,
    slug TEXT NOT NULL,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    bio TEXT NOT NULL,
    image TEXT,
    wire TEXT,
    external_id TEXT,
    canonical TEXT,
    PRIMARY KEY (station, id),
    UNIQUE (station, slug),
    UNIQUE (station, wire, external_id)
);

CREATE TABLE story (
    station BIGINT NOT NULL,
    id BIGINT NOT NULL,
    section TEXT NOT NULL,
    slug TEXT NOT NULL,
    -- The date in its address: that of first publication in the station's zone; null before.
    path_date TEXT,
    kicker TEXT NOT NULL,
    headline TEXT NOT NULL,
    teaser TEXT NOT NULL,
    bylines TEXT NOT NULL,
    lead TEXT,
    sounds TEXT NOT NULL,
    body TEXT NOT NULL,
    corrections TEXT NOT NULL,
    state TEXT NOT NULL,
    published_at BIGINT,
    updated_at BIGINT,
    wire TEXT,
    external_id TEXT,
    canonical TEXT,
    rights TEXT NOT NULL,
    PRIMARY KEY (station, id),
    UNIQUE (station, section, path_date, slug),
    UNIQUE (station, wire, external_id),
    FOREIGN KEY (station, section) REFERENCES section (station, slug),
    CHECK (state <> 'published' OR published_at IS NOT NULL)
);
CREATE INDEX story_latest ON story (station, state, published_at, id);
CREATE INDEX story_latest_in_section ON story (station, section, state, published_at, id);

-- Which people a story credits, so that theirs can be listed.
CREATE TABLE byline (
    station BIGINT NOT NULL,
    story BIGINT NOT NULL,
    person BIGINT NOT NULL,
    PRIMARY KEY (station, person, story),
    FOREIGN KEY (station, story) REFERENCES story (station, id),
    FOREIGN KEY (station, person) REFERENCES person (station, id)
);
CREATE INDEX byline_by_story ON byline (station, story);

-- Every text of a story that was ever saved, whole.
CREATE TABLE revision (
    station BIGINT NOT NULL,
    story BIGINT NOT NULL,
    number BIGINT NOT NULL,
    saved_at BIGINT NOT NULL,
    saved_by TEXT NOT NULL,
    why TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (station, story, number),
    FOREIGN KEY (station, story) REFERENCES story (station, id)
);

-- The wire.

CREATE TABLE wire_document (
    station BIGINT NOT NULL REFERENCES station (id),
    wire TEXT NOT NULL,
    external_id TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    raw TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    outcome TEXT NOT NULL,
    PRIMARY KEY (station, wire, external_id)
);

-- Which other documents a document names (an author's biography, a related story, a transcript), whether they are here
-- or not: when one of them arrives or changes, these are looked at again.
CREATE TABLE wire_mention (
    station BIGINT NOT NULL,
    wire TEXT NOT NULL,
    mentioned TEXT NOT NULL,
    external_id TEXT NOT NULL,
    PRIMARY KEY (station, wire, mentioned, external_id),
    FOREIGN KEY (station, wire, external_id) REFERENCES wire_document (station, wire, external_id)
);
CREATE INDEX wire_mention_by_document ON wire_mention (station, wire, external_id);

-- What a wire's directory says of an organisation. It is the same for every station.
CREATE TABLE owner (
    wire TEXT NOT NULL,
    org_id TEXT NOT NULL,
    name TEXT NOT NULL,
    site TEXT,
    fetched_at BIGINT NOT NULL,
    PRIMARY KEY (wire, org_id)
);
