-- A story's life: every act that was done with it, by whom and why.
CREATE TABLE step (
    station BIGINT NOT NULL,
    story BIGINT NOT NULL,
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    done_by TEXT NOT NULL,
    act TEXT NOT NULL,
    from_state TEXT NOT NULL,
    to_state TEXT NOT NULL,
    why TEXT NOT NULL,
    PRIMARY KEY (station, story, number),
    FOREIGN KEY (station, story) REFERENCES story (station, id)
);

-- What becomes of a story at a moment of its own. Whoever does it takes the row in the transaction that does it: so it is
-- done once, however many machines look.
CREATE TABLE plan (
    station BIGINT NOT NULL,
    story BIGINT NOT NULL,
    due_at BIGINT NOT NULL,
    -- When it is tried next: at `due_at`, later after a failure.
    try_at BIGINT NOT NULL,
    act TEXT NOT NULL,
    is_major BIGINT NOT NULL,
    text TEXT NOT NULL,
    planned_by TEXT NOT NULL,
    planned_at BIGINT NOT NULL,
    tries BIGINT NOT NULL DEFAULT 0,
    fault TEXT,
    PRIMARY KEY (station, story),
    FOREIGN KEY (station, story) REFERENCES story (station, id)
);
CREATE INDEX plan_by_time ON plan (station, try_at, story);

-- What stands at the address of a story that was unpublished.
CREATE TABLE ending (
    station BIGINT NOT NULL,
    story BIGINT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (station, story),
    FOREIGN KEY (station, story) REFERENCES story (station, id)
);

-- Addresses that lead elsewhere. A prefix stands for every address below it.
CREATE TABLE redirect (
    station BIGINT NOT NULL REFERENCES station (id),
    path TEXT NOT NULL,
    is_prefix BIGINT NOT NULL,
    target TEXT NOT NULL,
    -- Why it is there: `moved` when a story went elsewhere, `unpublished`, `by-hand`, `imported`.
    cause TEXT NOT NULL,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (station, path, is_prefix)
);
CREATE INDEX redirect_by_target ON redirect (station, target);
CREATE INDEX redirect_by_time ON redirect (station, made_at, path);

-- Addresses that readers asked for in vain, and how often. Of who asked nothing is kept.
CREATE TABLE missed (
    station BIGINT NOT NULL REFERENCES station (id),
    path TEXT NOT NULL,
    times BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (station, path)
);
CREATE INDEX missed_by_times ON missed (station, times, path);

-- Links that show a story as it will look to whoever has one. Of the secret only a hash is kept.
CREATE TABLE preview (
    station BIGINT NOT NULL,
    secret_sha256 TEXT NOT NULL,
    story BIGINT NOT NULL,
    made_by TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (station, secret_sha256),
    FOREIGN KEY (station, story) REFERENCES story (station, id)
);
CREATE INDEX preview_by_story ON preview (station, story, made_at);
CREATE INDEX preview_by_end ON preview (station, ends_at);
