-- Whether a name and an address are free: to know it before the costly hash.
-- The constraints decide in the end.
--
-- kind: point read
-- $1 email
-- $2 username
--
-- outcome  ok, taken:username, taken:email

SELECT CASE
           WHEN EXISTS (SELECT FROM users
                         WHERE lower(username) = lower($2::text))
           THEN 'taken:username'
           WHEN EXISTS (SELECT FROM users
                         WHERE lower(email) = lower($1::text))
           THEN 'taken:email'
           ELSE 'ok'
       END AS outcome
