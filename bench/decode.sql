-- The table of the decode benchmark: a million rows, their text 8 to 24 characters long.
-- For psql, after setup.sql.

\set ON_ERROR_STOP on
SET client_min_messages = warning;

SELECT to_regclass('readings') IS NULL AS missing \gset
\if :missing
BEGIN;
CREATE TABLE readings (id int4 PRIMARY KEY, sensor text NOT NULL, level int4 NOT NULL, value float8 NOT NULL,
                       at timestamptz NOT NULL);
INSERT INTO readings
SELECT id, substr(md5(id::text), 1, 8 + id % 17), id % 1000 - 500, sqrt(id),
       timestamptz '2026-01-01 00:00:00+00' + id * interval '1.000001 second'
FROM generate_series(1, 1000000) AS id;
COMMIT;
\endif

VACUUM ANALYZE readings;
