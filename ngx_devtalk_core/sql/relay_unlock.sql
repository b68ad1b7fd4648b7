-- Lets go of what relay_lock has taken.
--
-- held  t if it was held

SELECT pg_advisory_unlock(hashtext('devtalk_relay'),
                          hashtext(current_schema()::text)) AS held
