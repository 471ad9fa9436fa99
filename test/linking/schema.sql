-- SPDX-License-Identifier: Apache-2.0
CREATE TABLE users (id int PRIMARY KEY, name text, seen timestamptz);
CREATE TABLE settings (user_id int PRIMARY KEY, value text);
CREATE TABLE orders (id int PRIMARY KEY, user_id int, total int);
CREATE TABLE items (user_id int, order_id int, sku text);
CREATE TABLE notes (user_id int, text text);
INSERT INTO users SELECT n, 'user ' || n FROM generate_series(1, 5000) n;
INSERT INTO settings SELECT n, 'dark' FROM generate_series(1, 5000) n;
-- One to four each.
INSERT INTO orders SELECT row_number() OVER (), n, n % 90 + 1
    FROM generate_series(1, 5000) n, generate_series(0, n % 4);
INSERT INTO items SELECT user_id, id, 'sku-' || id FROM orders, generate_series(1, 2);
CREATE INDEX ON orders (user_id);
CREATE INDEX ON items (order_id);
ANALYZE;
