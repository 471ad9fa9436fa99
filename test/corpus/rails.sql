SELECT a.attname, format_type(a.atttypid, a.atttypmod),
       pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod,
       c.collname, col_description(a.attrelid, a.attnum) AS comment
  FROM pg_attribute a
  LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
  LEFT JOIN pg_type t ON a.atttypid = t.oid
  LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation
 WHERE a.attrelid = '"users"'::regclass
   AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum

;
SELECT a.attname
  FROM (
         SELECT indrelid, indkey, generate_subscripts(indkey, 1) idx
           FROM pg_index
          WHERE indrelid = '"users"'::regclass
            AND indisprimary
       ) i
  JOIN pg_attribute a
    ON a.attrelid = i.indrelid
   AND a.attnum = i.indkey[i.idx]
 ORDER BY i.idx

;
BEGIN
;
SELECT exists(
  SELECT * FROM pg_proc
  WHERE proname = 'lower'
    AND proargtypes = ARRAY['character varying'::regtype]::oidvector
) OR exists(
  SELECT * FROM pg_proc
  INNER JOIN pg_cast
    ON ARRAY[casttarget]::oidvector = proargtypes
  WHERE proname = 'lower'
    AND castsource = 'character varying'::regtype
)

;
SELECT 1 AS one FROM "users" WHERE LOWER("users"."email") = LOWER($1) LIMIT $2
;
INSERT INTO "users" ("name", "email", "settings", "created_at", "updated_at") VALUES ($1, $2, $3, $4, $5) RETURNING "id"
;
COMMIT
;
SELECT a.attname, format_type(a.atttypid, a.atttypmod),
       pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod,
       c.collname, col_description(a.attrelid, a.attnum) AS comment
  FROM pg_attribute a
  LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
  LEFT JOIN pg_type t ON a.atttypid = t.oid
  LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation
 WHERE a.attrelid = '"categories"'::regclass
   AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum

;
SELECT a.attname
  FROM (
         SELECT indrelid, indkey, generate_subscripts(indkey, 1) idx
           FROM pg_index
          WHERE indrelid = '"categories"'::regclass
            AND indisprimary
       ) i
  JOIN pg_attribute a
    ON a.attrelid = i.indrelid
   AND a.attnum = i.indkey[i.idx]
 ORDER BY i.idx

;
INSERT INTO "categories" ("slug", "created_at", "updated_at") VALUES ($1, $2, $3) RETURNING "id"
;
SELECT a.attname, format_type(a.atttypid, a.atttypmod),
       pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod,
       c.collname, col_description(a.attrelid, a.attnum) AS comment
  FROM pg_attribute a
  LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
  LEFT JOIN pg_type t ON a.atttypid = t.oid
  LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation
 WHERE a.attrelid = '"tags"'::regclass
   AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum

;
SELECT a.attname
  FROM (
         SELECT indrelid, indkey, generate_subscripts(indkey, 1) idx
           FROM pg_index
          WHERE indrelid = '"tags"'::regclass
            AND indisprimary
       ) i
  JOIN pg_attribute a
    ON a.attrelid = i.indrelid
   AND a.attnum = i.indkey[i.idx]
 ORDER BY i.idx

;
INSERT INTO "tags" ("name") VALUES ($1) RETURNING "id"
;
INSERT INTO "categories" ("parent_id", "slug", "created_at", "updated_at") VALUES ($1, $2, $3, $4) RETURNING "id"
;
SELECT a.attname, format_type(a.atttypid, a.atttypmod),
       pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod,
       c.collname, col_description(a.attrelid, a.attnum) AS comment
  FROM pg_attribute a
  LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
  LEFT JOIN pg_type t ON a.atttypid = t.oid
  LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation
 WHERE a.attrelid = '"products"'::regclass
   AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum

;
SELECT a.attname
  FROM (
         SELECT indrelid, indkey, generate_subscripts(indkey, 1) idx
           FROM pg_index
          WHERE indrelid = '"products"'::regclass
            AND indisprimary
       ) i
  JOIN pg_attribute a
    ON a.attrelid = i.indrelid
   AND a.attnum = i.indkey[i.idx]
 ORDER BY i.idx

;
SELECT "tags".* FROM "tags" WHERE "tags"."id" BETWEEN $1 AND $2
;
SELECT a.attname, format_type(a.atttypid, a.atttypmod),
       pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod,
       c.collname, col_description(a.attrelid, a.attnum) AS comment
  FROM pg_attribute a
  LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
  LEFT JOIN pg_type t ON a.atttypid = t.oid
  LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation
 WHERE a.attrelid = '"products_tags"'::regclass
   AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum

;
SELECT a.attname
  FROM (
         SELECT indrelid, indkey, generate_subscripts(indkey, 1) idx
           FROM pg_index
          WHERE indrelid = '"products_tags"'::regclass
            AND indisprimary
       ) i
  JOIN pg_attribute a
    ON a.attrelid = i.indrelid
   AND a.attnum = i.indkey[i.idx]
 ORDER BY i.idx

;
INSERT INTO "products" ("category_id", "sku", "name", "price", "stock", "sizes", "created_at", "updated_at", "lock_version") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING "id"
;
INSERT INTO "products_tags" ("product_id", "tag_id") VALUES ($1, $2)
;
SELECT "users".* FROM "users" WHERE "users"."email" = $1 LIMIT $2
;
SELECT "users".* FROM "users" WHERE "users"."id" = $1 LIMIT $2
;
SELECT 1 AS one FROM "users" WHERE LOWER("users"."email") = LOWER($1) AND "users"."id" != $2 LIMIT $3
;
UPDATE "users" SET "last_seen_at" = $1, "updated_at" = $2 WHERE "users"."id" = $3
;
SELECT COUNT(*) FROM "users" WHERE (settings->>'theme' = 'dark' OR "users"."name" IS NULL)
;
SELECT 1 AS one FROM "users" WHERE (settings @> '{"limit":6}') LIMIT $1
;
SELECT "products".* FROM "products" WHERE "products"."active" = $1 AND (price < 24) ORDER BY "products"."price" ASC, "products"."id" DESC LIMIT $2
;
SELECT "products".* FROM "products" WHERE "products"."id" IN ($1, $2, $3, $4, $5, $6, $7, $8)
;
SELECT "categories".* FROM "categories" WHERE "categories"."id" IN ($1, $2, $3, $4)
;
SELECT "products_tags".* FROM "products_tags" WHERE "products_tags"."product_id" IN ($1, $2, $3, $4, $5, $6, $7)
;
SELECT "tags".* FROM "tags" WHERE "tags"."id" IN ($1, $2, $3)
;
SELECT a.attname, format_type(a.atttypid, a.atttypmod),
       pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod,
       c.collname, col_description(a.attrelid, a.attnum) AS comment
  FROM pg_attribute a
  LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
  LEFT JOIN pg_type t ON a.atttypid = t.oid
  LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation
 WHERE a.attrelid = '"comments"'::regclass
   AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum

;
SELECT "comments".* FROM "comments" WHERE "comments"."commentable_type" = $1 AND "comments"."commentable_id" IN ($2, $3, $4, $5, $6, $7, $8)
;
SELECT "products"."id" AS t0_r0, "products"."category_id" AS t0_r1, "products"."sku" AS t0_r2, "products"."name" AS t0_r3, "products"."price" AS t0_r4, "products"."stock" AS t0_r5, "products"."active" AS t0_r6, "products"."sizes" AS t0_r7, "products"."lock_version" AS t0_r8, "products"."created_at" AS t0_r9, "products"."updated_at" AS t0_r10, "categories"."id" AS t1_r0, "categories"."parent_id" AS t1_r1, "categories"."slug" AS t1_r2, "categories"."visible" AS t1_r3, "categories"."created_at" AS t1_r4, "categories"."updated_at" AS t1_r5 FROM "products" LEFT OUTER JOIN "categories" ON "categories"."id" = "products"."category_id" WHERE "categories"."visible" = $1 LIMIT $2 OFFSET $3
;
SELECT "products".* FROM "products" WHERE "products"."stock" >= $1 ORDER BY "products"."id" ASC LIMIT $2
;
SELECT a.attname, format_type(a.atttypid, a.atttypmod),
       pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod,
       c.collname, col_description(a.attrelid, a.attnum) AS comment
  FROM pg_attribute a
  LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
  LEFT JOIN pg_type t ON a.atttypid = t.oid
  LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation
 WHERE a.attrelid = '"items"'::regclass
   AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum

;
SELECT "items".* FROM "items" WHERE "items"."product_id" IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)
;
SELECT "products".* FROM "products" WHERE "products"."stock" >= $1 AND "products"."id" > $2 ORDER BY "products"."id" ASC LIMIT $3
;
SELECT "items".* FROM "items" WHERE "items"."product_id" IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
;
SELECT a.attname, format_type(a.atttypid, a.atttypmod),
       pg_get_expr(d.adbin, d.adrelid), a.attnotnull, a.atttypid, a.atttypmod,
       c.collname, col_description(a.attrelid, a.attnum) AS comment
  FROM pg_attribute a
  LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum
  LEFT JOIN pg_type t ON a.atttypid = t.oid
  LEFT JOIN pg_collation c ON a.attcollation = c.oid AND a.attcollation <> t.typcollation
 WHERE a.attrelid = '"orders"'::regclass
   AND a.attnum > 0 AND NOT a.attisdropped
 ORDER BY a.attnum

;
SELECT a.attname
  FROM (
         SELECT indrelid, indkey, generate_subscripts(indkey, 1) idx
           FROM pg_index
          WHERE indrelid = '"orders"'::regclass
            AND indisprimary
       ) i
  JOIN pg_attribute a
    ON a.attrelid = i.indrelid
   AND a.attnum = i.indkey[i.idx]
 ORDER BY i.idx

;
SELECT DISTINCT "products"."id" FROM "products" INNER JOIN "categories" ON "categories"."id" = "products"."category_id" INNER JOIN "items" ON "items"."product_id" = "products"."id" INNER JOIN "orders" ON "orders"."id" = "items"."order_id" WHERE "orders"."status" = $1
;
SELECT products.*, coalesce(sum(items.quantity), 0) AS sold FROM "products" LEFT OUTER JOIN "items" ON "items"."product_id" = "products"."id" GROUP BY "products"."id" HAVING (count(items.id) > 0)
;
SELECT COUNT(*) FROM "products" WHERE "products"."category_id" NOT IN ($1, $2, $3) AND (name ILIKE '%tall%')
;
SELECT "products".* FROM "products" WHERE "products"."id" IN (SELECT "items"."product_id" FROM "items" WHERE (quantity > 0))
;
SELECT "products".* FROM "products" WHERE (EXISTS (SELECT 1 FROM items WHERE items.product_id = products.id)) LIMIT $1
;
SELECT "products".* FROM "products" WHERE "products"."price" BETWEEN $1 AND $2 AND "products"."active" IN ($3, $4) ORDER BY random() LIMIT $5
;
SELECT "products".* FROM "products" WHERE ("products"."category_id" IS NULL OR "products"."stock" = $1)
;
SELECT "products".* FROM "products" WHERE (sizes && ARRAY[32,34,28,15,33,35,32,39])
;
SELECT "products"."id", "products"."name" FROM "products" WHERE (6 = ANY(sizes))
;
SELECT COUNT(*) AS count_all, "products"."category_id" AS products_category_id FROM "products" GROUP BY "products"."category_id"
;
SELECT AVG("products"."price") AS average_price, "products"."category_id" AS products_category_id FROM "products" GROUP BY "products"."category_id"
;
SELECT SUM("products"."stock") FROM "products"
;
SELECT MAX("products"."price") FROM "products"
;
SELECT MIN("products"."price") FROM "products" WHERE "products"."created_at" BETWEEN $1 AND $2
;
SELECT "products".* FROM "products" ORDER BY "products"."id" ASC LIMIT $1
;
SELECT "products".* FROM "products" ORDER BY "products"."id" DESC LIMIT $1
;
SELECT "products".* FROM "products" WHERE "products"."id" IN ($1, $2, $3, $4, $5, $6, $7)
;
SELECT "products".* FROM "products" WHERE "products"."sku" = $1 AND "products"."active" = $2 LIMIT $3
;
SELECT "products".* FROM "products" WHERE "products"."active" = $1 /* route='products#index',job='0' */
;
SELECT COUNT(*) FROM (SELECT "products".* FROM "products" WHERE (stock > 6)) products WHERE "products"."active" = $1
;
SELECT "products"."id" FROM "products" ORDER BY "products"."id" ASC LIMIT $1
;
UPDATE "products" SET "stock" = $1, "lock_version" = COALESCE("lock_version", 0) + $2 WHERE "products"."id" IN ($3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22) AND "products"."stock" = $23
;
SELECT "products"."id" FROM "products" WHERE "products"."id" > $1 ORDER BY "products"."id" ASC LIMIT $2
;
SELECT "categories".* FROM "categories" WHERE "categories"."parent_id" IS NULL
;
SELECT "categories".* FROM "categories" WHERE "categories"."parent_id" IN ($1, $2)
;
SELECT "products".* FROM "products" WHERE "products"."category_id" IN ($1, $2, $3)
;
SELECT 1 AS one FROM "orders" INNER JOIN "users" ON "users"."id" = "orders"."user_id" WHERE "users"."name" = $1 LIMIT $2
;
SELECT "orders".* FROM "orders" WHERE "orders"."status" IN ($1, $2, $3) ORDER BY "orders"."created_at" DESC LIMIT $4
;
SELECT SUM("orders"."total") AS sum_total, date_trunc('day', orders.created_at) AS date_trunc_day_orders_created_at FROM "orders" GROUP BY date_trunc('day', orders.created_at)
;
SELECT orders.*, row_number() OVER (PARTITION BY user_id ORDER BY total DESC) AS place FROM "orders" LIMIT $1
;
SELECT "comments".* FROM "comments" ORDER BY "comments"."created_at" DESC LIMIT $1
;
SELECT * FROM products WHERE price > 6 AND name <> '50%' LIMIT 3
;
SELECT id, name FROM products WHERE id IN (32, 34, 28, 15, 33, 35, 32, 39) AND price < 6.5
;
INSERT INTO "orders" ("user_id", "created_at", "updated_at") VALUES ($1, $2, $3) RETURNING "id"
;
UPDATE "users" SET "orders_count" = COALESCE("orders_count", 0) + $1 WHERE "users"."id" = $2
;
SELECT "products".* FROM "products" WHERE "products"."id" = $1 LIMIT $2 FOR UPDATE
;
SELECT a.attname
  FROM (
         SELECT indrelid, indkey, generate_subscripts(indkey, 1) idx
           FROM pg_index
          WHERE indrelid = '"items"'::regclass
            AND indisprimary
       ) i
  JOIN pg_attribute a
    ON a.attrelid = i.indrelid
   AND a.attnum = i.indkey[i.idx]
 ORDER BY i.idx

;
INSERT INTO "items" ("order_id", "product_id", "quantity", "price", "created_at", "updated_at") VALUES ($1, $2, $3, $4, $5, $6) RETURNING "id"
;
UPDATE "products" SET stock = stock - 1 WHERE "products"."id" = $1
;
SAVEPOINT active_record_1
;
SELECT SUM(quantity * price) FROM "items" WHERE "items"."order_id" = $1
;
UPDATE "orders" SET "total" = $1, "updated_at" = $2 WHERE "orders"."id" = $3
;
RELEASE SAVEPOINT active_record_1
;
UPDATE "orders" SET "updated_at" = $1 WHERE "orders"."id" = $2
;
SELECT "orders".* FROM "orders" WHERE "orders"."id" = $1 LIMIT $2
;
SELECT "products".* FROM "products" INNER JOIN "items" ON "products"."id" = "items"."product_id" WHERE "items"."order_id" = $1 AND (items.quantity > 1)
;
SELECT "products".* FROM "products" WHERE "products"."id" = $1 LIMIT $2
;
UPDATE "products" SET "name" = $1, "price" = $2, "updated_at" = $3, "lock_version" = $4 WHERE "products"."id" = $5 AND "products"."lock_version" = $6
;
UPDATE "products" SET "stock" = COALESCE("stock", 0) + $1, "lock_version" = COALESCE("lock_version", 0) + $2 WHERE "products"."id" = $3
;
SELECT "tags".* FROM "tags" WHERE "tags"."id" IN ($1, $2, $3, $4)
;
SELECT "tags".* FROM "tags" INNER JOIN "products_tags" ON "tags"."id" = "products_tags"."tag_id" WHERE "products_tags"."product_id" = $1
;
UPDATE "products" SET "updated_at" = $1, "lock_version" = $2 WHERE "products"."id" = $3 AND "products"."lock_version" = $4
;
SELECT a.attname
  FROM (
         SELECT indrelid, indkey, generate_subscripts(indkey, 1) idx
           FROM pg_index
          WHERE indrelid = '"comments"'::regclass
            AND indisprimary
       ) i
  JOIN pg_attribute a
    ON a.attrelid = i.indrelid
   AND a.attnum = i.indkey[i.idx]
 ORDER BY i.idx

;
INSERT INTO "comments" ("commentable_type", "commentable_id", "user_id", "body", "created_at", "updated_at") VALUES ($1, $2, $3, $4, $5, $6) RETURNING "id"
;
SELECT distinct i.relname, d.indisunique, d.indkey, pg_get_indexdef(d.indexrelid), t.oid,
                pg_catalog.obj_description(i.oid, 'pg_class') AS comment
FROM pg_class t
INNER JOIN pg_index d ON t.oid = d.indrelid
INNER JOIN pg_class i ON d.indexrelid = i.oid
LEFT JOIN pg_namespace n ON n.oid = i.relnamespace
WHERE i.relkind IN ('i', 'I')
  AND d.indisprimary = 'f'
  AND t.relname = 'comments'
  AND n.nspname = ANY (current_schemas(false))
ORDER BY i.relname

;
SELECT a.attnum, a.attname
FROM pg_attribute a
WHERE a.attrelid = 16478
AND a.attnum IN (2,3)

;
SELECT a.attnum, a.attname
FROM pg_attribute a
WHERE a.attrelid = 16478
AND a.attnum IN (4)

;
INSERT INTO "comments" ("commentable_type","commentable_id","user_id","body","created_at","updated_at") VALUES ('Product', 1, 6, 'quick it''s O''Hara "x" café', '2024-05-06 07:08:09', '2024-05-06 07:08:09') RETURNING "id"
;
SELECT distinct i.relname, d.indisunique, d.indkey, pg_get_indexdef(d.indexrelid), t.oid,
                pg_catalog.obj_description(i.oid, 'pg_class') AS comment
FROM pg_class t
INNER JOIN pg_index d ON t.oid = d.indrelid
INNER JOIN pg_class i ON d.indexrelid = i.oid
LEFT JOIN pg_namespace n ON n.oid = i.relnamespace
WHERE i.relkind IN ('i', 'I')
  AND d.indisprimary = 'f'
  AND t.relname = 'categories'
  AND n.nspname = ANY (current_schemas(false))
ORDER BY i.relname

;
SELECT a.attnum, a.attname
FROM pg_attribute a
WHERE a.attrelid = 16398
AND a.attnum IN (2)

;
SELECT a.attnum, a.attname
FROM pg_attribute a
WHERE a.attrelid = 16398
AND a.attnum IN (3)

;
INSERT INTO "categories" ("slug","visible","created_at","updated_at") VALUES ('category-0', FALSE, '2024-05-06 07:08:09', '2024-05-06 07:08:09') ON CONFLICT ("slug") DO UPDATE SET "visible"=excluded."visible","created_at"=excluded."created_at","updated_at"=excluded."updated_at" RETURNING "id"
;
SELECT "categories".* FROM "categories" WHERE "categories"."slug" = $1 LIMIT $2
;
ROLLBACK
;
DELETE FROM "comments" WHERE "comments"."id" IN ($1, $2, $3, $4, $5, $6, $7, $8)
;
UPDATE "items" SET "quantity" = $1 WHERE "items"."order_id" = $2
;
SELECT COUNT(*) FROM "items" WHERE "items"."order_id" = $1
;
SELECT 1 AS one FROM "items" WHERE "items"."order_id" = $1 LIMIT $2
;
SELECT COUNT(*) FROM "orders" WHERE "orders"."user_id" = $1
;
UPDATE "users" SET "orders_count" = $1 WHERE "users"."id" = $2
;
SELECT 1 AS one FROM "users" WHERE (settings @> '{"limit":7}') LIMIT $1
;
SELECT "products".* FROM "products" WHERE "products"."active" = $1 AND (price < 28) ORDER BY "products"."price" ASC, "products"."id" DESC LIMIT $2
;
SELECT "categories".* FROM "categories" WHERE "categories"."id" IN ($1, $2, $3)
;
SELECT "users".* FROM "users" WHERE "users"."id" = $1
;
SELECT "items".* FROM "items" WHERE "items"."product_id" IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
;
SELECT products.*, coalesce(sum(items.quantity), 0) AS sold FROM "products" LEFT OUTER JOIN "items" ON "items"."product_id" = "products"."id" GROUP BY "products"."id" HAVING (count(items.id) > 1)
;
SELECT COUNT(*) FROM "products" WHERE "products"."category_id" NOT IN ($1, $2, $3) AND (name ILIKE '%50%%')
;
SELECT "products".* FROM "products" WHERE "products"."id" IN (SELECT "items"."product_id" FROM "items" WHERE (quantity > 1))
;
SELECT "products".* FROM "products" WHERE (sizes && ARRAY[16,1,19,40,1,10,35,6])
;
SELECT "products"."id", "products"."name" FROM "products" WHERE (7 = ANY(sizes))
;
SELECT "products".* FROM "products" WHERE "products"."active" = $1 /* route='products#index',job='1' */
;
SELECT COUNT(*) FROM (SELECT "products".* FROM "products" WHERE (stock > 7)) products WHERE "products"."active" = $1
;
SELECT "categories".* FROM "categories" WHERE "categories"."parent_id" IN ($1, $2, $3, $4)
;
SELECT "orders".* FROM "orders" WHERE "orders"."status" = $1 ORDER BY "orders"."created_at" DESC LIMIT $2
;
SELECT "products".* FROM "products" WHERE "products"."id" IN ($1, $2)
;
SELECT * FROM products WHERE price > 7 AND name <> 'blue' LIMIT 3
;
SELECT id, name FROM products WHERE id IN (16, 1, 19, 40, 1, 10, 35, 6) AND price < 7.5
;
UPDATE "orders" SET "status" = $1, "updated_at" = $2 WHERE "orders"."id" = $3
;
INSERT INTO "comments" ("commentable_type","commentable_id","user_id","body","created_at","updated_at") VALUES ('Product', 1, 7, 'café quick it''s blue it''s', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 2, 7, 'O''Hara a_b it''s blue it''s', '2024-05-06 07:08:09', '2024-05-06 07:08:09') RETURNING "id"
;
INSERT INTO "categories" ("slug","visible","created_at","updated_at") VALUES ('category-0', FALSE, '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('category-1', TRUE, '2024-05-06 07:08:09', '2024-05-06 07:08:09') ON CONFLICT ("slug") DO UPDATE SET "visible"=excluded."visible","created_at"=excluded."created_at","updated_at"=excluded."updated_at" RETURNING "id"
;
SELECT 1 AS one FROM "users" WHERE (settings @> '{"limit":11}') LIMIT $1
;
SELECT "products".* FROM "products" WHERE "products"."active" = $1 AND (price < 44) ORDER BY "products"."price" ASC, "products"."id" DESC LIMIT $2
;
SELECT "products".* FROM "products" WHERE "products"."id" = $1
;
SELECT "categories".* FROM "categories" WHERE "categories"."id" = $1
;
SELECT "products_tags".* FROM "products_tags" WHERE "products_tags"."product_id" = $1
;
SELECT "tags".* FROM "tags" WHERE "tags"."id" IN ($1, $2)
;
SELECT "comments".* FROM "comments" WHERE "comments"."commentable_type" = $1 AND "comments"."commentable_id" = $2
;
SELECT "items".* FROM "items" WHERE "items"."product_id" IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
;
SELECT products.*, coalesce(sum(items.quantity), 0) AS sold FROM "products" LEFT OUTER JOIN "items" ON "items"."product_id" = "products"."id" GROUP BY "products"."id" HAVING (count(items.id) > 2)
;
SELECT COUNT(*) FROM "products" WHERE "products"."category_id" != $1 AND (name ILIKE '%\new%')
;
SELECT "products".* FROM "products" WHERE "products"."id" IN (SELECT "items"."product_id" FROM "items" WHERE (quantity > 2))
;
SELECT "products".* FROM "products" WHERE (sizes && ARRAY[34])
;
SELECT "products"."id", "products"."name" FROM "products" WHERE (11 = ANY(sizes))
;
SELECT "products".* FROM "products" WHERE "products"."active" = $1 /* route='products#index',job='2' */
;
SELECT COUNT(*) FROM (SELECT "products".* FROM "products" WHERE (stock > 11)) products WHERE "products"."active" = $1
;
SELECT "categories".* FROM "categories" WHERE "categories"."parent_id" IN ($1, $2, $3, $4, $5)
;
SELECT "products".* FROM "products" WHERE "products"."id" IN ($1, $2, $3)
;
SELECT * FROM products WHERE price > 11 AND name <> 'a_b' LIMIT 3
;
SELECT id, name FROM products WHERE id IN (34) AND price < 11.5
;
SELECT "tags".* FROM "tags" WHERE "tags"."id" = $1
;
DELETE FROM "products_tags" WHERE "products_tags"."product_id" = $1 AND "products_tags"."tag_id" IN ($2, $3)
;
INSERT INTO "comments" ("commentable_type","commentable_id","user_id","body","created_at","updated_at") VALUES ('Product', 1, 11, 'a_b tall 50% quick quick', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 2, 11, '50% 50% a_b blue a_b', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 3, 11, 'O''Hara a_b tall a_b \new', '2024-05-06 07:08:09', '2024-05-06 07:08:09') RETURNING "id"
;
INSERT INTO "categories" ("slug","visible","created_at","updated_at") VALUES ('category-0', FALSE, '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('category-1', TRUE, '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('category-2', FALSE, '2024-05-06 07:08:09', '2024-05-06 07:08:09') ON CONFLICT ("slug") DO UPDATE SET "visible"=excluded."visible","created_at"=excluded."created_at","updated_at"=excluded."updated_at" RETURNING "id"
;
DELETE FROM "comments" WHERE "comments"."id" = $1
;
SELECT 1 AS one FROM "users" WHERE (settings @> '{"limit":12}') LIMIT $1
;
SELECT "products".* FROM "products" WHERE "products"."active" = $1 AND (price < 48) ORDER BY "products"."price" ASC, "products"."id" DESC LIMIT $2
;
SELECT "products_tags".* FROM "products_tags" WHERE "products_tags"."product_id" IN ($1, $2, $3, $4, $5, $6, $7, $8)
;
SELECT "comments".* FROM "comments" WHERE "comments"."commentable_type" = $1 AND "comments"."commentable_id" IN ($2, $3, $4, $5, $6, $7, $8, $9)
;
SELECT "items".* FROM "items" WHERE "items"."product_id" IN ($1, $2, $3, $4, $5, $6, $7, $8, $9)
;
SELECT "products".* FROM "products" WHERE (sizes && ARRAY[17,6,30,10,40,15,7,3])
;
SELECT "products"."id", "products"."name" FROM "products" WHERE (12 = ANY(sizes))
;
SELECT COUNT(*) FROM (SELECT "products".* FROM "products" WHERE (stock > 12)) products WHERE "products"."active" = $1
;
SELECT "categories".* FROM "categories" WHERE "categories"."parent_id" IN ($1, $2, $3, $4, $5, $6)
;
SELECT "products".* FROM "products" WHERE "products"."id" IN ($1, $2, $3, $4, $5)
;
SELECT * FROM products WHERE price > 12 AND name <> '"x"' LIMIT 3
;
SELECT id, name FROM products WHERE id IN (17, 6, 30, 10, 40, 15, 7, 3) AND price < 12.5
;
INSERT INTO "comments" ("commentable_type","commentable_id","user_id","body","created_at","updated_at") VALUES ('Product', 1, 12, 'O''Hara \new quick 50% quick', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 2, 12, '50% café quick a_b tall', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 3, 12, 'café it''s it''s \new O''Hara', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 4, 12, 'tall it''s quick blue \new', '2024-05-06 07:08:09', '2024-05-06 07:08:09') RETURNING "id"
;
INSERT INTO "categories" ("slug","visible","created_at","updated_at") VALUES ('category-0', FALSE, '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('category-1', TRUE, '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('category-2', FALSE, '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('category-3', TRUE, '2024-05-06 07:08:09', '2024-05-06 07:08:09') ON CONFLICT ("slug") DO UPDATE SET "visible"=excluded."visible","created_at"=excluded."created_at","updated_at"=excluded."updated_at" RETURNING "id"
;
SELECT "items".* FROM "items" WHERE "items"."order_id" = $1
;
DELETE FROM "items" WHERE "items"."id" = $1
;
DELETE FROM "orders" WHERE "orders"."id" = $1
;
UPDATE "users" SET "orders_count" = COALESCE("orders_count", 0) - $1 WHERE "users"."id" = $2
;
SELECT 1 AS one FROM "users" WHERE (settings @> '{"limit":9}') LIMIT $1
;
SELECT "products".* FROM "products" WHERE "products"."active" = $1 AND (price < 36) ORDER BY "products"."price" ASC, "products"."id" DESC LIMIT $2
;
SELECT "categories".* FROM "categories" WHERE "categories"."id" IN ($1, $2)
;
SELECT "products_tags".* FROM "products_tags" WHERE "products_tags"."product_id" IN ($1, $2)
;
SELECT "comments".* FROM "comments" WHERE "comments"."commentable_type" = $1 AND "comments"."commentable_id" IN ($2, $3)
;
SELECT "items".* FROM "items" WHERE "items"."product_id" IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
;
SELECT COUNT(*) FROM "products" WHERE "products"."category_id" NOT IN ($1, $2) AND (name ILIKE '%blue%')
;
SELECT "products".* FROM "products" WHERE (sizes && ARRAY[35,4])
;
SELECT "products"."id", "products"."name" FROM "products" WHERE (9 = ANY(sizes))
;
SELECT COUNT(*) FROM (SELECT "products".* FROM "products" WHERE (stock > 9)) products WHERE "products"."active" = $1
;
SELECT "categories".* FROM "categories" WHERE "categories"."parent_id" IN ($1, $2, $3, $4, $5, $6, $7)
;
SELECT "products".* FROM "products" WHERE "products"."id" IN ($1, $2, $3, $4)
;
SELECT * FROM products WHERE price > 9 AND name <> '50%' LIMIT 3
;
SELECT id, name FROM products WHERE id IN (35, 4) AND price < 9.5
;
INSERT INTO "comments" ("commentable_type","commentable_id","user_id","body","created_at","updated_at") VALUES ('Product', 1, 9, 'blue tall a_b café "x"', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 2, 9, '50% O''Hara a_b "x" "x"', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 3, 9, '"x" O''Hara \new tall O''Hara', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 4, 9, 'a_b 50% café 50% tall', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 5, 9, 'a_b O''Hara café tall 50%', '2024-05-06 07:08:09', '2024-05-06 07:08:09') RETURNING "id"
;
DELETE FROM "comments" WHERE "comments"."id" IN ($1, $2)
;
SELECT 1 AS one FROM "users" WHERE (settings @> '{"limit":10}') LIMIT $1
;
SELECT "products".* FROM "products" WHERE "products"."active" = $1 AND (price < 40) ORDER BY "products"."price" ASC, "products"."id" DESC LIMIT $2
;
SELECT "products".* FROM "products" WHERE (sizes && ARRAY[6,25,12,27,35,17,20,35])
;
SELECT "products"."id", "products"."name" FROM "products" WHERE (10 = ANY(sizes))
;
SELECT COUNT(*) FROM (SELECT "products".* FROM "products" WHERE (stock > 10)) products WHERE "products"."active" = $1
;
SELECT "categories".* FROM "categories" WHERE "categories"."parent_id" IN ($1, $2, $3, $4, $5, $6, $7, $8)
;
SELECT * FROM products WHERE price > 10 AND name <> 'O''Hara' LIMIT 3
;
SELECT id, name FROM products WHERE id IN (6, 25, 12, 27, 35, 17, 20, 35) AND price < 10.5
;
INSERT INTO "comments" ("commentable_type","commentable_id","user_id","body","created_at","updated_at") VALUES ('Product', 1, 10, 'O''Hara "x" blue it''s blue', '2024-05-06 07:08:09', '2024-05-06 07:08:09') RETURNING "id"
;
SELECT "products_tags".* FROM "products_tags" WHERE "products_tags"."product_id" IN ($1, $2, $3, $4, $5, $6)
;
SELECT "comments".* FROM "comments" WHERE "comments"."commentable_type" = $1 AND "comments"."commentable_id" IN ($2, $3, $4, $5, $6, $7)
;
SELECT "users".* FROM "users" WHERE "users"."id" IN ($1, $2, $3, $4)
;
SELECT COUNT(*) FROM "products" WHERE "products"."category_id" NOT IN ($1, $2, $3) AND (name ILIKE '%blue%')
;
SELECT "products".* FROM "products" WHERE (sizes && ARRAY[31,1,35,21,16,21,18])
;
SELECT "products".* FROM "products" WHERE "products"."id" IN ($1, $2, $3, $4, $5, $6)
;
SELECT "categories".* FROM "categories" WHERE "categories"."parent_id" IN ($1, $2, $3, $4, $5, $6, $7, $8, $9)
;
SELECT * FROM products WHERE price > 11 AND name <> 'café' LIMIT 3
;
SELECT id, name FROM products WHERE id IN (31, 1, 35, 21, 16, 21, 18) AND price < 11.5
;
INSERT INTO "comments" ("commentable_type","commentable_id","user_id","body","created_at","updated_at") VALUES ('Product', 1, 11, 'a_b O''Hara tall quick "x"', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 2, 11, 'a_b \new a_b it''s blue', '2024-05-06 07:08:09', '2024-05-06 07:08:09') RETURNING "id"
;
DELETE FROM "comments" WHERE "comments"."id" IN ($1, $2, $3, $4, $5, $6, $7)
;
SELECT 1 AS one FROM "users" WHERE (settings @> '{"limit":8}') LIMIT $1
;
SELECT "products".* FROM "products" WHERE "products"."active" = $1 AND (price < 32) ORDER BY "products"."price" ASC, "products"."id" DESC LIMIT $2
;
SELECT "users".* FROM "users" WHERE "users"."id" IN ($1, $2)
;
SELECT "items".* FROM "items" WHERE "items"."product_id" IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
;
SELECT "products".* FROM "products" WHERE (sizes && ARRAY[5,4,24,29,37,32,22])
;
SELECT "products"."id", "products"."name" FROM "products" WHERE (8 = ANY(sizes))
;
SELECT COUNT(*) FROM (SELECT "products".* FROM "products" WHERE (stock > 8)) products WHERE "products"."active" = $1
;
SELECT "categories".* FROM "categories" WHERE "categories"."parent_id" IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
;
SELECT * FROM products WHERE price > 8 AND name <> 'it''s' LIMIT 3
;
SELECT id, name FROM products WHERE id IN (5, 4, 24, 29, 37, 32, 22) AND price < 8.5
;
INSERT INTO "comments" ("commentable_type","commentable_id","user_id","body","created_at","updated_at") VALUES ('Product', 1, 8, 'a_b blue a_b tall café', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 2, 8, 'it''s a_b quick blue blue', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 3, 8, 'O''Hara quick blue tall "x"', '2024-05-06 07:08:09', '2024-05-06 07:08:09') RETURNING "id"
;
SELECT COUNT(*) FROM "products" WHERE "products"."category_id" NOT IN ($1, $2) AND (name ILIKE '%tall%')
;
SELECT "products".* FROM "products" WHERE (sizes && ARRAY[3,15])
;
SELECT "categories".* FROM "categories" WHERE "categories"."parent_id" IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
;
SELECT * FROM products WHERE price > 7 AND name <> 'quick' LIMIT 3
;
SELECT id, name FROM products WHERE id IN (3, 15) AND price < 7.5
;
DELETE FROM "products_tags" WHERE "products_tags"."product_id" = $1 AND "products_tags"."tag_id" IN ($2, $3, $4)
;
INSERT INTO "comments" ("commentable_type","commentable_id","user_id","body","created_at","updated_at") VALUES ('Product', 1, 7, 'it''s O''Hara \new quick café', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 2, 7, 'café a_b O''Hara "x" 50%', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 3, 7, 'quick "x" "x" quick a_b', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 4, 7, '"x" \new \new a_b tall', '2024-05-06 07:08:09', '2024-05-06 07:08:09') RETURNING "id"
;
SELECT 1 AS one FROM "users" WHERE (settings @> '{"limit":3}') LIMIT $1
;
SELECT "products".* FROM "products" WHERE "products"."active" = $1 AND (price < 12) ORDER BY "products"."price" ASC, "products"."id" DESC LIMIT $2
;
SELECT "items".* FROM "items" WHERE "items"."product_id" IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
;
SELECT COUNT(*) FROM "products" WHERE "products"."category_id" NOT IN ($1, $2, $3) AND (name ILIKE '%O''Hara%')
;
SELECT "products".* FROM "products" WHERE (sizes && ARRAY[38,18,18])
;
SELECT "products"."id", "products"."name" FROM "products" WHERE (3 = ANY(sizes))
;
SELECT COUNT(*) FROM (SELECT "products".* FROM "products" WHERE (stock > 3)) products WHERE "products"."active" = $1
;
SELECT "categories".* FROM "categories" WHERE "categories"."parent_id" IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
;
SELECT * FROM products WHERE price > 3 AND name <> 'café' LIMIT 3
;
SELECT id, name FROM products WHERE id IN (38, 18, 18) AND price < 3.5
;
INSERT INTO "comments" ("commentable_type","commentable_id","user_id","body","created_at","updated_at") VALUES ('Product', 1, 3, 'it''s blue quick a_b blue', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 2, 3, 'café a_b quick O''Hara \new', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 3, 3, 'quick "x" a_b café "x"', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 4, 3, 'tall 50% O''Hara it''s it''s', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 5, 3, '50% it''s tall it''s quick', '2024-05-06 07:08:09', '2024-05-06 07:08:09') RETURNING "id"
;
DELETE FROM "comments" WHERE "comments"."id" IN ($1, $2, $3)
;
SELECT 1 AS one FROM "users" WHERE (settings @> '{"limit":2}') LIMIT $1
;
SELECT "products".* FROM "products" WHERE "products"."active" = $1 AND (price < 8) ORDER BY "products"."price" ASC, "products"."id" DESC LIMIT $2
;
SELECT "products_tags".* FROM "products_tags" WHERE "products_tags"."product_id" IN ($1, $2, $3)
;
SELECT "comments".* FROM "comments" WHERE "comments"."commentable_type" = $1 AND "comments"."commentable_id" IN ($2, $3, $4)
;
SELECT "items".* FROM "items" WHERE "items"."product_id" IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)
;
SELECT COUNT(*) FROM "products" WHERE "products"."category_id" NOT IN ($1, $2, $3) AND (name ILIKE '%a_b%')
;
SELECT "products".* FROM "products" WHERE (sizes && ARRAY[9,14,6])
;
SELECT "products"."id", "products"."name" FROM "products" WHERE (2 = ANY(sizes))
;
SELECT COUNT(*) FROM (SELECT "products".* FROM "products" WHERE (stock > 2)) products WHERE "products"."active" = $1
;
SELECT "categories".* FROM "categories" WHERE "categories"."parent_id" IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
;
SELECT * FROM products WHERE price > 2 AND name <> 'tall' LIMIT 3
;
SELECT id, name FROM products WHERE id IN (9, 14, 6) AND price < 2.5
;
DELETE FROM "products_tags" WHERE "products_tags"."product_id" = $1 AND "products_tags"."tag_id" = $2
;
INSERT INTO "comments" ("commentable_type","commentable_id","user_id","body","created_at","updated_at") VALUES ('Product', 1, 2, 'a_b "x" a_b quick 50%', '2024-05-06 07:08:09', '2024-05-06 07:08:09') RETURNING "id"
;
SELECT "products_tags".* FROM "products_tags" WHERE "products_tags"."product_id" IN ($1, $2, $3, $4, $5)
;
SELECT "comments".* FROM "comments" WHERE "comments"."commentable_type" = $1 AND "comments"."commentable_id" IN ($2, $3, $4, $5, $6)
;
SELECT COUNT(*) FROM "products" WHERE "products"."category_id" NOT IN ($1, $2, $3) AND (name ILIKE '%café%')
;
SELECT "products".* FROM "products" WHERE (sizes && ARRAY[11,9,12,40,4])
;
SELECT "categories".* FROM "categories" WHERE "categories"."parent_id" IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
;
SELECT * FROM products WHERE price > 8 AND name <> 'blue' LIMIT 3
;
SELECT id, name FROM products WHERE id IN (11, 9, 12, 40, 4) AND price < 8.5
;
INSERT INTO "comments" ("commentable_type","commentable_id","user_id","body","created_at","updated_at") VALUES ('Product', 1, 8, 'O''Hara 50% \new blue 50%', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 2, 8, '"x" café 50% blue it''s', '2024-05-06 07:08:09', '2024-05-06 07:08:09') RETURNING "id"
;
DELETE FROM "comments" WHERE "comments"."id" IN ($1, $2, $3, $4, $5)
;
SELECT COUNT(*) FROM "products" WHERE "products"."category_id" NOT IN ($1, $2, $3) AND (name ILIKE '%quick%')
;
SELECT "products".* FROM "products" WHERE (sizes && ARRAY[24,40,3,20,23,13,25,3])
;
SELECT "categories".* FROM "categories" WHERE "categories"."parent_id" IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
;
SELECT "products".* FROM "products" WHERE "products"."id" IN ($1, $2, $3, $4, $5, $6, $7, $8, $9)
;
SELECT * FROM products WHERE price > 11 AND name <> 'tall' LIMIT 3
;
SELECT id, name FROM products WHERE id IN (24, 40, 3, 20, 23, 13, 25, 3) AND price < 11.5
;
INSERT INTO "comments" ("commentable_type","commentable_id","user_id","body","created_at","updated_at") VALUES ('Product', 1, 11, 'O''Hara \new it''s O''Hara tall', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 2, 11, '\new 50% blue "x" \new', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 3, 11, 'it''s it''s O''Hara it''s "x"', '2024-05-06 07:08:09', '2024-05-06 07:08:09') RETURNING "id"
;
SELECT "categories".* FROM "categories" WHERE "categories"."id" IN ($1, $2, $3, $4, $5)
;
SELECT "items".* FROM "items" WHERE "items"."product_id" IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
;
SELECT "products".* FROM "products" WHERE (sizes && ARRAY[2,35,18,6,39,32,15])
;
SELECT "categories".* FROM "categories" WHERE "categories"."parent_id" IN ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
;
SELECT * FROM products WHERE price > 3 AND name <> 'a_b' LIMIT 3
;
SELECT id, name FROM products WHERE id IN (2, 35, 18, 6, 39, 32, 15) AND price < 3.5
;
INSERT INTO "comments" ("commentable_type","commentable_id","user_id","body","created_at","updated_at") VALUES ('Product', 1, 3, 'blue \new it''s a_b blue', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 2, 3, '"x" blue quick café café', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 3, 3, 'tall tall "x" blue "x"', '2024-05-06 07:08:09', '2024-05-06 07:08:09'), ('Product', 4, 3, '50% blue tall café 50%', '2024-05-06 07:08:09', '2024-05-06 07:08:09') RETURNING "id"
;
