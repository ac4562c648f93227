-- The hand-over as tables. Identifiers are time-ordered (UUIDv7), so that index inserts stay on the right-hand pages.
CREATE TABLE accounts (
    id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email text NOT NULL UNIQUE
);

-- Counters are updated all the time and are not indexed: free room on the page keeps those updates in place (HOT).
CREATE TABLE contexts (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    account bigint NOT NULL REFERENCES accounts,
    kind    text   NOT NULL,
    usage   bigint NOT NULL CHECK (usage >= 0),
    quota   bigint NOT NULL
) WITH (fillfactor = 50);
CREATE UNIQUE INDEX contexts_personal ON contexts (account) WHERE kind = 'personal';

CREATE TABLE items (
    id         uuid   PRIMARY KEY,
    context    bigint NOT NULL REFERENCES contexts,
    name       text   NOT NULL,
    size       bigint NOT NULL,
    offered_in uuid
) WITH (fillfactor = 80);
CREATE INDEX items_of_context ON items (context);

CREATE TABLE transfers (
    id         uuid        PRIMARY KEY,
    item       uuid        NOT NULL REFERENCES items,
    source     bigint      NOT NULL REFERENCES contexts,
    sender     bigint      NOT NULL REFERENCES accounts,
    recipient  bigint      NOT NULL REFERENCES accounts,
    state      text        NOT NULL,
    offered_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    target     bigint      REFERENCES contexts,
    decided_at timestamptz
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX transfers_pending_item ON transfers (item) WHERE state = 'pending';
CREATE INDEX transfers_inbox ON transfers (recipient) WHERE state = 'pending';

CREATE TABLE outbox (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind       text        NOT NULL,
    transfer   uuid        NOT NULL,
    account    bigint      NOT NULL,
    not_before timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX outbox_due ON outbox (not_before);

CREATE TABLE timers (
    transfer uuid        PRIMARY KEY,
    due      timestamptz NOT NULL
);
CREATE INDEX timers_due ON timers (due);

CREATE TABLE events (
    id       bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    item     uuid        NOT NULL,
    transfer uuid        NOT NULL,
    kind     text        NOT NULL,
    actor    bigint      NOT NULL,
    at       timestamptz NOT NULL DEFAULT now(),
    source   bigint      NOT NULL,
    target   bigint      NOT NULL
);
CREATE INDEX events_of_item ON events (item, id);
