-- Offices of the town, its staff, what they may do, and who is signed in. Citizens have no accounts yet.

CREATE TABLE identity_org_units (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    parent UUID,
    name TEXT NOT NULL, -- impersonal: the name of an office
    short TEXT NOT NULL,
    email TEXT NOT NULL, -- impersonal: the mailbox of an office
    phone TEXT NOT NULL, -- impersonal: the number of an office
    PRIMARY KEY (municipality, id),
    FOREIGN KEY (municipality, parent) REFERENCES identity_org_units (municipality, id)
);

CREATE TABLE identity_accounts (
    municipality UUID NOT NULL,
    id UUID NOT NULL,
    name TEXT NOT NULL, -- personal
    email TEXT NOT NULL, -- personal
    email_folded TEXT NOT NULL, -- personal
    password TEXT, -- personal
    active BOOLEAN NOT NULL,
    home_unit UUID,
    demo BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (municipality, id),
    FOREIGN KEY (municipality, home_unit) REFERENCES identity_org_units (municipality, id)
);
CREATE UNIQUE INDEX identity_accounts_email ON identity_accounts (municipality, email_folded);
CREATE INDEX identity_accounts_home_unit ON identity_accounts (municipality, home_unit);

-- The nil UUID as unit is the whole town: a key column cannot be NULL.
CREATE TABLE identity_roles (
    municipality UUID NOT NULL,
    account UUID NOT NULL,
    role TEXT NOT NULL,
    unit UUID NOT NULL,
    PRIMARY KEY (municipality, account, role, unit),
    FOREIGN KEY (municipality, account) REFERENCES identity_accounts (municipality, id)
);

-- The key is the SHA-256 of the cookie's secret, so a stolen database signs nobody in.
CREATE TABLE identity_sessions (
    municipality UUID NOT NULL,
    token BYTEA NOT NULL,
    account UUID NOT NULL,
    device TEXT NOT NULL, -- personal
    created_at BIGINT NOT NULL,
    seen_at BIGINT NOT NULL, -- personal
    PRIMARY KEY (municipality, token),
    FOREIGN KEY (municipality, account) REFERENCES identity_accounts (municipality, id)
);
CREATE INDEX identity_sessions_account ON identity_sessions (municipality, account);
CREATE INDEX identity_sessions_age ON identity_sessions (municipality, seen_at);

CREATE TABLE identity_invitations (
    municipality UUID NOT NULL,
    token BYTEA NOT NULL,
    account UUID NOT NULL,
    expires_at BIGINT NOT NULL,
    used_at BIGINT,
    PRIMARY KEY (municipality, token),
    FOREIGN KEY (municipality, account) REFERENCES identity_accounts (municipality, id)
);
CREATE INDEX identity_invitations_account ON identity_invitations (municipality, account);

-- Tries at a password, counted by the SHA-256 of the address typed, whether an account has it or not.
CREATE TABLE identity_tries (
    municipality UUID NOT NULL,
    address BYTEA NOT NULL, -- personal
    failures BIGINT NOT NULL,
    blocked_until BIGINT NOT NULL,
    last_at BIGINT NOT NULL,
    PRIMARY KEY (municipality, address)
);
CREATE INDEX identity_tries_age ON identity_tries (municipality, last_at);
