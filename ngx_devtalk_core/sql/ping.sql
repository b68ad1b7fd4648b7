-- Is the server there?
-- kind: read
select 1
