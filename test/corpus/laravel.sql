DEALLOCATE pdo_stmt_0000001e
;
insert into "users" ("name", "email", "password", "settings", "updated_at", "created_at") values ($1, $2, $3, $4, $5, $6) returning "id"
;
DEALLOCATE pdo_stmt_0000001f
;
DEALLOCATE pdo_stmt_00000020
;
DEALLOCATE pdo_stmt_00000021
;
DEALLOCATE pdo_stmt_00000022
;
DEALLOCATE pdo_stmt_00000023
;
DEALLOCATE pdo_stmt_00000024
;
DEALLOCATE pdo_stmt_00000025
;
DEALLOCATE pdo_stmt_00000026
;
DEALLOCATE pdo_stmt_00000027
;
DEALLOCATE pdo_stmt_00000028
;
DEALLOCATE pdo_stmt_00000029
;
DEALLOCATE pdo_stmt_0000002a
;
insert into "categories" ("slug", "parent_id", "updated_at", "created_at") values ($1, $2, $3, $4) returning "id"
;
DEALLOCATE pdo_stmt_0000002b
;
DEALLOCATE pdo_stmt_0000002c
;
DEALLOCATE pdo_stmt_0000002d
;
DEALLOCATE pdo_stmt_0000002e
;
DEALLOCATE pdo_stmt_0000002f
;
insert into "tags" ("name") values ($1), ($2) on conflict do nothing
;
DEALLOCATE pdo_stmt_00000030
;
DEALLOCATE pdo_stmt_00000031
;
insert into "products" ("category_id", "sku", "name", "price", "stock", "attributes", "updated_at", "created_at") values ($1, $2, $3, $4, $5, $6, $7, $8) returning "id"
;
select * from "users" where "email" = $1 and "users"."deleted_at" is null limit 1
;
select * from "users" where "users"."id" = $1 and "users"."deleted_at" is null limit 1
;
update "users" set "remember_token" = $1, "updated_at" = $2 where "id" = $3
;
select count(*) as aggregate from "users" where ("email_verified_at" is not null or "settings"->>'theme' = $1) and "users"."deleted_at" is null
;
select exists(select * from "users" where ("settings")::jsonb @> $1 and "users"."deleted_at" is null) as "exists"
;
select "email", "id" from "users" where "name"::text ilike $1
;
select * from "users" where "users"."deleted_at" is not null order by "created_at" desc limit 4
;
select * from "products" where "active" = $1 and "price" < $2 order by "price" asc, "id" desc limit 10
;
select * from "products" where "id" in ($1, $2, $3, $4, $5, $6, $7, $8, $9)
;
select * from "categories" where "categories"."id" in (1, 2, 3, 4, 5)
;
select "tags".*, "product_tag"."product_id" as "pivot_product_id", "product_tag"."tag_id" as "pivot_tag_id", "product_tag"."tagged_at" as "pivot_tagged_at" from "tags" inner join "product_tag" on "tags"."id" = "product_tag"."tag_id" where "product_tag"."product_id" in (5, 6, 7, 17, 23, 28, 32, 38, 39)
;
select * from "comments" where "comments"."commentable_id" in (5, 6, 7, 17, 23, 28, 32, 38, 39) and "comments"."commentable_type" = $1
;
select count(*) as aggregate from "products"
;
select * from "products" limit 5 offset 0
;
select * from "products" limit 8 offset 0
;
select "products".*, (select count(*) from "items" where "products"."id" = "items"."product_id") as "items_count", (select count(*) from "comments" where "products"."id" = "comments"."commentable_id" and "comments"."commentable_type" = $1) as "reviews_count" from "products" where "products"."id" in ($2, $3, $4, $5, $6, $7, $8, $9, $10)
;
select * from "products" where exists (select * from "tags" inner join "product_tag" on "tags"."id" = "product_tag"."tag_id" where "products"."id" = "product_tag"."product_id" and "name" = $1)
;
select * from "products" where not exists (select * from "items" where "products"."id" = "items"."product_id") or exists (select * from "categories" where "products"."category_id" = "categories"."id" and "visible" = $1 and "parent_id" is null)
;
select * from "products" where (select count(*) from "comments" where "products"."id" = "comments"."commentable_id" and "comments"."commentable_type" = $1) >= 0
;
select * from "products" where ("name"::text like $1 or "sku" = $2) and "price" between $3 and $4 and "category_id" not in ($5, $6, $7)
;
select category_id, count(*) as n, avg(price) as mean, sum(stock) from "products" group by "category_id" having count(*) > $1
;
select * from "products" where "attributes"->>'colour' = $1 and "attributes"->>'size' > $2
;
select "id" from "products" where "created_at"::date = $1 and "created_at"::time > $2 and extract(year from "created_at") = $3 limit 1
;
select * from "products" order by RANDOM() limit 1
;
select * from "products" where stock * price > $1 or lower(name) = 'x4'
;
select max("price") as aggregate from "products" where "stock" > "price"
;
select sum("stock") as aggregate from "products" where "stock" > $1
;
select * from "products" order by "id" asc limit 15
;
select * from "products" where "id" > $1 order by "id" asc limit 15
;
select * from "products" order by "products"."id" asc limit 20 offset 0
;
select * from "categories" where "parent_id" is null
;
select * from "categories" where "categories"."parent_id" in (1, 2)
;
select "id", "name", "category_id" from "products" where "products"."category_id" in (3, 4, 5) and "stock" > $1
;
select "products".*, "categories"."slug" as "category", coalesce(sum(items.quantity), 0) as sold from "products" inner join "categories" on "categories"."id" = "products"."category_id" left join "items" on "items"."product_id" = "products"."id" and "items"."quantity" > $1 group by "products"."id", "categories"."slug" order by "sold" desc
;
(select "id" from "products" where "stock" < $1) union (select "id" from "products" where "price" < $2)
;
select * from (select "user_id", max(total) as best from "orders" group by "user_id") as "tops" where "best" > $1
;
select "orders".*, (select "id" from "items" where "order_id" = "orders"."id" order by "created_at" desc limit 1) as "last_item" from "orders" where "status" = $1 and "orders"."deleted_at" is null
;
BEGIN
;
insert into "orders" ("status", "user_id", "updated_at", "created_at") values ($1, $2, $3, $4) returning "id"
;
select * from "products" where "products"."id" = $1 limit 1 for update
;
insert into "items" ("product_id", "quantity", "price", "order_id", "updated_at", "created_at") values ($1, $2, $3, $4, $5, $6) returning "id"
;
update "orders" set "updated_at" = $1 where "orders"."id" = $2
;
select * from "orders" where "orders"."id" = $1 and "orders"."deleted_at" is null limit 1
;
update "products" set "stock" = "stock" - 1, "updated_at" = $1 where "id" = $2
;
SAVEPOINT trans2
;
update "orders" set "total" = (select sum(quantity * price) from items where order_id = orders.id), "updated_at" = $1 where "orders"."id" = $2 and "orders"."deleted_at" is null
;
select * from "orders" where "id" = $1 limit 1
;
COMMIT
;
select * from "orders" where "orders"."deleted_at" is null limit 1 for share
;
ROLLBACK TO SAVEPOINT trans2
;
ROLLBACK
;
select * from "orders" where "orders"."deleted_at" is null order by "id" desc limit 1
;
select * from "items" where "items"."order_id" in (1)
;
select * from "products" where "products"."id" in (6, 7, 17, 39)
;
select * from "categories" where "categories"."id" in (2, 3, 5)
;
select * from "users" where "users"."id" in (4) and "users"."deleted_at" is null
;
update "orders" set "status" = $1, "paid_at" = $2, "updated_at" = $3 where "id" = $4
;
select "products".*, "items"."order_id" as "pivot_order_id", "items"."product_id" as "pivot_product_id" from "products" inner join "items" on "products"."id" = "items"."product_id" where "items"."order_id" = $1 and "items"."quantity" > $2
;
select "orders".* from "orders" inner join (select MAX("orders"."id") as "id_aggregate", "orders"."user_id" from "orders" where "orders"."user_id" in (4) and "orders"."deleted_at" is null group by "orders"."user_id") as "latestOfMany" on "latestOfMany"."id_aggregate" = "orders"."id" and "latestOfMany"."user_id" = "orders"."user_id" where "orders"."deleted_at" is null
;
select "items".*, "orders"."user_id" as "laravel_through_key" from "items" inner join "orders" on "orders"."id" = "items"."order_id" where "orders"."user_id" in (4) and "orders"."deleted_at" is null
;
select exists(select * from "orders" where "orders"."user_id" = $1 and "orders"."user_id" is not null and "status" = $2 and extract(month from "created_at") = $3 and "orders"."deleted_at" is null) as "exists"
;
update "orders" set "deleted_at" = $1, "updated_at" = $2 where "created_at" < $3 and "status" = $4 and "orders"."deleted_at" is null
;
select * from "orders" where "status" in ($1, $2, $3) and "orders"."deleted_at" is null order by "id" asc limit 5
;
update "orders" set "deleted_at" = $1, "updated_at" = $2 where "orders"."deleted_at" is not null and "user_id" = $3
;
insert into "comments" ("body", "commentable_id", "commentable_type", "created_at", "user_id") values ($1, $2, $3, $4, $5)
;
insert into "products" ("category_id", "created_at", "name", "price", "sku", "updated_at") values ($1, $2, $3, $4, $5, $6), ($7, $8, $9, $10, $11, $12), ($13, $14, $15, $16, $17, $18), ($19, $20, $21, $22, $23, $24), ($25, $26, $27, $28, $29, $30), ($31, $32, $33, $34, $35, $36), ($37, $38, $39, $40, $41, $42), ($43, $44, $45, $46, $47, $48), ($49, $50, $51, $52, $53, $54) on conflict ("sku") do update set "price" = "excluded"."price", "name" = "excluded"."name", "updated_at" = "excluded"."updated_at"
;
select * from "products" where "products"."id" = $1 limit 1
;
select * from "product_tag" where "product_tag"."product_id" = $1
;
insert into "product_tag" ("product_id", "tag_id") values ($1, $2)
;
insert into "product_tag" ("product_id", "tag_id", "tagged_at") values ($1, $2, $3)
;
update "product_tag" set "tagged_at" = $1 where "product_tag"."product_id" = $2 and "tag_id" in ($3)
;
delete from "product_tag" where "product_tag"."product_id" = $1 and "product_tag"."tag_id" in ($2)
;
insert into "comments" ("user_id", "body", "commentable_id", "commentable_type", "updated_at", "created_at") values ($1, $2, $3, $4, $5, $6) returning "id"
;
select * from "comments" order by "created_at" desc limit 5
;
select * from "products" where "products"."id" in (26, 17)
;
select * from "categories" where ("slug" = $1) limit 1
;
update "categories" set "visible" = $1, "updated_at" = $2 where "id" = $3
;
insert into "categories" ("slug", "updated_at", "created_at") values ($1, $2, $3) returning "id"
;
delete from "tags" where "name" = $1
;
select * from "comments" where "id" in ($1, $2, $3, $4, $5, $6, $7, $8, $9)
;
update "products" set "updated_at" = $1 where "id" = $2
;
select * from "items" where "order_id" = $1
;
update "items" set "quantity" = $1, "updated_at" = $2 where "id" = $3
;
select * from "cache" where "key" = $1 limit 1
;
insert into "cache" ("key", "value", "expiration") values ($1, $2, $3) on conflict ("key") do update set "key" = "excluded"."key", "value" = "excluded"."value", "expiration" = "excluded"."expiration"
;
delete from "cache" where "expiration" <= $1
;
select * from "sessions" where "id" = $1 limit 1
;
insert into "sessions" ("id", "user_id", "payload", "ip_address", "last_activity") values ($1, $2, $3, $4, $5)
;
update "sessions" set "payload" = $1, "last_activity" = $2 where "id" = $3
;
insert into "jobs" ("queue", "payload", "attempts", "available_at", "created_at") values ($1, $2, $3, $4, $5) returning "id"
;
select * from "jobs" where "queue" = $1 and (("reserved_at" is null and "available_at" <= $2) or ("reserved_at" <= $3)) order by "id" asc limit 1 FOR UPDATE SKIP LOCKED
;
update "jobs" set "reserved_at" = $1, "attempts" = $2 where "id" = $3
;
delete from "jobs" where "id" = $1
;
select count(*) as aggregate from "users" where "email" = $1 and "id" <> $2
;
select date_trunc('day', created_at) as day, count(*) from orders where created_at > $1 group by 1 order by 1
;
select id, name from users where email like 'user4%' and id in (17, 39, 7, 6, 23, 38, 5, 28, 32) limit 4
;
select * from "users" where "users"."deleted_at" is not null order by "created_at" desc limit 5
;
select * from "products" where "id" in ($1)
;
select * from "categories" where "categories"."id" in (4)
;
select "tags".*, "product_tag"."product_id" as "pivot_product_id", "product_tag"."tag_id" as "pivot_tag_id", "product_tag"."tagged_at" as "pivot_tagged_at" from "tags" inner join "product_tag" on "tags"."id" = "product_tag"."tag_id" where "product_tag"."product_id" in (8)
;
select * from "comments" where "comments"."commentable_id" in (8) and "comments"."commentable_type" = $1
;
select * from "products" limit 5 offset 5
;
select * from "products" limit 8 offset 7
;
select "products".*, (select count(*) from "items" where "products"."id" = "items"."product_id") as "items_count", (select count(*) from "comments" where "products"."id" = "comments"."commentable_id" and "comments"."commentable_type" = $1) as "reviews_count" from "products" where "products"."id" in ($2)
;
select * from "products" where exists (select * from "comments" where "products"."id" = "comments"."commentable_id" and "comments"."commentable_type" = $1)
;
select * from "products" where ("name"::text like $1 or "sku" = $2) and "price" between $3 and $4 and "category_id" not in ($5)
;
select * from "products" where stock * price > $1 or lower(name) = 'x5'
;
select * from "categories" where "categories"."parent_id" in (1, 2, 6)
;
select * from "items" where "items"."order_id" in (2)
;
select * from "products" where "products"."id" in (8)
;
select * from "users" where "users"."id" in (5) and "users"."deleted_at" is null
;
select "orders".* from "orders" inner join (select MAX("orders"."id") as "id_aggregate", "orders"."user_id" from "orders" where "orders"."user_id" in (5) and "orders"."deleted_at" is null group by "orders"."user_id") as "latestOfMany" on "latestOfMany"."id_aggregate" = "orders"."id" and "latestOfMany"."user_id" = "orders"."user_id" where "orders"."deleted_at" is null
;
select "items".*, "orders"."user_id" as "laravel_through_key" from "items" inner join "orders" on "orders"."id" = "items"."order_id" where "orders"."user_id" in (5) and "orders"."deleted_at" is null
;
select * from "orders" where "status" in ($1) and "orders"."deleted_at" is null order by "id" asc limit 5
;
insert into "products" ("category_id", "created_at", "name", "price", "sku", "updated_at") values ($1, $2, $3, $4, $5, $6) on conflict ("sku") do update set "price" = "excluded"."price", "name" = "excluded"."name", "updated_at" = "excluded"."updated_at"
;
select * from "comments" order by "created_at" desc limit 6
;
select * from "products" where "products"."id" in (13, 8, 26, 17)
;
select * from "comments" where "id" in ($1)
;
select id, name from users where email like 'user5%' and id in (8) limit 5
;
select * from "users" where "users"."deleted_at" is not null order by "created_at" desc limit 8
;
select * from "products" where "id" in ($1, $2, $3, $4, $5)
;
select * from "categories" where "categories"."id" in (3, 4, 5)
;
select "tags".*, "product_tag"."product_id" as "pivot_product_id", "product_tag"."tag_id" as "pivot_tag_id", "product_tag"."tagged_at" as "pivot_tagged_at" from "tags" inner join "product_tag" on "tags"."id" = "product_tag"."tag_id" where "product_tag"."product_id" in (7, 9, 13, 17, 18)
;
select * from "comments" where "comments"."commentable_id" in (7, 9, 13, 17, 18) and "comments"."commentable_type" = $1
;
select * from "users" where "users"."id" in (4, 5) and "users"."deleted_at" is null
;
select * from "products" limit 5 offset 10
;
select * from "products" limit 8 offset 14
;
select "products".*, (select count(*) from "items" where "products"."id" = "items"."product_id") as "items_count", (select count(*) from "comments" where "products"."id" = "comments"."commentable_id" and "comments"."commentable_type" = $1) as "reviews_count" from "products" where "products"."id" in ($2, $3, $4, $5, $6)
;
select * from "products" where (select count(*) from "comments" where "products"."id" = "comments"."commentable_id" and "comments"."commentable_type" = $1) >= 2
;
select * from "products" where stock * price > $1 or lower(name) = 'x8'
;
select * from "categories" where "categories"."parent_id" in (1, 2, 6, 7)
;
select * from "items" where "items"."order_id" in (3)
;
select * from "products" where "products"."id" in (9, 13, 17, 18)
;
select * from "users" where "users"."id" in (8) and "users"."deleted_at" is null
;
update "orders" set "paid_at" = $1, "updated_at" = $2 where "id" = $3
;
select "orders".* from "orders" inner join (select MAX("orders"."id") as "id_aggregate", "orders"."user_id" from "orders" where "orders"."user_id" in (8) and "orders"."deleted_at" is null group by "orders"."user_id") as "latestOfMany" on "latestOfMany"."id_aggregate" = "orders"."id" and "latestOfMany"."user_id" = "orders"."user_id" where "orders"."deleted_at" is null
;
select "items".*, "orders"."user_id" as "laravel_through_key" from "items" inner join "orders" on "orders"."id" = "items"."order_id" where "orders"."user_id" in (8) and "orders"."deleted_at" is null
;
insert into "comments" ("body", "commentable_id", "commentable_type", "created_at", "user_id") values ($1, $2, $3, $4, $5), ($6, $7, $8, $9, $10), ($11, $12, $13, $14, $15)
;
insert into "products" ("category_id", "created_at", "name", "price", "sku", "updated_at") values ($1, $2, $3, $4, $5, $6), ($7, $8, $9, $10, $11, $12), ($13, $14, $15, $16, $17, $18), ($19, $20, $21, $22, $23, $24), ($25, $26, $27, $28, $29, $30) on conflict ("sku") do update set "price" = "excluded"."price", "name" = "excluded"."name", "updated_at" = "excluded"."updated_at"
;
select * from "comments" order by "created_at" desc limit 7
;
select * from "products" where "products"."id" in (9, 22, 32, 13, 8, 1, 17)
;
insert into "categories" ("slug", "visible", "updated_at", "created_at") values ($1, $2, $3, $4) returning "id"
;
select * from "comments" where "id" in ($1, $2, $3, $4, $5)
;
delete from "comments" where "id" = $1
;
select id, name from users where email like 'user8%' and id in (9, 17, 13, 18, 7) limit 8
;
select * from "users" where "users"."deleted_at" is not null order by "created_at" desc limit 2
;
select * from "categories" where "categories"."id" in (1, 3, 4)
;
select "tags".*, "product_tag"."product_id" as "pivot_product_id", "product_tag"."tag_id" as "pivot_tag_id", "product_tag"."tagged_at" as "pivot_tagged_at" from "tags" inner join "product_tag" on "tags"."id" = "product_tag"."tag_id" where "product_tag"."product_id" in (23, 30, 32)
;
select * from "comments" where "comments"."commentable_id" in (23, 30, 32) and "comments"."commentable_type" = $1
;
select * from "products" limit 5 offset 15
;
select * from "products" where (select count(*) from "comments" where "products"."id" = "comments"."commentable_id" and "comments"."commentable_type" = $1) >= 3
;
select * from "products" where stock * price > $1 or lower(name) = 'x2'
;
select * from "categories" where "categories"."parent_id" in (1, 2, 6, 7, 8, 9)
;
select * from "items" where "items"."order_id" in (4)
;
select * from "products" where "products"."id" in (23, 30, 32)
;
select * from "users" where "users"."id" in (2) and "users"."deleted_at" is null
;
select "orders".* from "orders" inner join (select MAX("orders"."id") as "id_aggregate", "orders"."user_id" from "orders" where "orders"."user_id" in (2) and "orders"."deleted_at" is null group by "orders"."user_id") as "latestOfMany" on "latestOfMany"."id_aggregate" = "orders"."id" and "latestOfMany"."user_id" = "orders"."user_id" where "orders"."deleted_at" is null
;
select "items".*, "orders"."user_id" as "laravel_through_key" from "items" inner join "orders" on "orders"."id" = "items"."order_id" where "orders"."user_id" in (2) and "orders"."deleted_at" is null
;
insert into "comments" ("body", "commentable_id", "commentable_type", "created_at", "user_id") values ($1, $2, $3, $4, $5), ($6, $7, $8, $9, $10), ($11, $12, $13, $14, $15), ($16, $17, $18, $19, $20)
;
insert into "products" ("category_id", "created_at", "name", "price", "sku", "updated_at") values ($1, $2, $3, $4, $5, $6), ($7, $8, $9, $10, $11, $12), ($13, $14, $15, $16, $17, $18) on conflict ("sku") do update set "price" = "excluded"."price", "name" = "excluded"."name", "updated_at" = "excluded"."updated_at"
;
select * from "comments" order by "created_at" desc limit 8
;
select * from "products" where "products"."id" in (32, 39, 40, 13, 8, 1, 22, 9)
;
select id, name from users where email like 'user2%' and id in (32, 30, 30, 23, 32) limit 2
;
select * from "users" where "users"."deleted_at" is not null order by "created_at" desc limit 7
;
select * from "categories" where "categories"."id" in (1, 3, 4, 5)
;
select "tags".*, "product_tag"."product_id" as "pivot_product_id", "product_tag"."tag_id" as "pivot_tag_id", "product_tag"."tagged_at" as "pivot_tagged_at" from "tags" inner join "product_tag" on "tags"."id" = "product_tag"."tag_id" where "product_tag"."product_id" in (2, 3, 4, 5, 12, 17, 19, 40)
;
select * from "comments" where "comments"."commentable_id" in (2, 3, 4, 5, 12, 17, 19, 40) and "comments"."commentable_type" = $1
;
select * from "users" where "users"."id" in (2, 4) and "users"."deleted_at" is null
;
select * from "products" where (select count(*) from "comments" where "products"."id" = "comments"."commentable_id" and "comments"."commentable_type" = $1) >= 4
;
select * from "products" where stock * price > $1 or lower(name) = 'x7'
;
select * from "categories" where "categories"."parent_id" in (1, 2, 6, 7, 8, 9, 10)
;
select * from "items" where "items"."order_id" in (5)
;
select * from "products" where "products"."id" in (2, 4, 12)
;
select * from "categories" where "categories"."id" in (3, 5)
;
select * from "users" where "users"."id" in (7) and "users"."deleted_at" is null
;
select "orders".* from "orders" inner join (select MAX("orders"."id") as "id_aggregate", "orders"."user_id" from "orders" where "orders"."user_id" in (7) and "orders"."deleted_at" is null group by "orders"."user_id") as "latestOfMany" on "latestOfMany"."id_aggregate" = "orders"."id" and "latestOfMany"."user_id" = "orders"."user_id" where "orders"."deleted_at" is null
;
select "items".*, "orders"."user_id" as "laravel_through_key" from "items" inner join "orders" on "orders"."id" = "items"."order_id" where "orders"."user_id" in (7) and "orders"."deleted_at" is null
;
insert into "products" ("category_id", "created_at", "name", "price", "sku", "updated_at") values ($1, $2, $3, $4, $5, $6), ($7, $8, $9, $10, $11, $12), ($13, $14, $15, $16, $17, $18), ($19, $20, $21, $22, $23, $24), ($25, $26, $27, $28, $29, $30), ($31, $32, $33, $34, $35, $36), ($37, $38, $39, $40, $41, $42), ($43, $44, $45, $46, $47, $48) on conflict ("sku") do update set "price" = "excluded"."price", "name" = "excluded"."name", "updated_at" = "excluded"."updated_at"
;
select * from "comments" order by "created_at" desc limit 9
;
select * from "products" where "products"."id" in (2, 32, 25, 13, 8, 1, 22, 9, 15)
;
select id, name from users where email like 'user7%' and id in (2, 12, 4, 12, 19, 5, 3, 40, 17) limit 7
;
select * from "users" where "users"."deleted_at" is not null order by "created_at" desc limit 9
;
select * from "products" where "id" in ($1, $2, $3, $4)
;
select "tags".*, "product_tag"."product_id" as "pivot_product_id", "product_tag"."tag_id" as "pivot_tag_id", "product_tag"."tagged_at" as "pivot_tagged_at" from "tags" inner join "product_tag" on "tags"."id" = "product_tag"."tag_id" where "product_tag"."product_id" in (5, 13, 22, 24)
;
select * from "comments" where "comments"."commentable_id" in (5, 13, 22, 24) and "comments"."commentable_type" = $1
;
select "products".*, (select count(*) from "items" where "products"."id" = "items"."product_id") as "items_count", (select count(*) from "comments" where "products"."id" = "comments"."commentable_id" and "comments"."commentable_type" = $1) as "reviews_count" from "products" where "products"."id" in ($2, $3, $4, $5)
;
select * from "products" where (select count(*) from "comments" where "products"."id" = "comments"."commentable_id" and "comments"."commentable_type" = $1) >= 5
;
select * from "products" where stock * price > $1 or lower(name) = 'x9'
;
select * from "categories" where "categories"."parent_id" in (1, 2, 6, 7, 8, 9, 10, 11, 12)
;
select * from "items" where "items"."order_id" in (6)
;
select * from "products" where "products"."id" in (5, 13, 22, 24)
;
select * from "users" where "users"."id" in (9) and "users"."deleted_at" is null
;
select "orders".* from "orders" inner join (select MAX("orders"."id") as "id_aggregate", "orders"."user_id" from "orders" where "orders"."user_id" in (9) and "orders"."deleted_at" is null group by "orders"."user_id") as "latestOfMany" on "latestOfMany"."id_aggregate" = "orders"."id" and "latestOfMany"."user_id" = "orders"."user_id" where "orders"."deleted_at" is null
;
select "items".*, "orders"."user_id" as "laravel_through_key" from "items" inner join "orders" on "orders"."id" = "items"."order_id" where "orders"."user_id" in (9) and "orders"."deleted_at" is null
;
insert into "products" ("category_id", "created_at", "name", "price", "sku", "updated_at") values ($1, $2, $3, $4, $5, $6), ($7, $8, $9, $10, $11, $12), ($13, $14, $15, $16, $17, $18), ($19, $20, $21, $22, $23, $24) on conflict ("sku") do update set "price" = "excluded"."price", "name" = "excluded"."name", "updated_at" = "excluded"."updated_at"
;
select * from "comments" order by "created_at" desc limit 10
;
select * from "products" where "products"."id" in (24, 22, 9, 15, 25, 39, 32, 2)
;
select * from "comments" where "id" in ($1, $2, $3, $4)
;
select id, name from users where email like 'user9%' and id in (24, 13, 5, 22) limit 9
;
select * from "users" where "users"."deleted_at" is not null order by "created_at" desc limit 6
;
select * from "products" where "id" in ($1, $2)
;
select * from "categories" where "categories"."id" in (3, 4)
;
select "tags".*, "product_tag"."product_id" as "pivot_product_id", "product_tag"."tag_id" as "pivot_tag_id", "product_tag"."tagged_at" as "pivot_tagged_at" from "tags" inner join "product_tag" on "tags"."id" = "product_tag"."tag_id" where "product_tag"."product_id" in (12, 33)
;
select * from "comments" where "comments"."commentable_id" in (12, 33) and "comments"."commentable_type" = $1
;
select "products".*, (select count(*) from "items" where "products"."id" = "items"."product_id") as "items_count", (select count(*) from "comments" where "products"."id" = "comments"."commentable_id" and "comments"."commentable_type" = $1) as "reviews_count" from "products" where "products"."id" in ($2, $3)
;
select * from "products" where (select count(*) from "comments" where "products"."id" = "comments"."commentable_id" and "comments"."commentable_type" = $1) >= 6
;
select * from "products" where ("name"::text like $1 or "sku" = $2) and "price" between $3 and $4 and "category_id" not in ($5, $6)
;
select * from "products" where stock * price > $1 or lower(name) = 'x6'
;
select * from "categories" where "categories"."parent_id" in (1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14)
;
select * from "items" where "items"."order_id" in (7)
;
select * from "products" where "products"."id" in (12, 33)
;
select * from "users" where "users"."id" in (6) and "users"."deleted_at" is null
;
select "orders".* from "orders" inner join (select MAX("orders"."id") as "id_aggregate", "orders"."user_id" from "orders" where "orders"."user_id" in (6) and "orders"."deleted_at" is null group by "orders"."user_id") as "latestOfMany" on "latestOfMany"."id_aggregate" = "orders"."id" and "latestOfMany"."user_id" = "orders"."user_id" where "orders"."deleted_at" is null
;
select "items".*, "orders"."user_id" as "laravel_through_key" from "items" inner join "orders" on "orders"."id" = "items"."order_id" where "orders"."user_id" in (6) and "orders"."deleted_at" is null
;
insert into "products" ("category_id", "created_at", "name", "price", "sku", "updated_at") values ($1, $2, $3, $4, $5, $6), ($7, $8, $9, $10, $11, $12) on conflict ("sku") do update set "price" = "excluded"."price", "name" = "excluded"."name", "updated_at" = "excluded"."updated_at"
;
select * from "comments" order by "created_at" desc limit 11
;
select * from "products" where "products"."id" in (12, 22, 9, 15, 25, 39, 2, 30)
;
select * from "comments" where "id" in ($1, $2)
;
select id, name from users where email like 'user6%' and id in (12, 33) limit 6
;
select * from "products" where "id" in ($1, $2, $3, $4, $5, $6, $7, $8)
;
select "tags".*, "product_tag"."product_id" as "pivot_product_id", "product_tag"."tag_id" as "pivot_tag_id", "product_tag"."tagged_at" as "pivot_tagged_at" from "tags" inner join "product_tag" on "tags"."id" = "product_tag"."tag_id" where "product_tag"."product_id" in (15, 17, 19, 28, 35, 36)
;
select * from "comments" where "comments"."commentable_id" in (15, 17, 19, 28, 35, 36) and "comments"."commentable_type" = $1
;
select * from "users" where "users"."id" in (2, 6) and "users"."deleted_at" is null
;
select "products".*, (select count(*) from "items" where "products"."id" = "items"."product_id") as "items_count", (select count(*) from "comments" where "products"."id" = "comments"."commentable_id" and "comments"."commentable_type" = $1) as "reviews_count" from "products" where "products"."id" in ($2, $3, $4, $5, $6, $7, $8, $9)
;
select * from "products" where (select count(*) from "comments" where "products"."id" = "comments"."commentable_id" and "comments"."commentable_type" = $1) >= 7
;
select * from "categories" where "categories"."parent_id" in (1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)
;
select * from "items" where "items"."order_id" in (8)
;
select * from "products" where "products"."id" in (15, 17, 28, 36)
;
select * from "categories" where "categories"."id" in (1, 2, 3, 4)
;
insert into "comments" ("body", "commentable_id", "commentable_type", "created_at", "user_id") values ($1, $2, $3, $4, $5), ($6, $7, $8, $9, $10)
;
insert into "products" ("category_id", "created_at", "name", "price", "sku", "updated_at") values ($1, $2, $3, $4, $5, $6), ($7, $8, $9, $10, $11, $12), ($13, $14, $15, $16, $17, $18), ($19, $20, $21, $22, $23, $24), ($25, $26, $27, $28, $29, $30), ($31, $32, $33, $34, $35, $36) on conflict ("sku") do update set "price" = "excluded"."price", "name" = "excluded"."name", "updated_at" = "excluded"."updated_at"
;
select * from "comments" order by "created_at" desc limit 12
;
select * from "products" where "products"."id" in (36, 22, 9, 15, 25, 39, 2, 30, 24)
;
select * from "comments" where "id" in ($1, $2, $3, $4, $5, $6, $7, $8)
;
select id, name from users where email like 'user6%' and id in (36, 17, 15, 28, 35, 19, 19, 36) limit 6
;
select * from "products" where "id" in ($1, $2, $3)
;
select "tags".*, "product_tag"."product_id" as "pivot_product_id", "product_tag"."tag_id" as "pivot_tag_id", "product_tag"."tagged_at" as "pivot_tagged_at" from "tags" inner join "product_tag" on "tags"."id" = "product_tag"."tag_id" where "product_tag"."product_id" in (4, 26, 27)
;
select * from "comments" where "comments"."commentable_id" in (4, 26, 27) and "comments"."commentable_type" = $1
;
select "products".*, (select count(*) from "items" where "products"."id" = "items"."product_id") as "items_count", (select count(*) from "comments" where "products"."id" = "comments"."commentable_id" and "comments"."commentable_type" = $1) as "reviews_count" from "products" where "products"."id" in ($2, $3, $4)
;
select * from "products" where (select count(*) from "comments" where "products"."id" = "comments"."commentable_id" and "comments"."commentable_type" = $1) >= 8
;
select * from "categories" where "categories"."parent_id" in (1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17)
;
select * from "items" where "items"."order_id" in (9)
;
select * from "products" where "products"."id" in (4, 26, 27)
;
select * from "comments" order by "created_at" desc limit 13
;
select * from "products" where "products"."id" in (4, 22, 9, 15, 25, 39, 30, 7, 24, 19, 12)
;
select * from "comments" where "id" in ($1, $2, $3)
;
select id, name from users where email like 'user7%' and id in (4, 27, 26) limit 7
;
select * from "users" where "users"."deleted_at" is not null order by "created_at" desc limit 12
;
select "tags".*, "product_tag"."product_id" as "pivot_product_id", "product_tag"."tag_id" as "pivot_tag_id", "product_tag"."tagged_at" as "pivot_tagged_at" from "tags" inner join "product_tag" on "tags"."id" = "product_tag"."tag_id" where "product_tag"."product_id" in (22, 24)
;
select * from "comments" where "comments"."commentable_id" in (22, 24) and "comments"."commentable_type" = $1
;
select * from "users" where "users"."id" in (6, 8) and "users"."deleted_at" is null
;
select * from "products" where (select count(*) from "comments" where "products"."id" = "comments"."commentable_id" and "comments"."commentable_type" = $1) >= 9
;
select * from "products" where stock * price > $1 or lower(name) = 'x12'
;
select * from "categories" where "categories"."parent_id" in (1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18)
;
select * from "items" where "items"."order_id" in (10)
;
select * from "products" where "products"."id" in (22, 24)
;
select * from "users" where "users"."id" in (12) and "users"."deleted_at" is null
;
select "orders".* from "orders" inner join (select MAX("orders"."id") as "id_aggregate", "orders"."user_id" from "orders" where "orders"."user_id" in (12) and "orders"."deleted_at" is null group by "orders"."user_id") as "latestOfMany" on "latestOfMany"."id_aggregate" = "orders"."id" and "latestOfMany"."user_id" = "orders"."user_id" where "orders"."deleted_at" is null
;
select "items".*, "orders"."user_id" as "laravel_through_key" from "items" inner join "orders" on "orders"."id" = "items"."order_id" where "orders"."user_id" in (12) and "orders"."deleted_at" is null
;
select * from "comments" order by "created_at" desc limit 14
;
select * from "products" where "products"."id" in (22, 9, 15, 25, 39, 30, 7, 24, 19, 12, 20)
;
select id, name from users where email like 'user12%' and id in (22, 24) limit 12
;
select "tags".*, "product_tag"."product_id" as "pivot_product_id", "product_tag"."tag_id" as "pivot_tag_id", "product_tag"."tagged_at" as "pivot_tagged_at" from "tags" inner join "product_tag" on "tags"."id" = "product_tag"."tag_id" where "product_tag"."product_id" in (1, 8, 9, 15, 20, 23, 26, 27, 37)
;
select * from "comments" where "comments"."commentable_id" in (1, 8, 9, 15, 20, 23, 26, 27, 37) and "comments"."commentable_type" = $1
;
select * from "users" where "users"."id" in (2, 4, 8) and "users"."deleted_at" is null
;
select * from "products" where (select count(*) from "comments" where "products"."id" = "comments"."commentable_id" and "comments"."commentable_type" = $1) >= 10
;
select * from "categories" where "categories"."parent_id" in (1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20)
;
select * from "items" where "items"."order_id" in (11)
;
select * from "products" where "products"."id" in (15, 23, 27, 37)
;
select * from "comments" order by "created_at" desc limit 15
;
select * from "products" where "products"."id" in (27, 22, 9, 15, 25, 39, 30, 7, 24, 12, 10, 4)
;
select id, name from users where email like 'user5%' and id in (27, 23, 37, 15, 26, 8, 20, 1, 9) limit 5
;
select * from "categories" where "categories"."id" in (1)
;
select "tags".*, "product_tag"."product_id" as "pivot_product_id", "product_tag"."tag_id" as "pivot_tag_id", "product_tag"."tagged_at" as "pivot_tagged_at" from "tags" inner join "product_tag" on "tags"."id" = "product_tag"."tag_id" where "product_tag"."product_id" in (10)
;
select * from "comments" where "comments"."commentable_id" in (10) and "comments"."commentable_type" = $1
;
select * from "products" where (select count(*) from "comments" where "products"."id" = "comments"."commentable_id" and "comments"."commentable_type" = $1) >= 11
;
select * from "categories" where "categories"."parent_id" in (1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21)
;
select * from "items" where "items"."order_id" in (12)
;
select * from "products" where "products"."id" in (10)
;
select * from "comments" order by "created_at" desc limit 16
;
select * from "products" where "products"."id" in (22, 25, 39, 30, 24, 10, 4, 40, 20, 37)
;
select id, name from users where email like 'user5%' and id in (10) limit 5
;
select "tags".*, "product_tag"."product_id" as "pivot_product_id", "product_tag"."tag_id" as "pivot_tag_id", "product_tag"."tagged_at" as "pivot_tagged_at" from "tags" inner join "product_tag" on "tags"."id" = "product_tag"."tag_id" where "product_tag"."product_id" in (20, 25)
;
select * from "comments" where "comments"."commentable_id" in (20, 25) and "comments"."commentable_type" = $1
;
select * from "users" where "users"."id" in (5, 7, 12) and "users"."deleted_at" is null
;
select * from "products" where (select count(*) from "comments" where "products"."id" = "comments"."commentable_id" and "comments"."commentable_type" = $1) >= 12
;
select * from "categories" where "categories"."parent_id" in (1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22)
;
select * from "items" where "items"."order_id" in (13)
;
select * from "products" where "products"."id" in (20, 25)
;
select * from "comments" order by "created_at" desc limit 17
;
select * from "products" where "products"."id" in (22, 39, 25, 30, 24, 10, 4, 40, 20, 37, 27)
;
select id, name from users where email like 'user4%' and id in (20, 25, 25) limit 4
;
select "tags".*, "product_tag"."product_id" as "pivot_product_id", "product_tag"."tag_id" as "pivot_tag_id", "product_tag"."tagged_at" as "pivot_tagged_at" from "tags" inner join "product_tag" on "tags"."id" = "product_tag"."tag_id" where "product_tag"."product_id" in (17, 18, 24)
;
select * from "comments" where "comments"."commentable_id" in (17, 18, 24) and "comments"."commentable_type" = $1
;
select * from "users" where "users"."id" in (4, 5, 6) and "users"."deleted_at" is null
;
select * from "products" where (select count(*) from "comments" where "products"."id" = "comments"."commentable_id" and "comments"."commentable_type" = $1) >= 13
;
select * from "categories" where "categories"."parent_id" in (1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23)
;
select * from "items" where "items"."order_id" in (14)
;
select * from "products" where "products"."id" in (17, 18, 24)
;
select * from "comments" order by "created_at" desc limit 18
;
select * from "products" where "products"."id" in (22, 39, 25, 30, 24, 10, 4, 40, 20, 37, 27, 8, 18)
;
select id, name from users where email like 'user4%' and id in (18, 17, 24, 24) limit 4
;
