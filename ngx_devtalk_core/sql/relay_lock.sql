-- Tries to become the relay of this schema: one session at a time, until it
-- ends or lets go (relay_unlock).
--
-- held  t or f

SELECT pg_try_advisory_lock(hashtext('devtalk_relay'),
                            hashtext(current_schema()::text)) AS held
