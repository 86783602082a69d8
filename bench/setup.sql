-- The table of all benchmarks: a million users, their names 8 to 24 characters long, a tenth of them without an age.
-- For psql; run again it only vacuums and warms up.

\set ON_ERROR_STOP on
SET client_min_messages = warning;

SELECT to_regclass('users') IS NULL AS missing \gset
\if :missing
BEGIN;
CREATE TABLE users (id int PRIMARY KEY, name text NOT NULL, age int);
INSERT INTO users
SELECT id, substr(md5(id::text), 1, 8 + id % 17), CASE WHEN id % 10 <> 0 THEN 18 + id % 60 END
FROM generate_series(1, 1000000) AS id;
COMMIT;
\endif

VACUUM ANALYZE users;

-- Reads every page through the index: unlike a sequential scan of a big table this leaves them in shared_buffers.
SET enable_seqscan = off;
SET enable_bitmapscan = off;
SELECT count(name) = 1000000 AS complete FROM users WHERE id > 0 \gset
\if :complete
\else
\warn the table "users" does not have 1,000,000 rows; drop it to have it made anew
SELECT 1 / 0;
\endif
