-- Deploy auth:events to pg
--
-- The outbox: a row for each event, written by the statement that makes the
-- change, gone when Kafka has it.  The inbox: the events whose effect is
-- here already.  The same in each service's schema.

BEGIN;

SET LOCAL ROLE devtalk_auth;
SET LOCAL search_path TO auth;

CREATE TABLE outbox (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id     uuid        NOT NULL DEFAULT gen_random_uuid(),
    topic        text        NOT NULL,
    key          text        NOT NULL,
    type         text        NOT NULL,
    data         json        NOT NULL,
    traceparent  text,
    marks        text        NOT NULL DEFAULT '',
    mark         xid8        NOT NULL DEFAULT pg_current_xact_id(),
    created_at   timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (
    -- A queue: every row dies young, and the relay reads from the low end.
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 1000,
    autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_insert_threshold = 10000
);

CREATE TABLE inbox (
    event_id     uuid        PRIMARY KEY,
    received_at  timestamptz NOT NULL DEFAULT now()
);

CREATE INDEX inbox_received_at_idx ON inbox (received_at);

COMMIT;
