-- Who may come in at the desk, what proves that it is them, and what they did there.

CREATE TABLE account (
    station BIGINT NOT NULL REFERENCES station (id),
    id BIGINT NOT NULL,
    email TEXT NOT NULL,
    name TEXT NOT NULL,
    person BIGINT,
    invited_at BIGINT NOT NULL,
    joined_at BIGINT,
    disabled_at BIGINT,
    -- An Argon2id hash in PHC form.
    password TEXT,
    -- The secret of one-time codes, Base32, and the step of the last code that was used: none is good twice.
    totp TEXT,
    totp_step BIGINT NOT NULL DEFAULT 0,
    PRIMARY KEY (station, id),
    UNIQUE (station, email),
    FOREIGN KEY (station, person) REFERENCES person (station, id)
);

-- Roles of a station's own, beside those that every station begins with.
CREATE TABLE role (
    station BIGINT NOT NULL REFERENCES station (id),
    slug TEXT NOT NULL,
    title TEXT NOT NULL,
    teaser TEXT NOT NULL,
    permissions TEXT NOT NULL,
    PRIMARY KEY (station, slug)
);

CREATE TABLE granted (
    station BIGINT NOT NULL,
    account BIGINT NOT NULL,
    role TEXT NOT NULL,
    -- `station`, `section:news` or `programme:31`.
    scope TEXT NOT NULL,
    PRIMARY KEY (station, account, role, scope),
    FOREIGN KEY (station, account) REFERENCES account (station, id)
);

-- Of every secret here, only a hash is kept.

CREATE TABLE session (
    station BIGINT NOT NULL,
    id BIGINT NOT NULL,
    account BIGINT NOT NULL,
    secret_sha256 TEXT NOT NULL,
    device TEXT NOT NULL,
    began_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (station, id),
    UNIQUE (station, secret_sha256),
    FOREIGN KEY (station, account) REFERENCES account (station, id)
);
CREATE INDEX session_by_account ON session (station, account, seen_at);

CREATE TABLE device (
    station BIGINT NOT NULL,
    account BIGINT NOT NULL,
    secret_sha256 TEXT NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (station, account, secret_sha256),
    FOREIGN KEY (station, account) REFERENCES account (station, id)
);

CREATE TABLE passkey (
    station BIGINT NOT NULL,
    -- The credential's id, Base64url.
    id TEXT NOT NULL,
    account BIGINT NOT NULL,
    name TEXT NOT NULL,
    -- The public key, a SubjectPublicKeyInfo in Base64url, and its COSE algorithm.
    public_key TEXT NOT NULL,
    algorithm BIGINT NOT NULL,
    uses BIGINT NOT NULL,
    made_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (station, id),
    FOREIGN KEY (station, account) REFERENCES account (station, id)
);
CREATE INDEX passkey_by_account ON passkey (station, account, made_at);

CREATE TABLE recovery_code (
    station BIGINT NOT NULL,
    account BIGINT NOT NULL,
    secret_sha256 TEXT NOT NULL,
    made_at BIGINT NOT NULL,
    PRIMARY KEY (station, account, secret_sha256),
    FOREIGN KEY (station, account) REFERENCES account (station, id)
);

CREATE TABLE ticket (
    station BIGINT NOT NULL REFERENCES station (id),
    secret_sha256 TEXT NOT NULL,
    kind TEXT NOT NULL,
    -- Absent where it makes an account.
    account BIGINT,
    document TEXT NOT NULL,
    ends_at BIGINT NOT NULL,
    PRIMARY KEY (station, secret_sha256),
    FOREIGN KEY (station, account) REFERENCES account (station, id)
);
CREATE INDEX ticket_by_account ON ticket (station, kind, account);
CREATE INDEX ticket_by_end ON ticket (station, ends_at);

-- Numbered without gaps, each row chained to the one before it, so that one that is changed or missing is noticed.
CREATE TABLE audit (
    station BIGINT NOT NULL REFERENCES station (id),
    number BIGINT NOT NULL,
    at BIGINT NOT NULL,
    account BIGINT,
    who TEXT NOT NULL,
    act TEXT NOT NULL,
    subject TEXT NOT NULL,
    words TEXT NOT NULL,
    device TEXT NOT NULL,
    chain TEXT NOT NULL,
    PRIMARY KEY (station, number)
);

-- What was saved last stands first in the desk's list of stories.
CREATE INDEX revision_by_time ON revision (station, saved_at, story);
