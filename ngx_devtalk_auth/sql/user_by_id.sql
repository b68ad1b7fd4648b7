-- One's own account.
--
-- kind: point read
-- $1 user id
--
-- reply  the account, with an empty token; no row: there is no such user

SELECT show_account(email, username, bio, image) AS reply
  FROM users
 WHERE id = $1::bigint
   AND deleted_at IS NULL
