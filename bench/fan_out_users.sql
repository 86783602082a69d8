\set id random(1, 1000000)
SELECT name FROM users WHERE id = :id;
