-- Deploy auth:users to pg
--
-- Names and addresses are ASCII (auth_rule.c), and unique whatever their
-- case.  The constraints repeat the service's rules for whoever writes here
-- by hand.

BEGIN;

SET LOCAL ROLE devtalk_auth;
SET LOCAL search_path TO auth;

CREATE TABLE users (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email       text        COLLATE "C" NOT NULL
                            CHECK (email ~ '^[!-~]+@[!-~]+$'
                                   AND length(email) <= 254),
    username    text        COLLATE "C" NOT NULL
                            CHECK (username ~ '^[A-Za-z0-9_][A-Za-z0-9_.-]*$'
                                   AND length(username) <= 40),
    bio         text        CHECK (bio <> ''),
    image       text        CHECK (image <> ''),
    role        text        NOT NULL DEFAULT 'reader'
                            CHECK (role IN ('reader', 'admin')),
    version     bigint      NOT NULL DEFAULT 1,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now()
);

COMMENT ON COLUMN users.version IS
    'raised by each change of what others see: username, bio, image';

-- The field is in the name: core makes "<field>: has already been taken" of
-- a constraint <table>_<field>_key.
CREATE UNIQUE INDEX users_username_key ON users (lower(username));
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

-- Other services look for a name as it is written.
CREATE INDEX users_username_idx ON users (username);


-- Apart from users: no query, view or error message about a user can show a
-- hash.

CREATE TABLE passwords (
    user_id     bigint      PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    hash        text        NOT NULL,
    changed_at  timestamptz NOT NULL DEFAULT now()
);

COMMENT ON COLUMN passwords.hash IS 'Argon2id, as libsodium writes it';

COMMIT;
