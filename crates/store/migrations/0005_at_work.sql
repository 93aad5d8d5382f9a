-- Stories while they are written: the working text, who is at it, what is said in its margin, and how the desk finds it.

ALTER TABLE story ADD COLUMN seo_title TEXT NOT NULL DEFAULT '';
ALTER TABLE story ADD COLUMN programme BIGINT;
-- When and by whom anything about it was last saved: the order of the desk's lists.
ALTER TABLE story ADD COLUMN saved_at BIGINT NOT NULL DEFAULT 0;
ALTER TABLE story ADD COLUMN saved_by TEXT NOT NULL DEFAULT '';
-- 0 until its words stand in story_word.
ALTER TABLE story ADD COLUMN is_indexed BIGINT NOT NULL DEFAULT 0;

UPDATE story
SET saved_at = COALESCE((SELECT r.saved_at FROM revision r
                         WHERE r.station = story.station AND r.story = story.id
                         ORDER BY r.number DESC LIMIT 1), 0),
    saved_by = COALESCE((SELECT r.saved_by FROM revision r
                         WHERE r.station = story.station AND r.story = story.id
                         ORDER BY r.number DESC LIMIT 1), '');

CREATE INDEX story_for_desk ON story (station, saved_at, id);
CREATE INDEX story_for_desk_by_state ON story (station, state, saved_at, id);
CREATE INDEX story_for_desk_by_section ON story (station, section, saved_at, id);
CREATE INDEX story_for_desk_by_section_and_state ON story (station, section, state, saved_at, id);
CREATE INDEX story_to_index ON story (station, id) WHERE is_indexed = 0;

-- `story`: what stood then, kept for ever. `named`: a draft that somebody gave a name or that another's save or a
-- take-over put aside, kept for ever. `autosave`: a draft on its way, thinned with time.
ALTER TABLE revision ADD COLUMN kind TEXT NOT NULL DEFAULT 'story';

CREATE TABLE draft (
    station BIGINT NOT NULL,
    story BIGINT NOT NULL,
    document TEXT NOT NULL,
    -- One more with every save.
    version BIGINT NOT NULL,
    -- The version that the story was last made of; null before it first was.
    stands BIGINT,
    saved_at BIGINT NOT NULL,
    saved_by TEXT NOT NULL,
    saved_by_account BIGINT,
    -- Who began the story; null where nobody at the desk did.
    begun_by BIGINT,
    PRIMARY KEY (station, story),
    FOREIGN KEY (station, story) REFERENCES story (station, id)
);

-- What a save was answered, so that the same one sent again is answered the same.
CREATE TABLE draft_save (
    station BIGINT NOT NULL,
    story BIGINT NOT NULL,
    name TEXT NOT NULL,
    at BIGINT NOT NULL,
    answer TEXT NOT NULL,
    PRIMARY KEY (station, story, name),
    FOREIGN KEY (station, story) REFERENCES story (station, id)
);

CREATE TABLE draft_lock (
    station BIGINT NOT NULL,
    story BIGINT NOT NULL,
    account BIGINT NOT NULL,
    holder TEXT NOT NULL,
    since BIGINT NOT NULL,
    until BIGINT NOT NULL,
    PRIMARY KEY (station, story),
    FOREIGN KEY (station, story) REFERENCES story (station, id),
    FOREIGN KEY (station, account) REFERENCES account (station, id)
);

-- Whose work a story is: who began it, wrote in it or is credited, and when they last did.
CREATE TABLE writer (
    station BIGINT NOT NULL,
    story BIGINT NOT NULL,
    account BIGINT NOT NULL,
    saved_at BIGINT NOT NULL,
    PRIMARY KEY (station, story, account),
    FOREIGN KEY (station, story) REFERENCES story (station, id),
    FOREIGN KEY (station, account) REFERENCES account (station, id)
);
CREATE INDEX writer_by_account ON writer (station, account, saved_at, story);

-- The words by which the desk finds a story: those of its headline, teaser, kicker, slug and bylines.
CREATE TABLE story_word (
    station BIGINT NOT NULL,
    story BIGINT NOT NULL,
    word TEXT {BYTEWISE} NOT NULL,
    PRIMARY KEY (station, story, word)
);
CREATE INDEX story_word_by_word ON story_word (station, word, story);

-- What colleagues say in the margin.
CREATE TABLE note (
    station BIGINT NOT NULL,
    id BIGINT NOT NULL,
    story BIGINT NOT NULL,
    -- The piece of the draft that it is about, and how that began; null if it is about the whole.
    piece TEXT,
    quote TEXT NOT NULL,
    -- The note that it answers.
    answers BIGINT,
    account BIGINT NOT NULL,
    author TEXT NOT NULL,
    words TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    resolved_at BIGINT,
    resolved_by TEXT,
    PRIMARY KEY (station, id),
    FOREIGN KEY (station, story) REFERENCES story (station, id),
    FOREIGN KEY (station, account) REFERENCES account (station, id)
);
CREATE INDEX note_by_story ON note (station, story, id);

CREATE TABLE mention (
    station BIGINT NOT NULL,
    note BIGINT NOT NULL,
    account BIGINT NOT NULL,
    PRIMARY KEY (station, account, note),
    FOREIGN KEY (station, note) REFERENCES note (station, id),
    FOREIGN KEY (station, account) REFERENCES account (station, id)
);

-- How grave the station takes each check before publishing, where it differs from how the program takes it.
CREATE TABLE check_level (
    station BIGINT NOT NULL REFERENCES station (id),
    name TEXT NOT NULL,
    level TEXT NOT NULL,
    PRIMARY KEY (station, name)
);
