-- Verify auth:replies on pg

BEGIN;

SET LOCAL ROLE devtalk_auth;
SET LOCAL search_path TO auth;

SELECT 1 / (show_account('a@b', 'a', NULL, '"')::text
            = '{"user":{"email":"a@b","token":"","username":"a",'
              '"bio":null,"image":"\""}}')::integer;

SELECT 1 / (tell_user(1, 'a', NULL, NULL, 2, timestamptz 'epoch',
                      timestamptz 'epoch')::text
            = '{"id":1,"username":"a","bio":null,"image":null,"version":2,'
              '"createdAt":"1970-01-01T00:00:00.000Z",'
              '"updatedAt":"1970-01-01T00:00:00.000Z"}')::integer;

ROLLBACK;
