-- Who wants to log in.
--
-- kind: point read
-- $1 email
--
-- id, hash  of the user; no row: there is no such user

SELECT u.id,
       p.hash
  FROM users u
  JOIN passwords p ON p.user_id = u.id
 WHERE lower(u.email) = lower($1::text)
