-- 2,000 users, 500 products, 100,000 orders and 300,000 items. Every value follows from the row's
-- number, so the rows are the same every time. User u owns the orders u, u + 2000, u + 4000, ...: 50.
-- Run as a superuser: checking 700,000 references row by row would take longer than all the rest.

SET session_replication_role = replica;

INSERT INTO users (id, name, email, password, api_token, created_at, updated_at)
SELECT u, 'User ' || u, 'user' || u || '@shop.test',
       '$2y$04$PmodndWnI6yrEO7L9bS6Kutt2nrmggLgleMxmz1xPW3/Tqm4N6fbC', -- "secret", at a cheap cost
       md5('shop-user-' || u),
       timestamp '2026-01-01' + u * interval '1 minute',
       timestamp '2026-01-01' + u * interval '1 minute'
FROM generate_series(1, 2000) u;

INSERT INTO products (id, name, price_cents, created_at, updated_at)
SELECT p, 'Product ' || p, 199 + (p * 7919) % 9800, timestamp '2026-01-01', timestamp '2026-01-01'
FROM generate_series(1, 500) p;

-- An order has 1 to 5 items, 3 on average.
INSERT INTO items (order_id, product_id, quantity, price_cents)
SELECT o, p, 1 + (o + n) % 3, 199 + (p * 7919) % 9800
FROM generate_series(1, 100000) o,
     generate_series(1, 1 + (o * 7 + o / 2000) % 5) n,
     LATERAL (SELECT 1 + (o * 31 + n * 17) % 500 AS p) product;

INSERT INTO orders (id, user_id, number, status, total_cents, item_count, created_at, updated_at)
SELECT o, 1 + (o - 1) % 2000, 'ORD-' || upper(substr(md5('order/' || o), 1, 16)),
       CASE WHEN (o + o / 2000) % 10 < 7 THEN 'paid' ELSE 'pending' END,
       total_cents, item_count,
       timestamp '2026-02-01' + o * interval '2 minutes',
       timestamp '2026-02-01' + o * interval '2 minutes'
FROM (SELECT order_id AS o, sum(price_cents * quantity) AS total_cents, count(*) AS item_count
      FROM items GROUP BY order_id ORDER BY order_id) totals;

INSERT INTO payments (order_id, reference, amount_cents, created_at, updated_at)
SELECT id, 'PAY-' || upper(substr(md5('payment/' || id), 1, 16)), total_cents, created_at, created_at
FROM orders WHERE status = 'paid' ORDER BY id;

INSERT INTO settings (key, value, created_at, updated_at)
SELECT key, value, timestamp '2026-01-01', timestamp '2026-01-01'
FROM (VALUES ('currency', 'EUR'), ('free_shipping_from', '5000'), ('tax_percent', '19'),
             ('terms', 'https://shop.test/terms'), ('contact', 'help@shop.test')) v (key, value);

SELECT setval('users_id_seq', 2000), setval('products_id_seq', 500), setval('orders_id_seq', 100000);

RESET session_replication_role;
VACUUM ANALYZE;
