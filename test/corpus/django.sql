INSERT INTO "auth_group" ("name") VALUES ('staff') RETURNING "auth_group"."id"
;
SELECT "auth_permission"."id", "auth_permission"."name", "auth_permission"."content_type_id", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") ORDER BY "django_content_type"."app_label" ASC, "django_content_type"."model" ASC, "auth_permission"."codename" ASC LIMIT 4
;
BEGIN
;
SELECT "auth_permission"."id" FROM "auth_permission" INNER JOIN "auth_group_permissions" ON ("auth_permission"."id" = "auth_group_permissions"."permission_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_group_permissions"."group_id" = 1 ORDER BY "django_content_type"."app_label" ASC, "django_content_type"."model" ASC, "auth_permission"."codename" ASC
;
INSERT INTO "auth_group_permissions" ("group_id", "permission_id") VALUES (1, 9), (1, 10), (1, 11), (1, 12) ON CONFLICT DO NOTHING
;
COMMIT
;
INSERT INTO "auth_group" ("name") VALUES ('editors') RETURNING "auth_group"."id"
;
SELECT "auth_permission"."id" FROM "auth_permission" INNER JOIN "auth_group_permissions" ON ("auth_permission"."id" = "auth_group_permissions"."permission_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_group_permissions"."group_id" = 2 ORDER BY "django_content_type"."app_label" ASC, "django_content_type"."model" ASC, "auth_permission"."codename" ASC
;
INSERT INTO "auth_group_permissions" ("group_id", "permission_id") VALUES (2, 9), (2, 10), (2, 11), (2, 12) ON CONFLICT DO NOTHING
;
INSERT INTO "auth_user" ("password", "last_login", "is_superuser", "username", "first_name", "last_name", "email", "is_staff", "is_active", "date_joined") VALUES ('md5$RuRBYzKQclffZtUPVrRlrQ$b6914632020f30afd8dc75d3ced3cd73', NULL, false, 'user1', '50%', '', 'user1@example.com', false, true, '2026-11-23T09:12:23.597666+00:00'::timestamptz) RETURNING "auth_user"."id"
;
INSERT INTO "auth_user_groups" ("user_id", "group_id") VALUES (1, 2) ON CONFLICT DO NOTHING
;
INSERT INTO "auth_user" ("password", "last_login", "is_superuser", "username", "first_name", "last_name", "email", "is_staff", "is_active", "date_joined") VALUES ('md5$Gm3pCnxGLckzmMZRLhfSC3$868af722640f950540127d087d31d943', NULL, false, 'user2', 'tall', '', 'user2@example.com', false, true, '2026-11-23T09:12:23.630657+00:00'::timestamptz) RETURNING "auth_user"."id"
;
INSERT INTO "auth_user_groups" ("user_id", "group_id") VALUES (2, 1) ON CONFLICT DO NOTHING
;
INSERT INTO "auth_user" ("password", "last_login", "is_superuser", "username", "first_name", "last_name", "email", "is_staff", "is_active", "date_joined") VALUES ('md5$Pqu1TTtu3MwYcMHBiVH26T$446f87451440ee6a5dc5e66531b58ae8', NULL, false, 'user3', 'a_b', '', 'user3@example.com', false, true, '2026-11-23T09:12:23.639285+00:00'::timestamptz) RETURNING "auth_user"."id"
;
INSERT INTO "auth_user_groups" ("user_id", "group_id") VALUES (3, 2) ON CONFLICT DO NOTHING
;
INSERT INTO "auth_user" ("password", "last_login", "is_superuser", "username", "first_name", "last_name", "email", "is_staff", "is_active", "date_joined") VALUES ('md5$HtdkhTsno93iAF3fUTZGbl$412483308baf701eb67d55490fee4e7d', NULL, false, 'user4', 'blue', '', 'user4@example.com', false, true, '2026-11-23T09:12:23.642090+00:00'::timestamptz) RETURNING "auth_user"."id"
;
INSERT INTO "auth_user_groups" ("user_id", "group_id") VALUES (4, 1) ON CONFLICT DO NOTHING
;
INSERT INTO "auth_user" ("password", "last_login", "is_superuser", "username", "first_name", "last_name", "email", "is_staff", "is_active", "date_joined") VALUES ('md5$wNmWA2xlAqKAdLfvzefSxq$ba78f246df3c783a21cb160397182b4d', NULL, false, 'user5', 'it''s', '', 'user5@example.com', false, true, '2026-11-23T09:12:23.643396+00:00'::timestamptz) RETURNING "auth_user"."id"
;
INSERT INTO "auth_user_groups" ("user_id", "group_id") VALUES (5, 2) ON CONFLICT DO NOTHING
;
INSERT INTO "auth_user" ("password", "last_login", "is_superuser", "username", "first_name", "last_name", "email", "is_staff", "is_active", "date_joined") VALUES ('md5$P3rLiVyvqYo36X9zpzNPdE$19da4ba100021d08653cc38355aaf3ac', NULL, false, 'user6', '\new', '', 'user6@example.com', false, true, '2026-11-23T09:12:23.644601+00:00'::timestamptz) RETURNING "auth_user"."id"
;
INSERT INTO "auth_user_groups" ("user_id", "group_id") VALUES (6, 1) ON CONFLICT DO NOTHING
;
INSERT INTO "auth_user" ("password", "last_login", "is_superuser", "username", "first_name", "last_name", "email", "is_staff", "is_active", "date_joined") VALUES ('md5$dOrSoJYejjkSQUJ7PwhBqW$337ea503229964c71d8b235323af00c7', NULL, false, 'user7', 'it''s', '', 'user7@example.com', false, true, '2026-11-23T09:12:23.645464+00:00'::timestamptz) RETURNING "auth_user"."id"
;
INSERT INTO "auth_user_groups" ("user_id", "group_id") VALUES (7, 2) ON CONFLICT DO NOTHING
;
INSERT INTO "auth_user" ("password", "last_login", "is_superuser", "username", "first_name", "last_name", "email", "is_staff", "is_active", "date_joined") VALUES ('md5$rZ7J4JRyWeWCzPxe557ekx$6ed170664f629b7ca43d592bd5ed27ea', NULL, false, 'user8', '50%', '', 'user8@example.com', false, true, '2026-11-23T09:12:23.646300+00:00'::timestamptz) RETURNING "auth_user"."id"
;
INSERT INTO "auth_user_groups" ("user_id", "group_id") VALUES (8, 1) ON CONFLICT DO NOTHING
;
INSERT INTO "auth_user" ("password", "last_login", "is_superuser", "username", "first_name", "last_name", "email", "is_staff", "is_active", "date_joined") VALUES ('md5$zvw3IkFN8naGPXuTUc8qvo$abe24cb0e43a7d471a74027ce5287856', NULL, false, 'user9', '"x"', '', 'user9@example.com', false, true, '2026-11-23T09:12:23.647028+00:00'::timestamptz) RETURNING "auth_user"."id"
;
INSERT INTO "auth_user_groups" ("user_id", "group_id") VALUES (9, 2) ON CONFLICT DO NOTHING
;
INSERT INTO "auth_user" ("password", "last_login", "is_superuser", "username", "first_name", "last_name", "email", "is_staff", "is_active", "date_joined") VALUES ('md5$CDLsicDLuxHfw7FvFZuQbh$9f89d9576c9780e66f38e2e9403840ed', NULL, false, 'user10', 'blue', '', 'user10@example.com', false, true, '2026-11-23T09:12:23.647686+00:00'::timestamptz) RETURNING "auth_user"."id"
;
INSERT INTO "auth_user_groups" ("user_id", "group_id") VALUES (10, 1) ON CONFLICT DO NOTHING
;
INSERT INTO "auth_user" ("password", "last_login", "is_superuser", "username", "first_name", "last_name", "email", "is_staff", "is_active", "date_joined") VALUES ('md5$mD9wylUZ1eWip4CCPyWztu$ab6e11c655157e578ce196bb051421a4', NULL, false, 'user11', '\new', '', 'user11@example.com', false, true, '2026-11-23T09:12:23.648401+00:00'::timestamptz) RETURNING "auth_user"."id"
;
INSERT INTO "auth_user_groups" ("user_id", "group_id") VALUES (11, 2) ON CONFLICT DO NOTHING
;
INSERT INTO "auth_user" ("password", "last_login", "is_superuser", "username", "first_name", "last_name", "email", "is_staff", "is_active", "date_joined") VALUES ('md5$mzzorcCPnvGm0lwulNiV1z$1264963bb03a065d18572551b990234a', NULL, false, 'user12', 'café', '', 'user12@example.com', false, true, '2026-11-23T09:12:23.649372+00:00'::timestamptz) RETURNING "auth_user"."id"
;
INSERT INTO "auth_user_groups" ("user_id", "group_id") VALUES (12, 1) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'category-1', true) RETURNING "shop_category"."id"
;
INSERT INTO "shop_tag" ("name") VALUES ('tag 1') RETURNING "shop_tag"."id"
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'category-2', true) RETURNING "shop_category"."id"
;
INSERT INTO "shop_tag" ("name") VALUES ('tag 2') RETURNING "shop_tag"."id"
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (1, 'category-3', true) RETURNING "shop_category"."id"
;
INSERT INTO "shop_tag" ("name") VALUES ('tag 3') RETURNING "shop_tag"."id"
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (1, 'category-4', true) RETURNING "shop_category"."id"
;
INSERT INTO "shop_tag" ("name") VALUES ('tag 4') RETURNING "shop_tag"."id"
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (1, 'category-5', true) RETURNING "shop_category"."id"
;
INSERT INTO "shop_tag" ("name") VALUES ('tag 5') RETURNING "shop_tag"."id"
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (2, 'SKU-1', 'blue it''s a_b', 1.5, 1, true, '{"colour": "red", "size": 1}', ARRAY[1,2]::integer[], '2026-11-23T09:12:23.657959+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (1, 1) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (3, 'SKU-2', 'a_b it''s café', 3, 2, true, '{"colour": "red", "size": 2}', ARRAY[2,3]::integer[], '2026-11-23T09:12:23.660211+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (2, 1), (2, 2) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (4, 'SKU-3', 'it''s \new a_b', 4.5, 3, true, '{"colour": "red", "size": 3}', ARRAY[3,4]::integer[], '2026-11-23T09:12:23.661166+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (3, 1), (3, 2), (3, 3) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (5, 'SKU-4', 'blue "x" it''s', 6, 4, true, '{"colour": "red", "size": 4}', ARRAY[4,5]::integer[], '2026-11-23T09:12:23.662217+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (1, 'SKU-5', 'café "x" blue', 7.5, 5, true, '{"colour": "red", "size": 5}', ARRAY[5,6]::integer[], '2026-11-23T09:12:23.662655+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (5, 1) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (2, 'SKU-6', '"x" "x" a_b', 9, 6, true, '{"colour": "red", "size": 6}', ARRAY[6,7]::integer[], '2026-11-23T09:12:23.663626+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (6, 1), (6, 2) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (3, 'SKU-7', 'blue café blue', 10.5, 7, true, '{"colour": "red", "size": 7}', ARRAY[7,8]::integer[], '2026-11-23T09:12:23.664619+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (7, 1), (7, 2), (7, 3) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (4, 'SKU-8', '\new tall O''Hara', 12, 8, true, '{"colour": "red", "size": 8}', ARRAY[8,9]::integer[], '2026-11-23T09:12:23.665352+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (5, 'SKU-9', 'a_b tall \new', 13.5, 9, true, '{"colour": "red", "size": 9}', ARRAY[9,10]::integer[], '2026-11-23T09:12:23.665687+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (9, 1) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (1, 'SKU-10', 'it''s "x" O''Hara', 15, 10, true, '{"colour": "red", "size": 10}', ARRAY[10,11]::integer[], '2026-11-23T09:12:23.666363+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (10, 1), (10, 2) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (2, 'SKU-11', '\new tall it''s', 16.5, 11, true, '{"colour": "red", "size": 11}', ARRAY[11,12]::integer[], '2026-11-23T09:12:23.667142+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (11, 1), (11, 2), (11, 3) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (3, 'SKU-12', '"x" "x" café', 18, 12, true, '{"colour": "red", "size": 12}', ARRAY[12,13]::integer[], '2026-11-23T09:12:23.667958+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (4, 'SKU-13', '50% it''s \new', 19.5, 13, true, '{"colour": "red", "size": 13}', ARRAY[13,14]::integer[], '2026-11-23T09:12:23.668337+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (13, 1) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (5, 'SKU-14', 'it''s "x" blue', 21, 14, true, '{"colour": "red", "size": 14}', ARRAY[14,15]::integer[], '2026-11-23T09:12:23.669034+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (14, 1), (14, 2) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (1, 'SKU-15', '"x" café quick', 22.5, 15, true, '{"colour": "red", "size": 15}', ARRAY[15,16]::integer[], '2026-11-23T09:12:23.669890+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (15, 1), (15, 2), (15, 3) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (2, 'SKU-16', '\new a_b 50%', 24, 16, true, '{"colour": "red", "size": 16}', ARRAY[16,17]::integer[], '2026-11-23T09:12:23.670702+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (3, 'SKU-17', 'quick "x" quick', 25.5, 17, true, '{"colour": "red", "size": 17}', ARRAY[17,18]::integer[], '2026-11-23T09:12:23.671106+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (17, 1) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (4, 'SKU-18', '50% O''Hara café', 27, 18, true, '{"colour": "red", "size": 18}', ARRAY[18,19]::integer[], '2026-11-23T09:12:23.671781+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (18, 1), (18, 2) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (5, 'SKU-19', 'tall café it''s', 28.5, 19, true, '{"colour": "red", "size": 19}', ARRAY[19,20]::integer[], '2026-11-23T09:12:23.672449+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (19, 1), (19, 2), (19, 3) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (1, 'SKU-20', '"x" O''Hara \new', 30, 20, true, '{"colour": "red", "size": 20}', ARRAY[20,21]::integer[], '2026-11-23T09:12:23.673188+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (2, 'SKU-21', 'quick 50% quick', 31.5, 21, true, '{"colour": "red", "size": 21}', ARRAY[21,22]::integer[], '2026-11-23T09:12:23.673649+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (21, 1) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (3, 'SKU-22', 'O''Hara "x" it''s', 33, 22, true, '{"colour": "red", "size": 22}', ARRAY[22,23]::integer[], '2026-11-23T09:12:23.674432+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (22, 1), (22, 2) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (4, 'SKU-23', 'it''s \new a_b', 34.5, 23, true, '{"colour": "red", "size": 23}', ARRAY[23,24]::integer[], '2026-11-23T09:12:23.675214+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (23, 1), (23, 2), (23, 3) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (5, 'SKU-24', 'tall 50% tall', 36, 24, true, '{"colour": "red", "size": 24}', ARRAY[24,25]::integer[], '2026-11-23T09:12:23.675890+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (1, 'SKU-25', 'quick a_b blue', 37.5, 25, true, '{"colour": "red", "size": 25}', ARRAY[25,26]::integer[], '2026-11-23T09:12:23.676201+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (25, 1) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (2, 'SKU-26', 'it''s \new "x"', 39, 26, true, '{"colour": "red", "size": 26}', ARRAY[26,27]::integer[], '2026-11-23T09:12:23.676797+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (26, 1), (26, 2) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (3, 'SKU-27', '50% 50% 50%', 40.5, 27, true, '{"colour": "red", "size": 27}', ARRAY[27,28]::integer[], '2026-11-23T09:12:23.677432+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (27, 1), (27, 2), (27, 3) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (4, 'SKU-28', '"x" quick "x"', 42, 28, true, '{"colour": "red", "size": 28}', ARRAY[28,29]::integer[], '2026-11-23T09:12:23.678115+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (5, 'SKU-29', 'quick it''s it''s', 43.5, 29, true, '{"colour": "red", "size": 29}', ARRAY[29,30]::integer[], '2026-11-23T09:12:23.678756+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (29, 1) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (1, 'SKU-30', 'O''Hara quick it''s', 45, 30, true, '{"colour": "red", "size": 30}', ARRAY[30,31]::integer[], '2026-11-23T09:12:23.679744+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (30, 1), (30, 2) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (2, 'SKU-31', 'blue O''Hara "x"', 46.5, 31, true, '{"colour": "red", "size": 31}', ARRAY[31,32]::integer[], '2026-11-23T09:12:23.680452+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (31, 1), (31, 2), (31, 3) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (3, 'SKU-32', 'quick O''Hara a_b', 48, 32, true, '{"colour": "red", "size": 32}', ARRAY[32,33]::integer[], '2026-11-23T09:12:23.685954+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (4, 'SKU-33', '50% blue quick', 49.5, 33, true, '{"colour": "red", "size": 33}', ARRAY[33,34]::integer[], '2026-11-23T09:12:23.686575+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (33, 1) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (5, 'SKU-34', '50% tall "x"', 51, 34, true, '{"colour": "red", "size": 34}', ARRAY[34,35]::integer[], '2026-11-23T09:12:23.687366+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (34, 1), (34, 2) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (1, 'SKU-35', 'it''s quick blue', 52.5, 35, true, '{"colour": "red", "size": 35}', ARRAY[35,36]::integer[], '2026-11-23T09:12:23.688114+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (35, 1), (35, 2), (35, 3) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (2, 'SKU-36', 'café O''Hara tall', 54, 36, true, '{"colour": "red", "size": 36}', ARRAY[36,37]::integer[], '2026-11-23T09:12:23.688973+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (3, 'SKU-37', 'café a_b a_b', 55.5, 37, true, '{"colour": "red", "size": 37}', ARRAY[37,38]::integer[], '2026-11-23T09:12:23.689332+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (37, 1) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (4, 'SKU-38', 'quick it''s tall', 57, 38, true, '{"colour": "red", "size": 38}', ARRAY[38,39]::integer[], '2026-11-23T09:12:23.690216+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (38, 1), (38, 2) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (5, 'SKU-39', 'quick a_b \new', 58.5, 39, true, '{"colour": "red", "size": 39}', ARRAY[39,40]::integer[], '2026-11-23T09:12:23.690965+00:00'::timestamptz) RETURNING "shop_product"."id"
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (39, 1), (39, 2), (39, 3) ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product" ("category_id", "sku", "name", "price", "stock", "active", "attributes", "sizes", "created") VALUES (1, 'SKU-40', 'O''Hara tall a_b', 60, 40, true, '{"colour": "red", "size": 40}', ARRAY[40,41]::integer[], '2026-11-23T09:12:23.691728+00:00'::timestamptz) RETURNING "shop_product"."id"
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."username" = 'user9' LIMIT 21
;
SELECT (1) AS "a" FROM "django_session" WHERE "django_session"."session_key" = '2qotly6un406u2vjd1cwguoftm6cspkc' LIMIT 1
;
INSERT INTO "django_session" ("session_key", "session_data", "expire_date") VALUES ('2qotly6un406u2vjd1cwguoftm6cspkc', 'eyJfYXV0aF91c2VyX2lkIjoiOSJ9:1xVQ63:D9usjQY6vxPR__bBWfxi68P0gEgKErLQ3u-U8X4YduE', '2026-12-07T09:12:23.695178+00:00'::timestamptz)
;
SELECT "django_session"."session_key", "django_session"."session_data", "django_session"."expire_date" FROM "django_session" WHERE ("django_session"."expire_date" > '2026-11-23T09:12:23.695829+00:00'::timestamptz AND "django_session"."session_key" = '2qotly6un406u2vjd1cwguoftm6cspkc') LIMIT 21
;
UPDATE "django_session" SET "session_data" = 'eyJfYXV0aF91c2VyX2lkIjoiOSIsImNhcnQiOls5XX0:1xVQ63:jgjSCge0SD4WDiFOOw7T0-ACetS-N39CW5FBVY4ft3M', "expire_date" = '2026-12-07T09:12:23.696801+00:00'::timestamptz WHERE "django_session"."session_key" = '2qotly6un406u2vjd1cwguoftm6cspkc'
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."id" = 9 LIMIT 21
;
SELECT "django_content_type"."app_label", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "auth_user_user_permissions" ON ("auth_permission"."id" = "auth_user_user_permissions"."permission_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_user_user_permissions"."user_id" = 9
;
SELECT "django_content_type"."app_label", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "auth_group_permissions" ON ("auth_permission"."id" = "auth_group_permissions"."permission_id") INNER JOIN "auth_group" ON ("auth_group_permissions"."group_id" = "auth_group"."id") INNER JOIN "auth_user_groups" ON ("auth_group"."id" = "auth_user_groups"."group_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_user_groups"."user_id" = 9
;
UPDATE "auth_user" SET "last_login" = '2024-05-06T07:17:09+00:00'::timestamptz WHERE "auth_user"."id" = 9
;
SELECT (1) AS "a" FROM "auth_user" WHERE UPPER("auth_user"."email"::text) = UPPER('User9@example.com') LIMIT 1
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."active" AND "shop_product"."price" < 36) ORDER BY "shop_product"."price" ASC, "shop_product"."id" DESC LIMIT 10
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible", T3."id", T3."parent_id", T3."slug", T3."visible" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") LEFT OUTER JOIN "shop_category" T3 ON ("shop_category"."parent_id" = T3."id") WHERE "shop_product"."id" IN (27, 23, 25, 15, 10) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" >= 9 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 1
;
SELECT ("shop_product_tags"."product_id") AS "_prefetch_related_val_product_id", "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" IN (12)
;
SELECT "shop_item"."id", "shop_item"."order_id", "shop_item"."product_id", "shop_item"."quantity", "shop_item"."price" FROM "shop_item" WHERE "shop_item"."product_id" IN (12)
;
SELECT COUNT(*) AS "__count" FROM "shop_product" WHERE ((UPPER("shop_product"."name"::text) LIKE UPPER('%it''s%') OR "shop_product"."sku" = 'SKU-9') AND NOT ("shop_product"."category_id" IN (27, 23, 25)))
;
SELECT COUNT(*) AS "__count" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") WHERE "shop_category"."visible"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") WHERE "shop_category"."visible" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 7
;
SELECT "shop_category"."slug", COUNT("shop_product"."id") AS "n", AVG("shop_product"."price") AS "mean", MAX("shop_product"."price") AS "top" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") GROUP BY "shop_category"."slug", "shop_product"."id" HAVING COUNT("shop_product"."id") > 0
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible", COALESCE(SUM("shop_item"."quantity"), 0) AS "sold" FROM "shop_category" LEFT OUTER JOIN "shop_product" ON ("shop_category"."id" = "shop_product"."category_id") LEFT OUTER JOIN "shop_item" ON ("shop_product"."id" = "shop_item"."product_id") GROUP BY "shop_category"."id" ORDER BY "sold" DESC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", EXISTS(SELECT (1) AS "a" FROM "shop_item" U0 WHERE (U0."product_id" = "shop_product"."id" AND U0."quantity" > 0) LIMIT 1) AS "reordered", (SELECT U0."price" FROM "shop_item" U0 WHERE U0."product_id" = "shop_product"."id" ORDER BY U0."id" DESC LIMIT 1) AS "last" FROM "shop_product" WHERE NOT EXISTS(SELECT (1) AS "a" FROM "shop_item" U0 WHERE (U0."product_id" = "shop_product"."id" AND U0."quantity" > 0) LIMIT 1) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (("shop_product"."attributes" -> 'colour') = '"red"' AND ("shop_product"."attributes" -> 'size') > '9') ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."attributes" ? 'size' AND "shop_product"."sizes" @> ARRAY[9]::integer[]) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."name" FROM "shop_product" WHERE "shop_product"."sizes" && ARRAY[27, 23, 25, 15, 10]::integer[] ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT DISTINCT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" INNER JOIN "shop_product_tags" ON ("shop_product"."id" = "shop_product_tags"."product_id") INNER JOIN "shop_tag" ON ("shop_product_tags"."tag_id" = "shop_tag"."id") WHERE "shop_tag"."name" IN ('tag 1') ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id" FROM "shop_product" WHERE ("shop_product"."created" AT TIME ZONE 'America/Chicago')::date = '2024-01-01'::date ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (EXTRACT('month' FROM "shop_product"."created" AT TIME ZONE 'America/Chicago') >= 1 AND "shop_product"."created" BETWEEN '2020-01-01T00:00:00-06:00'::timestamptz AND '2020-12-31T23:59:59.999999-06:00'::timestamptz) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT DATE_TRUNC('day', "shop_order"."placed" AT TIME ZONE 'America/Chicago') AS "day", COUNT("shop_order"."id") AS "n" FROM "shop_order" GROUP BY DATE_TRUNC('day', "shop_order"."placed" AT TIME ZONE 'America/Chicago')
;
SELECT DATE_TRUNC('month', "shop_order"."placed" AT TIME ZONE 'America/Chicago') AS "month", EXTRACT('year' FROM "shop_order"."placed" AT TIME ZONE 'America/Chicago') AS "y", SUM("shop_order"."total") AS "sum", MIN("shop_order"."total") AS "least" FROM "shop_order" GROUP BY DATE_TRUNC('month', "shop_order"."placed" AT TIME ZONE 'America/Chicago'), EXTRACT('year' FROM "shop_order"."placed" AT TIME ZONE 'America/Chicago') ORDER BY "month" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", RANK() OVER (PARTITION BY "shop_product"."category_id" ORDER BY "shop_product"."price" DESC) AS "place" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 1
;
SELECT CASE WHEN "shop_product"."stock" = 0 THEN 'none' WHEN "shop_product"."stock" < 9 THEN 'few' ELSE 'many' END AS "label" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 5
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", to_tsvector(COALESCE("shop_product"."name", '') || ' ' || COALESCE("shop_product"."sku", '')) AS "v" FROM "shop_product" WHERE to_tsvector(COALESCE("shop_product"."name", '') || ' ' || COALESCE("shop_product"."sku", '')) @@ plainto_tsquery('tall') ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT CONCAT("shop_product"."name", CONCAT(' ', "shop_product"."sku")) AS "full" FROM "shop_product" WHERE LOWER("shop_product"."name")::text LIKE 'b%' ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible", ARRAY_AGG("shop_product"."name" ) AS "names", STRING_AGG("shop_product"."sku", ', ' ) AS "skus" FROM "shop_category" LEFT OUTER JOIN "shop_product" ON ("shop_category"."id" = "shop_product"."category_id") WHERE "shop_category"."id" = 5 GROUP BY "shop_category"."id"
;
(SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."price" BETWEEN 9 AND 29 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC) UNION (SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" < 9 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC)
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."category_id" IN (SELECT U0."id" FROM "shop_category" U0 WHERE U0."slug"::text LIKE 'category%') ORDER BY RANDOM() ASC LIMIT 3
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."price" IS NOT NULL AND "shop_product"."stock" = ("shop_product"."price" + 9)) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT id, name FROM shop_product WHERE price > 9 LIMIT 3
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."name"::text ~ '^b' ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (27, 23, 25, 15, 10)
;
SELECT SUM("shop_product"."stock") AS "stock__sum", AVG("shop_product"."price") AS "price__avg" FROM "shop_product"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 1
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" ORDER BY "shop_product"."created" DESC LIMIT 1
;
DECLARE "_django_curs_140031020802112_sync_1" NO SCROLL CURSOR WITH HOLD FOR SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" > 9 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
FETCH FORWARD 5 FROM "_django_curs_140031020802112_sync_1"
;
CLOSE "_django_curs_140031020802112_sync_1"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."parent_id" IS NULL
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE ("shop_category"."visible" AND "shop_category"."parent_id" IN (1, 2))
;
INSERT INTO "shop_order" ("user_id", "status", "total", "placed", "paid") VALUES (9, 'new', 0, '2024-05-06T07:08:09+00:00'::timestamptz, NULL) RETURNING "shop_order"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 27 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (1, 27, 1, 40.50) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 27
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 23 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (1, 23, 3, 34.50) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 23
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 25 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (1, 25, 2, 37.50) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 25
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 15 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (1, 15, 1, 22.50) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 15
;
SAVEPOINT "s140031020802112_x1"
;
SELECT SUM(("shop_item"."quantity" * "shop_item"."price")) AS "t" FROM "shop_item" WHERE "shop_item"."order_id" = 1
;
UPDATE "shop_order" SET "user_id" = 9, "status" = 'new', "total" = 241.50, "placed" = '2024-05-06T07:08:09+00:00'::timestamptz, "paid" = NULL WHERE "shop_order"."id" = 1
;
RELEASE SAVEPOINT "s140031020802112_x1"
;
SAVEPOINT "s140031020802112_x2"
;
ROLLBACK TO SAVEPOINT "s140031020802112_x2"
;
RELEASE SAVEPOINT "s140031020802112_x2"
;
ROLLBACK
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE "shop_order"."id" = 1 LIMIT 21
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE ("shop_order"."placed" < '2024-05-06T07:08:09+00:00'::timestamptz AND "shop_order"."status" = 'new')
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (1, 27, 1, 2), (1, 23, 1, 2), (1, 25, 1, 2), (1, 15, 1, 2), (1, 10, 1, 2) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (27, 23, 25) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
UPDATE "shop_product" SET "stock" = CAST(CASE WHEN ("shop_product"."id" = 27) THEN 27 WHEN ("shop_product"."id" = 23) THEN 23 WHEN ("shop_product"."id" = 25) THEN 25 ELSE NULL END AS integer) WHERE "shop_product"."id" IN (27, 23, 25)
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'category-0' LIMIT 21 FOR UPDATE
;
SAVEPOINT "s140031020802112_x3"
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'category-0', false) RETURNING "shop_category"."id"
;
RELEASE SAVEPOINT "s140031020802112_x3"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'new-0' LIMIT 21
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'new-0', true) RETURNING "shop_category"."id"
;
INSERT INTO "shop_tag" ("name") VALUES ('t0-0') ON CONFLICT DO NOTHING
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 27 LIMIT 21
;
SELECT "shop_tag"."id" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" = 27
;
DELETE FROM "shop_product_tags" WHERE ("shop_product_tags"."product_id" = 27 AND "shop_product_tags"."tag_id" IN (1))
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (27, 4) ON CONFLICT DO NOTHING
;
DELETE FROM "shop_product_tags" WHERE ("shop_product_tags"."product_id" = 27 AND "shop_product_tags"."tag_id" IN (1, 2))
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."product_id" = 27
;
SELECT "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" WHERE "shop_tag"."name"::text LIKE 't0%'
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."tag_id" IN (6)
;
DELETE FROM "shop_tag" WHERE "shop_tag"."id" IN (6)
;
UPDATE "shop_order" SET "status" = 'paid', "paid" = '2024-05-06T07:08:09+00:00'::timestamptz WHERE "shop_order"."id" = 1
;
SELECT COUNT(*) FROM "cache"
;
SELECT "cache_key", "expires" FROM "cache" WHERE "cache_key" = ':1:k0'
;
INSERT INTO "cache" ("cache_key", "value", "expires") VALUES (':1:k0', 'gAWVGQAAAAAAAACMFXRhbGwgY2Fmw6kgY2Fmw6kgYmx1ZZQu', '2026-11-23T09:13:23'::timestamp)
;
SELECT "cache_key", "value", "expires" FROM "cache" WHERE "cache_key" IN (':1:k0')
;
SELECT count(*) FROM shop_order WHERE status = 'paid' AND total > 0.0 AND id = ANY(ARRAY[27,23,25,15,10])
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."username" = 'user8' LIMIT 21
;
SELECT (1) AS "a" FROM "django_session" WHERE "django_session"."session_key" = 'aikxi45cdri5wvmftitu6j3io5by073x' LIMIT 1
;
INSERT INTO "django_session" ("session_key", "session_data", "expire_date") VALUES ('aikxi45cdri5wvmftitu6j3io5by073x', 'eyJfYXV0aF91c2VyX2lkIjoiOCJ9:1xVQ63:TXwYdABLjD6vc5D-NsQdyOFUoojTq5ajacm4mPm-JfI', '2026-12-07T09:12:23.776561+00:00'::timestamptz)
;
SELECT "django_session"."session_key", "django_session"."session_data", "django_session"."expire_date" FROM "django_session" WHERE ("django_session"."expire_date" > '2026-11-23T09:12:23.777057+00:00'::timestamptz AND "django_session"."session_key" = 'aikxi45cdri5wvmftitu6j3io5by073x') LIMIT 21
;
UPDATE "django_session" SET "session_data" = 'eyJfYXV0aF91c2VyX2lkIjoiOCIsImNhcnQiOls4XX0:1xVQ63:d8Y2kFLIJfFDtjJDUdTA-xEvjRGqDI0ahFN1KCLi4Y0', "expire_date" = '2026-12-07T09:12:23.777638+00:00'::timestamptz WHERE "django_session"."session_key" = 'aikxi45cdri5wvmftitu6j3io5by073x'
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."id" = 8 LIMIT 21
;
SELECT "django_content_type"."app_label", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "auth_user_user_permissions" ON ("auth_permission"."id" = "auth_user_user_permissions"."permission_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_user_user_permissions"."user_id" = 8
;
SELECT "django_content_type"."app_label", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "auth_group_permissions" ON ("auth_permission"."id" = "auth_group_permissions"."permission_id") INNER JOIN "auth_group" ON ("auth_group_permissions"."group_id" = "auth_group"."id") INNER JOIN "auth_user_groups" ON ("auth_group"."id" = "auth_user_groups"."group_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_user_groups"."user_id" = 8
;
UPDATE "auth_user" SET "last_login" = '2024-05-06T07:16:09+00:00'::timestamptz WHERE "auth_user"."id" = 8
;
SELECT (1) AS "a" FROM "auth_user" WHERE UPPER("auth_user"."email"::text) = UPPER('User8@example.com') LIMIT 1
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."active" AND "shop_product"."price" < 32) ORDER BY "shop_product"."price" ASC, "shop_product"."id" DESC LIMIT 10
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible", T3."id", T3."parent_id", T3."slug", T3."visible" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") LEFT OUTER JOIN "shop_category" T3 ON ("shop_category"."parent_id" = T3."id") WHERE "shop_product"."id" IN (17, 19, 1) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" >= 8 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 2
;
SELECT ("shop_product_tags"."product_id") AS "_prefetch_related_val_product_id", "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" IN (12, 20)
;
SELECT "shop_item"."id", "shop_item"."order_id", "shop_item"."product_id", "shop_item"."quantity", "shop_item"."price" FROM "shop_item" WHERE "shop_item"."product_id" IN (12, 20)
;
SELECT COUNT(*) AS "__count" FROM "shop_product" WHERE ((UPPER("shop_product"."name"::text) LIKE UPPER('%tall%') OR "shop_product"."sku" = 'SKU-8') AND NOT ("shop_product"."category_id" IN (17, 19, 1)))
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") WHERE "shop_category"."visible" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 7 OFFSET 7
;
SELECT "shop_category"."slug", COUNT("shop_product"."id") AS "n", AVG("shop_product"."price") AS "mean", MAX("shop_product"."price") AS "top" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") GROUP BY "shop_category"."slug", "shop_product"."id" HAVING COUNT("shop_product"."id") > 1
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", EXISTS(SELECT (1) AS "a" FROM "shop_item" U0 WHERE (U0."product_id" = "shop_product"."id" AND U0."quantity" > 1) LIMIT 1) AS "reordered", (SELECT U0."price" FROM "shop_item" U0 WHERE U0."product_id" = "shop_product"."id" ORDER BY U0."id" DESC LIMIT 1) AS "last" FROM "shop_product" WHERE EXISTS(SELECT (1) AS "a" FROM "shop_item" U0 WHERE (U0."product_id" = "shop_product"."id" AND U0."quantity" > 1) LIMIT 1) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (("shop_product"."attributes" -> 'colour') = '"red"' AND ("shop_product"."attributes" -> 'size') > '8') ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."attributes" ? 'size' AND "shop_product"."sizes" @> ARRAY[8]::integer[]) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."name" FROM "shop_product" WHERE "shop_product"."sizes" && ARRAY[17, 19, 1]::integer[] ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT DISTINCT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" INNER JOIN "shop_product_tags" ON ("shop_product"."id" = "shop_product_tags"."product_id") INNER JOIN "shop_tag" ON ("shop_product_tags"."tag_id" = "shop_tag"."id") WHERE "shop_tag"."name" IN ('tag 1', 'tag 2') ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id" FROM "shop_product" WHERE ("shop_product"."created" AT TIME ZONE 'America/Chicago')::date = '2024-01-02'::date ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (EXTRACT('month' FROM "shop_product"."created" AT TIME ZONE 'America/Chicago') >= 2 AND "shop_product"."created" BETWEEN '2021-01-01T00:00:00-06:00'::timestamptz AND '2021-12-31T23:59:59.999999-06:00'::timestamptz) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", RANK() OVER (PARTITION BY "shop_product"."category_id" ORDER BY "shop_product"."price" DESC) AS "place" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 2
;
SELECT CASE WHEN "shop_product"."stock" = 0 THEN 'none' WHEN "shop_product"."stock" < 8 THEN 'few' ELSE 'many' END AS "label" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 5
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", to_tsvector(COALESCE("shop_product"."name", '') || ' ' || COALESCE("shop_product"."sku", '')) AS "v" FROM "shop_product" WHERE to_tsvector(COALESCE("shop_product"."name", '') || ' ' || COALESCE("shop_product"."sku", '')) @@ plainto_tsquery('a_b') ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible", ARRAY_AGG("shop_product"."name" ) AS "names", STRING_AGG("shop_product"."sku", ', ' ) AS "skus" FROM "shop_category" LEFT OUTER JOIN "shop_product" ON ("shop_category"."id" = "shop_product"."category_id") WHERE "shop_category"."id" = 4 GROUP BY "shop_category"."id"
;
(SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."price" BETWEEN 8 AND 28 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC) UNION (SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" < 8 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC)
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."price" IS NOT NULL AND "shop_product"."stock" = ("shop_product"."price" + 8)) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT id, name FROM shop_product WHERE price > 8 LIMIT 3
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."name"::text ~ '^b.' ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (17, 19, 1)
;
DECLARE "_django_curs_140031020802112_sync_2" NO SCROLL CURSOR WITH HOLD FOR SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" > 8 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
FETCH FORWARD 5 FROM "_django_curs_140031020802112_sync_2"
;
CLOSE "_django_curs_140031020802112_sync_2"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE ("shop_category"."visible" AND "shop_category"."parent_id" IN (1, 2, 6, 7))
;
INSERT INTO "shop_order" ("user_id", "status", "total", "placed", "paid") VALUES (8, 'new', 0, '2024-05-07T07:08:09+00:00'::timestamptz, NULL) RETURNING "shop_order"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 17 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (2, 17, 3, 25.50) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 17
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 19 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (2, 19, 2, 28.50) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 19
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 1 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (2, 1, 2, 1.50) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 1
;
SAVEPOINT "s140031020802112_x4"
;
SELECT SUM(("shop_item"."quantity" * "shop_item"."price")) AS "t" FROM "shop_item" WHERE "shop_item"."order_id" = 2
;
UPDATE "shop_order" SET "user_id" = 8, "status" = 'new', "total" = 136.50, "placed" = '2024-05-07T07:08:09+00:00'::timestamptz, "paid" = NULL WHERE "shop_order"."id" = 2
;
RELEASE SAVEPOINT "s140031020802112_x4"
;
SAVEPOINT "s140031020802112_x5"
;
ROLLBACK TO SAVEPOINT "s140031020802112_x5"
;
RELEASE SAVEPOINT "s140031020802112_x5"
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE "shop_order"."id" = 2 LIMIT 21
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE ("shop_order"."placed" < '2024-05-05T07:08:09+00:00'::timestamptz AND "shop_order"."status" = 'new')
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (2, 17, 1, 2), (2, 19, 1, 2), (2, 1, 1, 2) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (17, 19, 1) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
UPDATE "shop_product" SET "stock" = CAST(CASE WHEN ("shop_product"."id" = 1) THEN 1 WHEN ("shop_product"."id" = 17) THEN 17 WHEN ("shop_product"."id" = 19) THEN 19 ELSE NULL END AS integer) WHERE "shop_product"."id" IN (1, 17, 19)
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'category-1' LIMIT 21 FOR UPDATE
;
UPDATE "shop_category" SET "parent_id" = NULL, "slug" = 'category-1', "visible" = true WHERE "shop_category"."id" = 1
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'new-1' LIMIT 21
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'new-1', true) RETURNING "shop_category"."id"
;
INSERT INTO "shop_tag" ("name") VALUES ('t1-0'), ('t1-1') ON CONFLICT DO NOTHING
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 17 LIMIT 21
;
SELECT "shop_tag"."id" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" = 17
;
DELETE FROM "shop_product_tags" WHERE ("shop_product_tags"."product_id" = 17 AND "shop_product_tags"."tag_id" IN (1))
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (17, 2), (17, 4) ON CONFLICT DO NOTHING
;
DELETE FROM "shop_product_tags" WHERE ("shop_product_tags"."product_id" = 17 AND "shop_product_tags"."tag_id" IN (1, 2))
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."product_id" = 17
;
SELECT "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" WHERE "shop_tag"."name"::text LIKE 't1%'
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."tag_id" IN (7, 8)
;
DELETE FROM "shop_tag" WHERE "shop_tag"."id" IN (8, 7)
;
UPDATE "shop_order" SET "status" = 'sent', "paid" = '2024-05-06T08:08:09+00:00'::timestamptz WHERE "shop_order"."id" = 2
;
SELECT "cache_key", "expires" FROM "cache" WHERE "cache_key" = ':1:k1'
;
INSERT INTO "cache" ("cache_key", "value", "expires") VALUES (':1:k1', 'gAWVFAAAAAAAAACMEFxuZXcgNTAlICJ4IiAieCKULg==', '2026-11-23T09:13:24'::timestamp)
;
SELECT "cache_key", "value", "expires" FROM "cache" WHERE "cache_key" IN (':1:k1')
;
SELECT "cache_key", "value", "expires" FROM "cache" WHERE "cache_key" IN (':1:k0', ':1:k1')
;
SELECT count(*) FROM shop_order WHERE status = 'paid' AND total > 1.5 AND id = ANY(ARRAY[17,19,1])
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."username" = 'user6' LIMIT 21
;
SELECT (1) AS "a" FROM "django_session" WHERE "django_session"."session_key" = 'vc4yv9jtutr03ic39274r0hgmhwhea5x' LIMIT 1
;
INSERT INTO "django_session" ("session_key", "session_data", "expire_date") VALUES ('vc4yv9jtutr03ic39274r0hgmhwhea5x', 'eyJfYXV0aF91c2VyX2lkIjoiNiJ9:1xVQ63:URSgPQByHb6bNQ5c5jN10FZ1UN2j3293gAQnvRD4UWo', '2026-12-07T09:12:23.831043+00:00'::timestamptz)
;
SELECT "django_session"."session_key", "django_session"."session_data", "django_session"."expire_date" FROM "django_session" WHERE ("django_session"."expire_date" > '2026-11-23T09:12:23.831701+00:00'::timestamptz AND "django_session"."session_key" = 'vc4yv9jtutr03ic39274r0hgmhwhea5x') LIMIT 21
;
UPDATE "django_session" SET "session_data" = 'eyJfYXV0aF91c2VyX2lkIjoiNiIsImNhcnQiOls2XX0:1xVQ63:QQsKqweivnS77pTOlLjwOPsfsI1hpHddfBBcK6v53P0', "expire_date" = '2026-12-07T09:12:23.832377+00:00'::timestamptz WHERE "django_session"."session_key" = 'vc4yv9jtutr03ic39274r0hgmhwhea5x'
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."id" = 6 LIMIT 21
;
SELECT "django_content_type"."app_label", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "auth_user_user_permissions" ON ("auth_permission"."id" = "auth_user_user_permissions"."permission_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_user_user_permissions"."user_id" = 6
;
SELECT "django_content_type"."app_label", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "auth_group_permissions" ON ("auth_permission"."id" = "auth_group_permissions"."permission_id") INNER JOIN "auth_group" ON ("auth_group_permissions"."group_id" = "auth_group"."id") INNER JOIN "auth_user_groups" ON ("auth_group"."id" = "auth_user_groups"."group_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_user_groups"."user_id" = 6
;
UPDATE "auth_user" SET "last_login" = '2024-05-06T07:14:09+00:00'::timestamptz WHERE "auth_user"."id" = 6
;
SELECT (1) AS "a" FROM "auth_user" WHERE UPPER("auth_user"."email"::text) = UPPER('User6@example.com') LIMIT 1
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."active" AND "shop_product"."price" < 24) ORDER BY "shop_product"."price" ASC, "shop_product"."id" DESC LIMIT 10
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible", T3."id", T3."parent_id", T3."slug", T3."visible" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") LEFT OUTER JOIN "shop_category" T3 ON ("shop_category"."parent_id" = T3."id") WHERE "shop_product"."id" IN (33, 40, 4) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" >= 6 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 3
;
SELECT ("shop_product_tags"."product_id") AS "_prefetch_related_val_product_id", "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" IN (6, 12, 20)
;
SELECT "shop_item"."id", "shop_item"."order_id", "shop_item"."product_id", "shop_item"."quantity", "shop_item"."price" FROM "shop_item" WHERE "shop_item"."product_id" IN (6, 12, 20)
;
SELECT COUNT(*) AS "__count" FROM "shop_product" WHERE ((UPPER("shop_product"."name"::text) LIKE UPPER('%quick%') OR "shop_product"."sku" = 'SKU-6') AND NOT ("shop_product"."category_id" IN (33, 40, 4)))
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") WHERE "shop_category"."visible" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 7 OFFSET 14
;
SELECT "shop_category"."slug", COUNT("shop_product"."id") AS "n", AVG("shop_product"."price") AS "mean", MAX("shop_product"."price") AS "top" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") GROUP BY "shop_category"."slug", "shop_product"."id" HAVING COUNT("shop_product"."id") > 2
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", EXISTS(SELECT (1) AS "a" FROM "shop_item" U0 WHERE (U0."product_id" = "shop_product"."id" AND U0."quantity" > 2) LIMIT 1) AS "reordered", (SELECT U0."price" FROM "shop_item" U0 WHERE U0."product_id" = "shop_product"."id" ORDER BY U0."id" DESC LIMIT 1) AS "last" FROM "shop_product" WHERE NOT EXISTS(SELECT (1) AS "a" FROM "shop_item" U0 WHERE (U0."product_id" = "shop_product"."id" AND U0."quantity" > 2) LIMIT 1) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (("shop_product"."attributes" -> 'colour') = '"red"' AND ("shop_product"."attributes" -> 'size') > '6') ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."attributes" ? 'size' AND "shop_product"."sizes" @> ARRAY[6]::integer[]) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."name" FROM "shop_product" WHERE "shop_product"."sizes" && ARRAY[33, 40, 4]::integer[] ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT DISTINCT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" INNER JOIN "shop_product_tags" ON ("shop_product"."id" = "shop_product_tags"."product_id") INNER JOIN "shop_tag" ON ("shop_product_tags"."tag_id" = "shop_tag"."id") WHERE "shop_tag"."name" IN ('tag 1', 'tag 2', 'tag 3') ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id" FROM "shop_product" WHERE ("shop_product"."created" AT TIME ZONE 'America/Chicago')::date = '2024-01-03'::date ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (EXTRACT('month' FROM "shop_product"."created" AT TIME ZONE 'America/Chicago') >= 3 AND "shop_product"."created" BETWEEN '2022-01-01T00:00:00-06:00'::timestamptz AND '2022-12-31T23:59:59.999999-06:00'::timestamptz) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", RANK() OVER (PARTITION BY "shop_product"."category_id" ORDER BY "shop_product"."price" DESC) AS "place" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 3
;
SELECT CASE WHEN "shop_product"."stock" = 0 THEN 'none' WHEN "shop_product"."stock" < 6 THEN 'few' ELSE 'many' END AS "label" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 5
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", to_tsvector(COALESCE("shop_product"."name", '') || ' ' || COALESCE("shop_product"."sku", '')) AS "v" FROM "shop_product" WHERE to_tsvector(COALESCE("shop_product"."name", '') || ' ' || COALESCE("shop_product"."sku", '')) @@ plainto_tsquery('new') ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible", ARRAY_AGG("shop_product"."name" ) AS "names", STRING_AGG("shop_product"."sku", ', ' ) AS "skus" FROM "shop_category" LEFT OUTER JOIN "shop_product" ON ("shop_category"."id" = "shop_product"."category_id") WHERE "shop_category"."id" = 2 GROUP BY "shop_category"."id"
;
(SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."price" BETWEEN 6 AND 26 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC) UNION (SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" < 6 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC)
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."price" IS NOT NULL AND "shop_product"."stock" = ("shop_product"."price" + 6)) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT id, name FROM shop_product WHERE price > 6 LIMIT 3
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."name"::text ~ '^b..' ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (33, 40, 4)
;
DECLARE "_django_curs_140031020802112_sync_3" NO SCROLL CURSOR WITH HOLD FOR SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" > 6 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
FETCH FORWARD 5 FROM "_django_curs_140031020802112_sync_3"
;
CLOSE "_django_curs_140031020802112_sync_3"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE ("shop_category"."visible" AND "shop_category"."parent_id" IN (1, 2, 6, 7, 8))
;
INSERT INTO "shop_order" ("user_id", "status", "total", "placed", "paid") VALUES (6, 'new', 0, '2024-05-08T07:08:09+00:00'::timestamptz, NULL) RETURNING "shop_order"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 33 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (3, 33, 1, 49.50) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 33
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 40 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (3, 40, 2, 60.00) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 40
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 4 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (3, 4, 2, 6.00) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 4
;
SAVEPOINT "s140031020802112_x6"
;
SELECT SUM(("shop_item"."quantity" * "shop_item"."price")) AS "t" FROM "shop_item" WHERE "shop_item"."order_id" = 3
;
UPDATE "shop_order" SET "user_id" = 6, "status" = 'new', "total" = 181.50, "placed" = '2024-05-08T07:08:09+00:00'::timestamptz, "paid" = NULL WHERE "shop_order"."id" = 3
;
RELEASE SAVEPOINT "s140031020802112_x6"
;
SAVEPOINT "s140031020802112_x7"
;
ROLLBACK TO SAVEPOINT "s140031020802112_x7"
;
RELEASE SAVEPOINT "s140031020802112_x7"
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE "shop_order"."id" = 3 LIMIT 21
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE ("shop_order"."placed" < '2024-05-04T07:08:09+00:00'::timestamptz AND "shop_order"."status" = 'new')
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (3, 33, 1, 2), (3, 40, 1, 2), (3, 4, 1, 2) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (33, 40, 4) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
UPDATE "shop_product" SET "stock" = CAST(CASE WHEN ("shop_product"."id" = 33) THEN 33 WHEN ("shop_product"."id" = 40) THEN 40 WHEN ("shop_product"."id" = 4) THEN 4 ELSE NULL END AS integer) WHERE "shop_product"."id" IN (33, 40, 4)
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'category-2' LIMIT 21 FOR UPDATE
;
UPDATE "shop_category" SET "parent_id" = NULL, "slug" = 'category-2', "visible" = false WHERE "shop_category"."id" = 2
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'new-2' LIMIT 21
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'new-2', true) RETURNING "shop_category"."id"
;
INSERT INTO "shop_tag" ("name") VALUES ('t2-0'), ('t2-1'), ('t2-2') ON CONFLICT DO NOTHING
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 33 LIMIT 21
;
SELECT "shop_tag"."id" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" = 33
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (33, 1), (33, 2) ON CONFLICT DO NOTHING
;
DELETE FROM "shop_product_tags" WHERE ("shop_product_tags"."product_id" = 33 AND "shop_product_tags"."tag_id" IN (1, 2))
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."product_id" = 33
;
SELECT "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" WHERE "shop_tag"."name"::text LIKE 't2%'
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."tag_id" IN (9, 10, 11)
;
DELETE FROM "shop_tag" WHERE "shop_tag"."id" IN (11, 10, 9)
;
UPDATE "shop_order" SET "status" = 'new', "paid" = '2024-05-06T09:08:09+00:00'::timestamptz WHERE "shop_order"."id" = 3
;
SELECT "cache_key", "expires" FROM "cache" WHERE "cache_key" = ':1:k2'
;
INSERT INTO "cache" ("cache_key", "value", "expires") VALUES (':1:k2', 'gAWVEwAAAAAAAACMD2FfYiBhX2IgYV9iIGFfYpQu', '2026-11-23T09:13:26'::timestamp)
;
SELECT "cache_key", "value", "expires" FROM "cache" WHERE "cache_key" IN (':1:k2')
;
SELECT "cache_key", "value", "expires" FROM "cache" WHERE "cache_key" IN (':1:k0', ':1:k1', ':1:k2')
;
SELECT count(*) FROM shop_order WHERE status = 'paid' AND total > 3.0 AND id = ANY(ARRAY[33,40,4])
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."username" = 'user2' LIMIT 21
;
SELECT (1) AS "a" FROM "django_session" WHERE "django_session"."session_key" = 'y64pvxmxuyacf70im0l95d6qfi3zfjcc' LIMIT 1
;
INSERT INTO "django_session" ("session_key", "session_data", "expire_date") VALUES ('y64pvxmxuyacf70im0l95d6qfi3zfjcc', 'eyJfYXV0aF91c2VyX2lkIjoiMiJ9:1xVQ64:-qxgXajgy12ZpE4W1l_92s_9iciCvFG_xq0Gpb9meFs', '2026-12-07T09:12:24.027131+00:00'::timestamptz)
;
SELECT "django_session"."session_key", "django_session"."session_data", "django_session"."expire_date" FROM "django_session" WHERE ("django_session"."expire_date" > '2026-11-23T09:12:24.028958+00:00'::timestamptz AND "django_session"."session_key" = 'y64pvxmxuyacf70im0l95d6qfi3zfjcc') LIMIT 21
;
UPDATE "django_session" SET "session_data" = 'eyJfYXV0aF91c2VyX2lkIjoiMiIsImNhcnQiOlsyXX0:1xVQ64:FkjCp1-e-ltsOA8Jlhnj6JcPC_zAz3PZs0KBAogQJsw', "expire_date" = '2026-12-07T09:12:24.038704+00:00'::timestamptz WHERE "django_session"."session_key" = 'y64pvxmxuyacf70im0l95d6qfi3zfjcc'
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."id" = 2 LIMIT 21
;
SELECT "django_content_type"."app_label", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "auth_user_user_permissions" ON ("auth_permission"."id" = "auth_user_user_permissions"."permission_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_user_user_permissions"."user_id" = 2
;
SELECT "django_content_type"."app_label", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "auth_group_permissions" ON ("auth_permission"."id" = "auth_group_permissions"."permission_id") INNER JOIN "auth_group" ON ("auth_group_permissions"."group_id" = "auth_group"."id") INNER JOIN "auth_user_groups" ON ("auth_group"."id" = "auth_user_groups"."group_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_user_groups"."user_id" = 2
;
UPDATE "auth_user" SET "last_login" = '2024-05-06T07:10:09+00:00'::timestamptz WHERE "auth_user"."id" = 2
;
SELECT (1) AS "a" FROM "auth_user" WHERE UPPER("auth_user"."email"::text) = UPPER('User2@example.com') LIMIT 1
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."active" AND "shop_product"."price" < 8) ORDER BY "shop_product"."price" ASC, "shop_product"."id" DESC LIMIT 10
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible", T3."id", T3."parent_id", T3."slug", T3."visible" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") LEFT OUTER JOIN "shop_category" T3 ON ("shop_category"."parent_id" = T3."id") WHERE "shop_product"."id" IN (26, 4, 13, 5, 14, 29, 11, 8) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" >= 2 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 4
;
SELECT ("shop_product_tags"."product_id") AS "_prefetch_related_val_product_id", "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" IN (6, 12, 20, 15)
;
SELECT "shop_item"."id", "shop_item"."order_id", "shop_item"."product_id", "shop_item"."quantity", "shop_item"."price" FROM "shop_item" WHERE "shop_item"."product_id" IN (6, 12, 20, 15)
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE "shop_order"."id" IN (1)
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."id" IN (9)
;
SELECT COUNT(*) AS "__count" FROM "shop_product" WHERE ((UPPER("shop_product"."name"::text) LIKE UPPER('%50\%%') OR "shop_product"."sku" = 'SKU-2') AND NOT ("shop_product"."category_id" IN (26, 4, 13)))
;
SELECT "shop_category"."slug", COUNT("shop_product"."id") AS "n", AVG("shop_product"."price") AS "mean", MAX("shop_product"."price") AS "top" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") GROUP BY "shop_category"."slug", "shop_product"."id" HAVING COUNT("shop_product"."id") > 3
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", EXISTS(SELECT (1) AS "a" FROM "shop_item" U0 WHERE (U0."product_id" = "shop_product"."id" AND U0."quantity" > 0) LIMIT 1) AS "reordered", (SELECT U0."price" FROM "shop_item" U0 WHERE U0."product_id" = "shop_product"."id" ORDER BY U0."id" DESC LIMIT 1) AS "last" FROM "shop_product" WHERE EXISTS(SELECT (1) AS "a" FROM "shop_item" U0 WHERE (U0."product_id" = "shop_product"."id" AND U0."quantity" > 0) LIMIT 1) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (("shop_product"."attributes" -> 'colour') = '"red"' AND ("shop_product"."attributes" -> 'size') > '2') ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."attributes" ? 'size' AND "shop_product"."sizes" @> ARRAY[2]::integer[]) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."name" FROM "shop_product" WHERE "shop_product"."sizes" && ARRAY[26, 4, 13, 5, 14, 29, 11, 8]::integer[] ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT DISTINCT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" INNER JOIN "shop_product_tags" ON ("shop_product"."id" = "shop_product_tags"."product_id") INNER JOIN "shop_tag" ON ("shop_product_tags"."tag_id" = "shop_tag"."id") WHERE "shop_tag"."name" IN ('tag 1', 'tag 2', 'tag 3', 'tag 4') ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id" FROM "shop_product" WHERE ("shop_product"."created" AT TIME ZONE 'America/Chicago')::date = '2024-01-04'::date ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (EXTRACT('month' FROM "shop_product"."created" AT TIME ZONE 'America/Chicago') >= 4 AND "shop_product"."created" BETWEEN '2023-01-01T00:00:00-06:00'::timestamptz AND '2023-12-31T23:59:59.999999-06:00'::timestamptz) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", RANK() OVER (PARTITION BY "shop_product"."category_id" ORDER BY "shop_product"."price" DESC) AS "place" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 4
;
SELECT CASE WHEN "shop_product"."stock" = 0 THEN 'none' WHEN "shop_product"."stock" < 2 THEN 'few' ELSE 'many' END AS "label" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 5
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", to_tsvector(COALESCE("shop_product"."name", '') || ' ' || COALESCE("shop_product"."sku", '')) AS "v" FROM "shop_product" WHERE to_tsvector(COALESCE("shop_product"."name", '') || ' ' || COALESCE("shop_product"."sku", '')) @@ plainto_tsquery('x') ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible", ARRAY_AGG("shop_product"."name" ) AS "names", STRING_AGG("shop_product"."sku", ', ' ) AS "skus" FROM "shop_category" LEFT OUTER JOIN "shop_product" ON ("shop_category"."id" = "shop_product"."category_id") WHERE "shop_category"."id" = 3 GROUP BY "shop_category"."id"
;
(SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."price" BETWEEN 2 AND 22 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC) UNION (SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" < 2 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC)
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."price" IS NOT NULL AND "shop_product"."stock" = ("shop_product"."price" + 2)) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT id, name FROM shop_product WHERE price > 2 LIMIT 3
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."name"::text ~ '^b...' ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (26, 4, 13, 5, 14, 29, 11, 8)
;
DECLARE "_django_curs_140031020802112_sync_4" NO SCROLL CURSOR WITH HOLD FOR SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" > 2 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
FETCH FORWARD 5 FROM "_django_curs_140031020802112_sync_4"
;
CLOSE "_django_curs_140031020802112_sync_4"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE ("shop_category"."visible" AND "shop_category"."parent_id" IN (1, 2, 6, 7, 8, 9))
;
INSERT INTO "shop_order" ("user_id", "status", "total", "placed", "paid") VALUES (2, 'new', 0, '2024-05-09T07:08:09+00:00'::timestamptz, NULL) RETURNING "shop_order"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 26 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (4, 26, 3, 39.00) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 26
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (4, 4, 2, 6.00) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 13 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (4, 13, 2, 19.50) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 13
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 5 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (4, 5, 3, 7.50) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 5
;
SAVEPOINT "s140031020802112_x8"
;
SELECT SUM(("shop_item"."quantity" * "shop_item"."price")) AS "t" FROM "shop_item" WHERE "shop_item"."order_id" = 4
;
UPDATE "shop_order" SET "user_id" = 2, "status" = 'new', "total" = 190.50, "placed" = '2024-05-09T07:08:09+00:00'::timestamptz, "paid" = NULL WHERE "shop_order"."id" = 4
;
RELEASE SAVEPOINT "s140031020802112_x8"
;
SAVEPOINT "s140031020802112_x9"
;
ROLLBACK TO SAVEPOINT "s140031020802112_x9"
;
RELEASE SAVEPOINT "s140031020802112_x9"
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE "shop_order"."id" = 4 LIMIT 21
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE ("shop_order"."placed" < '2024-05-03T07:08:09+00:00'::timestamptz AND "shop_order"."status" = 'new')
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (4, 26, 1, 2), (4, 4, 1, 2), (4, 13, 1, 2), (4, 5, 1, 2), (4, 14, 1, 2), (4, 29, 1, 2), (4, 11, 1, 2), (4, 8, 1, 2) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (26, 4, 13) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
UPDATE "shop_product" SET "stock" = CAST(CASE WHEN ("shop_product"."id" = 13) THEN 13 WHEN ("shop_product"."id" = 4) THEN 4 WHEN ("shop_product"."id" = 26) THEN 26 ELSE NULL END AS integer) WHERE "shop_product"."id" IN (13, 4, 26)
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'category-3' LIMIT 21 FOR UPDATE
;
UPDATE "shop_category" SET "parent_id" = 1, "slug" = 'category-3', "visible" = true WHERE "shop_category"."id" = 3
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'new-3' LIMIT 21
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'new-3', true) RETURNING "shop_category"."id"
;
INSERT INTO "shop_tag" ("name") VALUES ('t3-0') ON CONFLICT DO NOTHING
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 26 LIMIT 21
;
SELECT "shop_tag"."id" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" = 26
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (26, 1), (26, 2), (26, 3), (26, 4) ON CONFLICT DO NOTHING
;
DELETE FROM "shop_product_tags" WHERE ("shop_product_tags"."product_id" = 26 AND "shop_product_tags"."tag_id" IN (1, 2))
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."product_id" = 26
;
SELECT "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" WHERE "shop_tag"."name"::text LIKE 't3%'
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."tag_id" IN (12)
;
DELETE FROM "shop_tag" WHERE "shop_tag"."id" IN (12)
;
UPDATE "shop_order" SET "status" = 'paid', "paid" = '2024-05-06T10:08:09+00:00'::timestamptz WHERE "shop_order"."id" = 4
;
DELETE FROM "shop_item" WHERE "shop_item"."order_id" IN (4)
;
DELETE FROM "shop_order" WHERE "shop_order"."id" IN (4)
;
SELECT "cache_key", "expires" FROM "cache" WHERE "cache_key" = ':1:k3'
;
INSERT INTO "cache" ("cache_key", "value", "expires") VALUES (':1:k3', 'gAWVFgAAAAAAAACMEmJsdWUgaXQncyBibHVlICJ4IpQu', '2026-11-23T09:13:27'::timestamp)
;
SELECT "cache_key", "value", "expires" FROM "cache" WHERE "cache_key" IN (':1:k3')
;
SELECT "cache_key", "value", "expires" FROM "cache" WHERE "cache_key" IN (':1:k0', ':1:k1', ':1:k2', ':1:k3')
;
SELECT count(*) FROM shop_order WHERE status = 'paid' AND total > 4.5 AND id = ANY(ARRAY[26,4,13,5,14,29,11,8])
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."username" = 'user3' LIMIT 21
;
SELECT (1) AS "a" FROM "django_session" WHERE "django_session"."session_key" = 'v9psjujjipcesnw49myskzivbzaphywl' LIMIT 1
;
INSERT INTO "django_session" ("session_key", "session_data", "expire_date") VALUES ('v9psjujjipcesnw49myskzivbzaphywl', 'eyJfYXV0aF91c2VyX2lkIjoiMyJ9:1xVQ64:8HJyuiOsPxkZIyEZUXEv6rU1VVzKz151IBxaaB-bs1M', '2026-12-07T09:12:24.198759+00:00'::timestamptz)
;
SELECT "django_session"."session_key", "django_session"."session_data", "django_session"."expire_date" FROM "django_session" WHERE ("django_session"."expire_date" > '2026-11-23T09:12:24.199229+00:00'::timestamptz AND "django_session"."session_key" = 'v9psjujjipcesnw49myskzivbzaphywl') LIMIT 21
;
UPDATE "django_session" SET "session_data" = 'eyJfYXV0aF91c2VyX2lkIjoiMyIsImNhcnQiOlszXX0:1xVQ64:ZJpWqc_zghAszS4f9rm6vjCFtQomMsMtrLENUmJgzBU', "expire_date" = '2026-12-07T09:12:24.199956+00:00'::timestamptz WHERE "django_session"."session_key" = 'v9psjujjipcesnw49myskzivbzaphywl'
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."id" = 3 LIMIT 21
;
SELECT "django_content_type"."app_label", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "auth_user_user_permissions" ON ("auth_permission"."id" = "auth_user_user_permissions"."permission_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_user_user_permissions"."user_id" = 3
;
SELECT "django_content_type"."app_label", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "auth_group_permissions" ON ("auth_permission"."id" = "auth_group_permissions"."permission_id") INNER JOIN "auth_group" ON ("auth_group_permissions"."group_id" = "auth_group"."id") INNER JOIN "auth_user_groups" ON ("auth_group"."id" = "auth_user_groups"."group_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_user_groups"."user_id" = 3
;
UPDATE "auth_user" SET "last_login" = '2024-05-06T07:11:09+00:00'::timestamptz WHERE "auth_user"."id" = 3
;
SELECT (1) AS "a" FROM "auth_user" WHERE UPPER("auth_user"."email"::text) = UPPER('User3@example.com') LIMIT 1
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."active" AND "shop_product"."price" < 12) ORDER BY "shop_product"."price" ASC, "shop_product"."id" DESC LIMIT 10
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible", T3."id", T3."parent_id", T3."slug", T3."visible" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") LEFT OUTER JOIN "shop_category" T3 ON ("shop_category"."parent_id" = T3."id") WHERE "shop_product"."id" IN (7, 24, 40, 2, 5, 14, 25, 10) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" >= 3 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 5
;
SELECT ("shop_product_tags"."product_id") AS "_prefetch_related_val_product_id", "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" IN (6, 12, 20, 15, 28)
;
SELECT "shop_item"."id", "shop_item"."order_id", "shop_item"."product_id", "shop_item"."quantity", "shop_item"."price" FROM "shop_item" WHERE "shop_item"."product_id" IN (6, 12, 20, 15, 28)
;
SELECT COUNT(*) AS "__count" FROM "shop_product" WHERE ((UPPER("shop_product"."name"::text) LIKE UPPER('%O''Hara%') OR "shop_product"."sku" = 'SKU-3') AND NOT ("shop_product"."category_id" IN (7, 24, 40)))
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", EXISTS(SELECT (1) AS "a" FROM "shop_item" U0 WHERE (U0."product_id" = "shop_product"."id" AND U0."quantity" > 1) LIMIT 1) AS "reordered", (SELECT U0."price" FROM "shop_item" U0 WHERE U0."product_id" = "shop_product"."id" ORDER BY U0."id" DESC LIMIT 1) AS "last" FROM "shop_product" WHERE NOT EXISTS(SELECT (1) AS "a" FROM "shop_item" U0 WHERE (U0."product_id" = "shop_product"."id" AND U0."quantity" > 1) LIMIT 1) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (("shop_product"."attributes" -> 'colour') = '"red"' AND ("shop_product"."attributes" -> 'size') > '3') ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."attributes" ? 'size' AND "shop_product"."sizes" @> ARRAY[3]::integer[]) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."name" FROM "shop_product" WHERE "shop_product"."sizes" && ARRAY[7, 24, 40, 2, 5, 14, 40, 25, 10]::integer[] ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id" FROM "shop_product" WHERE ("shop_product"."created" AT TIME ZONE 'America/Chicago')::date = '2024-01-05'::date ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (EXTRACT('month' FROM "shop_product"."created" AT TIME ZONE 'America/Chicago') >= 5 AND "shop_product"."created" BETWEEN '2024-01-01T00:00:00-06:00'::timestamptz AND '2024-12-31T23:59:59.999999-06:00'::timestamptz) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", RANK() OVER (PARTITION BY "shop_product"."category_id" ORDER BY "shop_product"."price" DESC) AS "place" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 5
;
SELECT CASE WHEN "shop_product"."stock" = 0 THEN 'none' WHEN "shop_product"."stock" < 3 THEN 'few' ELSE 'many' END AS "label" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 5
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", to_tsvector(COALESCE("shop_product"."name", '') || ' ' || COALESCE("shop_product"."sku", '')) AS "v" FROM "shop_product" WHERE to_tsvector(COALESCE("shop_product"."name", '') || ' ' || COALESCE("shop_product"."sku", '')) @@ plainto_tsquery('50') ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
(SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."price" BETWEEN 3 AND 23 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC) UNION (SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" < 3 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC)
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."price" IS NOT NULL AND "shop_product"."stock" = ("shop_product"."price" + 3)) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT id, name FROM shop_product WHERE price > 3 LIMIT 3
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."name"::text ~ '^b....' ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (7, 24, 40, 2, 5, 14, 25, 10)
;
DECLARE "_django_curs_140031020802112_sync_5" NO SCROLL CURSOR WITH HOLD FOR SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" > 3 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
FETCH FORWARD 5 FROM "_django_curs_140031020802112_sync_5"
;
CLOSE "_django_curs_140031020802112_sync_5"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE ("shop_category"."visible" AND "shop_category"."parent_id" IN (1, 2, 6, 7, 8, 9, 10))
;
INSERT INTO "shop_order" ("user_id", "status", "total", "placed", "paid") VALUES (3, 'new', 0, '2024-05-10T07:08:09+00:00'::timestamptz, NULL) RETURNING "shop_order"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 7 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (5, 7, 2, 10.50) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 7
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 24 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (5, 24, 1, 36.00) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 24
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (5, 40, 2, 60.00) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 2 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (5, 2, 3, 3.00) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 2
;
SAVEPOINT "s140031020802112_x10"
;
SELECT SUM(("shop_item"."quantity" * "shop_item"."price")) AS "t" FROM "shop_item" WHERE "shop_item"."order_id" = 5
;
UPDATE "shop_order" SET "user_id" = 3, "status" = 'new', "total" = 186.00, "placed" = '2024-05-10T07:08:09+00:00'::timestamptz, "paid" = NULL WHERE "shop_order"."id" = 5
;
RELEASE SAVEPOINT "s140031020802112_x10"
;
SAVEPOINT "s140031020802112_x11"
;
ROLLBACK TO SAVEPOINT "s140031020802112_x11"
;
RELEASE SAVEPOINT "s140031020802112_x11"
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE "shop_order"."id" = 5 LIMIT 21
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE ("shop_order"."placed" < '2024-05-02T07:08:09+00:00'::timestamptz AND "shop_order"."status" = 'new')
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (5, 7, 1, 2), (5, 24, 1, 2), (5, 40, 1, 2), (5, 2, 1, 2), (5, 5, 1, 2), (5, 14, 1, 2), (5, 40, 1, 2), (5, 25, 1, 2), (5, 10, 1, 2) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (7, 24, 40) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
UPDATE "shop_product" SET "stock" = CAST(CASE WHEN ("shop_product"."id" = 40) THEN 40 WHEN ("shop_product"."id" = 7) THEN 7 WHEN ("shop_product"."id" = 24) THEN 24 ELSE NULL END AS integer) WHERE "shop_product"."id" IN (40, 7, 24)
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'category-4' LIMIT 21 FOR UPDATE
;
UPDATE "shop_category" SET "parent_id" = 1, "slug" = 'category-4', "visible" = false WHERE "shop_category"."id" = 4
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'new-4' LIMIT 21
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'new-4', true) RETURNING "shop_category"."id"
;
INSERT INTO "shop_tag" ("name") VALUES ('t4-0'), ('t4-1') ON CONFLICT DO NOTHING
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 7 LIMIT 21
;
SELECT "shop_tag"."id" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" = 7
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (7, 1), (7, 2), (7, 3), (7, 4) ON CONFLICT DO NOTHING
;
DELETE FROM "shop_product_tags" WHERE ("shop_product_tags"."product_id" = 7 AND "shop_product_tags"."tag_id" IN (1, 2))
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."product_id" = 7
;
SELECT "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" WHERE "shop_tag"."name"::text LIKE 't4%'
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."tag_id" IN (13, 14)
;
DELETE FROM "shop_tag" WHERE "shop_tag"."id" IN (14, 13)
;
UPDATE "shop_order" SET "status" = 'sent', "paid" = '2024-05-06T11:08:09+00:00'::timestamptz WHERE "shop_order"."id" = 5
;
SELECT "cache_key", "expires" FROM "cache" WHERE "cache_key" = ':1:k4'
;
INSERT INTO "cache" ("cache_key", "value", "expires") VALUES (':1:k4', 'gAWVFgAAAAAAAACMEiJ4IiA1MCUgcXVpY2sgaXQnc5Qu', '2026-11-23T09:13:28'::timestamp)
;
SELECT "cache_key", "value", "expires" FROM "cache" WHERE "cache_key" IN (':1:k4')
;
SELECT "cache_key", "value", "expires" FROM "cache" WHERE "cache_key" IN (':1:k0', ':1:k1', ':1:k2', ':1:k3', ':1:k4')
;
SELECT count(*) FROM shop_order WHERE status = 'paid' AND total > 6.0 AND id = ANY(ARRAY[7,24,40,2,5,14,40,25,10])
;
SELECT (1) AS "a" FROM "django_session" WHERE "django_session"."session_key" = 'fkru9bushj0yob1d7qy5ixoogvoqyt1z' LIMIT 1
;
INSERT INTO "django_session" ("session_key", "session_data", "expire_date") VALUES ('fkru9bushj0yob1d7qy5ixoogvoqyt1z', 'eyJfYXV0aF91c2VyX2lkIjoiMiJ9:1xVQ64:-qxgXajgy12ZpE4W1l_92s_9iciCvFG_xq0Gpb9meFs', '2026-12-07T09:12:24.255943+00:00'::timestamptz)
;
SELECT "django_session"."session_key", "django_session"."session_data", "django_session"."expire_date" FROM "django_session" WHERE ("django_session"."expire_date" > '2026-11-23T09:12:24.256428+00:00'::timestamptz AND "django_session"."session_key" = 'fkru9bushj0yob1d7qy5ixoogvoqyt1z') LIMIT 21
;
UPDATE "django_session" SET "session_data" = 'eyJfYXV0aF91c2VyX2lkIjoiMiIsImNhcnQiOlsyXX0:1xVQ64:FkjCp1-e-ltsOA8Jlhnj6JcPC_zAz3PZs0KBAogQJsw', "expire_date" = '2026-12-07T09:12:24.257479+00:00'::timestamptz WHERE "django_session"."session_key" = 'fkru9bushj0yob1d7qy5ixoogvoqyt1z'
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible", T3."id", T3."parent_id", T3."slug", T3."visible" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") LEFT OUTER JOIN "shop_category" T3 ON ("shop_category"."parent_id" = T3."id") WHERE "shop_product"."id" IN (30, 31, 20, 6, 10, 7, 22) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" >= 2 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 6
;
SELECT ("shop_product_tags"."product_id") AS "_prefetch_related_val_product_id", "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" IN (6, 12, 20, 15, 28, 27)
;
SELECT "shop_item"."id", "shop_item"."order_id", "shop_item"."product_id", "shop_item"."quantity", "shop_item"."price" FROM "shop_item" WHERE "shop_item"."product_id" IN (6, 12, 20, 15, 28, 27)
;
SELECT COUNT(*) AS "__count" FROM "shop_product" WHERE ((UPPER("shop_product"."name"::text) LIKE UPPER('%O''Hara%') OR "shop_product"."sku" = 'SKU-2') AND NOT ("shop_product"."category_id" IN (30, 31)))
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", EXISTS(SELECT (1) AS "a" FROM "shop_item" U0 WHERE (U0."product_id" = "shop_product"."id" AND U0."quantity" > 2) LIMIT 1) AS "reordered", (SELECT U0."price" FROM "shop_item" U0 WHERE U0."product_id" = "shop_product"."id" ORDER BY U0."id" DESC LIMIT 1) AS "last" FROM "shop_product" WHERE EXISTS(SELECT (1) AS "a" FROM "shop_item" U0 WHERE (U0."product_id" = "shop_product"."id" AND U0."quantity" > 2) LIMIT 1) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."name" FROM "shop_product" WHERE "shop_product"."sizes" && ARRAY[30, 31, 31, 20, 6, 10, 7, 22]::integer[] ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id" FROM "shop_product" WHERE ("shop_product"."created" AT TIME ZONE 'America/Chicago')::date = '2024-01-06'::date ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (EXTRACT('month' FROM "shop_product"."created" AT TIME ZONE 'America/Chicago') >= 6 AND "shop_product"."created" BETWEEN '2025-01-01T00:00:00-06:00'::timestamptz AND '2025-12-31T23:59:59.999999-06:00'::timestamptz) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", RANK() OVER (PARTITION BY "shop_product"."category_id" ORDER BY "shop_product"."price" DESC) AS "place" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 6
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", to_tsvector(COALESCE("shop_product"."name", '') || ' ' || COALESCE("shop_product"."sku", '')) AS "v" FROM "shop_product" WHERE to_tsvector(COALESCE("shop_product"."name", '') || ' ' || COALESCE("shop_product"."sku", '')) @@ plainto_tsquery('quick') ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."name"::text ~ '^b.....' ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (30, 31, 20, 6, 10, 7, 22)
;
DECLARE "_django_curs_140031020802112_sync_6" NO SCROLL CURSOR WITH HOLD FOR SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" > 2 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
FETCH FORWARD 5 FROM "_django_curs_140031020802112_sync_6"
;
CLOSE "_django_curs_140031020802112_sync_6"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE ("shop_category"."visible" AND "shop_category"."parent_id" IN (1, 2, 6, 7, 8, 9, 10, 11))
;
INSERT INTO "shop_order" ("user_id", "status", "total", "placed", "paid") VALUES (2, 'new', 0, '2024-05-11T07:08:09+00:00'::timestamptz, NULL) RETURNING "shop_order"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 30 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (6, 30, 1, 45.00) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 30
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 31 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (6, 31, 2, 46.50) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 31
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 20 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (6, 20, 3, 30.00) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 20
;
SAVEPOINT "s140031020802112_x12"
;
SELECT SUM(("shop_item"."quantity" * "shop_item"."price")) AS "t" FROM "shop_item" WHERE "shop_item"."order_id" = 6
;
UPDATE "shop_order" SET "user_id" = 2, "status" = 'new', "total" = 321.00, "placed" = '2024-05-11T07:08:09+00:00'::timestamptz, "paid" = NULL WHERE "shop_order"."id" = 6
;
RELEASE SAVEPOINT "s140031020802112_x12"
;
SAVEPOINT "s140031020802112_x13"
;
ROLLBACK TO SAVEPOINT "s140031020802112_x13"
;
RELEASE SAVEPOINT "s140031020802112_x13"
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE "shop_order"."id" = 6 LIMIT 21
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE ("shop_order"."placed" < '2024-05-01T07:08:09+00:00'::timestamptz AND "shop_order"."status" = 'new')
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (6, 30, 1, 2), (6, 31, 1, 2), (6, 31, 1, 2), (6, 20, 1, 2), (6, 6, 1, 2), (6, 10, 1, 2), (6, 7, 1, 2), (6, 22, 1, 2) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (30, 31) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
UPDATE "shop_product" SET "stock" = CAST(CASE WHEN ("shop_product"."id" = 30) THEN 30 WHEN ("shop_product"."id" = 31) THEN 30 ELSE NULL END AS integer) WHERE "shop_product"."id" IN (30, 31)
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'category-5' LIMIT 21 FOR UPDATE
;
UPDATE "shop_category" SET "parent_id" = 1, "slug" = 'category-5', "visible" = true WHERE "shop_category"."id" = 5
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'new-5' LIMIT 21
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'new-5', true) RETURNING "shop_category"."id"
;
INSERT INTO "shop_tag" ("name") VALUES ('t5-0'), ('t5-1'), ('t5-2') ON CONFLICT DO NOTHING
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 30 LIMIT 21
;
SELECT "shop_tag"."id" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" = 30
;
DELETE FROM "shop_product_tags" WHERE ("shop_product_tags"."product_id" = 30 AND "shop_product_tags"."tag_id" IN (2))
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (30, 3), (30, 4) ON CONFLICT DO NOTHING
;
DELETE FROM "shop_product_tags" WHERE ("shop_product_tags"."product_id" = 30 AND "shop_product_tags"."tag_id" IN (1, 2))
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."product_id" = 30
;
SELECT "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" WHERE "shop_tag"."name"::text LIKE 't5%'
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."tag_id" IN (15, 16, 17)
;
DELETE FROM "shop_tag" WHERE "shop_tag"."id" IN (17, 16, 15)
;
UPDATE "shop_order" SET "status" = 'new', "paid" = '2024-05-06T12:08:09+00:00'::timestamptz WHERE "shop_order"."id" = 6
;
SELECT "cache_key", "expires" FROM "cache" WHERE "cache_key" = ':1:k5'
;
INSERT INTO "cache" ("cache_key", "value", "expires") VALUES (':1:k5', 'gAWVGAAAAAAAAACMFHRhbGwgXG5ldyBibHVlIGNhZsOplC4=', '2026-11-23T09:13:29'::timestamp)
;
SELECT "cache_key", "value", "expires" FROM "cache" WHERE "cache_key" IN (':1:k5')
;
SELECT count(*) FROM shop_order WHERE status = 'paid' AND total > 7.5 AND id = ANY(ARRAY[30,31,31,20,6,10,7,22])
;
SELECT (1) AS "a" FROM "django_session" WHERE "django_session"."session_key" = 'itzc3wmfs402zfsw3w6fibir0vouj5nc' LIMIT 1
;
INSERT INTO "django_session" ("session_key", "session_data", "expire_date") VALUES ('itzc3wmfs402zfsw3w6fibir0vouj5nc', 'eyJfYXV0aF91c2VyX2lkIjoiOSJ9:1xVQ64:_du3zW4FCewQKPDH6_dT09Y-FTwhecCKw1NGa7CrS3c', '2026-12-07T09:12:24.360916+00:00'::timestamptz)
;
SELECT "django_session"."session_key", "django_session"."session_data", "django_session"."expire_date" FROM "django_session" WHERE ("django_session"."expire_date" > '2026-11-23T09:12:24.362110+00:00'::timestamptz AND "django_session"."session_key" = 'itzc3wmfs402zfsw3w6fibir0vouj5nc') LIMIT 21
;
UPDATE "django_session" SET "session_data" = 'eyJfYXV0aF91c2VyX2lkIjoiOSIsImNhcnQiOls5XX0:1xVQ64:VIMcTZ3hHQKz9wZrvFsGFynu2Ry6b7Zo95hUgRX7zeU', "expire_date" = '2026-12-07T09:12:24.363565+00:00'::timestamptz WHERE "django_session"."session_key" = 'itzc3wmfs402zfsw3w6fibir0vouj5nc'
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible", T3."id", T3."parent_id", T3."slug", T3."visible" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") LEFT OUTER JOIN "shop_category" T3 ON ("shop_category"."parent_id" = T3."id") WHERE "shop_product"."id" IN (10, 35, 2, 34, 20, 6) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" >= 9 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 7
;
SELECT ("shop_product_tags"."product_id") AS "_prefetch_related_val_product_id", "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" IN (12, 20, 15, 28, 27, 18, 33)
;
SELECT "shop_item"."id", "shop_item"."order_id", "shop_item"."product_id", "shop_item"."quantity", "shop_item"."price" FROM "shop_item" WHERE "shop_item"."product_id" IN (12, 20, 15, 28, 27, 18, 33)
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE "shop_order"."id" IN (1, 3, 6)
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."id" IN (9, 2, 6)
;
SELECT COUNT(*) AS "__count" FROM "shop_product" WHERE ((UPPER("shop_product"."name"::text) LIKE UPPER('%O''Hara%') OR "shop_product"."sku" = 'SKU-9') AND NOT ("shop_product"."category_id" IN (10, 35, 2)))
;
SELECT "shop_product"."id", "shop_product"."name" FROM "shop_product" WHERE "shop_product"."sizes" && ARRAY[10, 35, 2, 34, 20, 6]::integer[] ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id" FROM "shop_product" WHERE ("shop_product"."created" AT TIME ZONE 'America/Chicago')::date = '2024-01-07'::date ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (EXTRACT('month' FROM "shop_product"."created" AT TIME ZONE 'America/Chicago') >= 7 AND "shop_product"."created" BETWEEN '2026-01-01T00:00:00-06:00'::timestamptz AND '2026-12-31T23:59:59.999999-06:00'::timestamptz) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", RANK() OVER (PARTITION BY "shop_product"."category_id" ORDER BY "shop_product"."price" DESC) AS "place" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 7
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."name"::text ~ '^b......' ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (10, 35, 2, 34, 20, 6)
;
DECLARE "_django_curs_140031020802112_sync_7" NO SCROLL CURSOR WITH HOLD FOR SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" > 9 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
FETCH FORWARD 5 FROM "_django_curs_140031020802112_sync_7"
;
CLOSE "_django_curs_140031020802112_sync_7"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE ("shop_category"."visible" AND "shop_category"."parent_id" IN (1, 2, 6, 7, 8, 9, 10, 11, 12))
;
INSERT INTO "shop_order" ("user_id", "status", "total", "placed", "paid") VALUES (9, 'new', 0, '2024-05-12T07:08:09+00:00'::timestamptz, NULL) RETURNING "shop_order"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 10 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (7, 10, 2, 15.00) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 10
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 35 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (7, 35, 3, 52.50) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 35
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (7, 2, 3, 3.00) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 34 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (7, 34, 2, 51.00) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 34
;
SAVEPOINT "s140031020802112_x14"
;
SELECT SUM(("shop_item"."quantity" * "shop_item"."price")) AS "t" FROM "shop_item" WHERE "shop_item"."order_id" = 7
;
UPDATE "shop_order" SET "user_id" = 9, "status" = 'new', "total" = 298.50, "placed" = '2024-05-12T07:08:09+00:00'::timestamptz, "paid" = NULL WHERE "shop_order"."id" = 7
;
RELEASE SAVEPOINT "s140031020802112_x14"
;
SAVEPOINT "s140031020802112_x15"
;
ROLLBACK TO SAVEPOINT "s140031020802112_x15"
;
RELEASE SAVEPOINT "s140031020802112_x15"
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE "shop_order"."id" = 7 LIMIT 21
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE ("shop_order"."placed" < '2024-04-30T07:08:09+00:00'::timestamptz AND "shop_order"."status" = 'new')
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (7, 10, 1, 2), (7, 35, 1, 2), (7, 2, 1, 2), (7, 34, 1, 2), (7, 20, 1, 2), (7, 6, 1, 2) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (10, 35, 2) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
UPDATE "shop_product" SET "stock" = CAST(CASE WHEN ("shop_product"."id" = 2) THEN 1 WHEN ("shop_product"."id" = 10) THEN 10 WHEN ("shop_product"."id" = 35) THEN 35 ELSE NULL END AS integer) WHERE "shop_product"."id" IN (2, 10, 35)
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'category-6' LIMIT 21 FOR UPDATE
;
SAVEPOINT "s140031020802112_x16"
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'category-6', false) RETURNING "shop_category"."id"
;
RELEASE SAVEPOINT "s140031020802112_x16"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'new-6' LIMIT 21
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'new-6', true) RETURNING "shop_category"."id"
;
INSERT INTO "shop_tag" ("name") VALUES ('t6-0') ON CONFLICT DO NOTHING
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 10 LIMIT 21
;
SELECT "shop_tag"."id" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" = 10
;
DELETE FROM "shop_product_tags" WHERE ("shop_product_tags"."product_id" = 10 AND "shop_product_tags"."tag_id" IN (2))
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (10, 3), (10, 4) ON CONFLICT DO NOTHING
;
DELETE FROM "shop_product_tags" WHERE ("shop_product_tags"."product_id" = 10 AND "shop_product_tags"."tag_id" IN (1, 2))
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."product_id" = 10
;
SELECT "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" WHERE "shop_tag"."name"::text LIKE 't6%'
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."tag_id" IN (18)
;
DELETE FROM "shop_tag" WHERE "shop_tag"."id" IN (18)
;
UPDATE "shop_order" SET "status" = 'paid', "paid" = '2024-05-06T13:08:09+00:00'::timestamptz WHERE "shop_order"."id" = 7
;
SELECT "cache_key", "expires" FROM "cache" WHERE "cache_key" = ':1:k6'
;
INSERT INTO "cache" ("cache_key", "value", "expires") VALUES (':1:k6', 'gAWVFgAAAAAAAACMEjUwJSB0YWxsIDUwJSBjYWbDqZQu', '2026-11-23T09:13:30'::timestamp)
;
SELECT "cache_key", "value", "expires" FROM "cache" WHERE "cache_key" IN (':1:k6')
;
SELECT count(*) FROM shop_order WHERE status = 'paid' AND total > 9.0 AND id = ANY(ARRAY[10,35,2,34,20,6])
;
SELECT (1) AS "a" FROM "django_session" WHERE "django_session"."session_key" = '79p362u9q9intz19v4j78wxqb1kra8fl' LIMIT 1
;
INSERT INTO "django_session" ("session_key", "session_data", "expire_date") VALUES ('79p362u9q9intz19v4j78wxqb1kra8fl', 'eyJfYXV0aF91c2VyX2lkIjoiOSJ9:1xVQ64:_du3zW4FCewQKPDH6_dT09Y-FTwhecCKw1NGa7CrS3c', '2026-12-07T09:12:24.503872+00:00'::timestamptz)
;
SELECT "django_session"."session_key", "django_session"."session_data", "django_session"."expire_date" FROM "django_session" WHERE ("django_session"."expire_date" > '2026-11-23T09:12:24.504336+00:00'::timestamptz AND "django_session"."session_key" = '79p362u9q9intz19v4j78wxqb1kra8fl') LIMIT 21
;
UPDATE "django_session" SET "session_data" = 'eyJfYXV0aF91c2VyX2lkIjoiOSIsImNhcnQiOls5XX0:1xVQ64:VIMcTZ3hHQKz9wZrvFsGFynu2Ry6b7Zo95hUgRX7zeU', "expire_date" = '2026-12-07T09:12:24.504929+00:00'::timestamptz WHERE "django_session"."session_key" = '79p362u9q9intz19v4j78wxqb1kra8fl'
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible", T3."id", T3."parent_id", T3."slug", T3."visible" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") LEFT OUTER JOIN "shop_category" T3 ON ("shop_category"."parent_id" = T3."id") WHERE "shop_product"."id" IN (33, 22, 15, 40, 13, 16, 26) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" >= 9 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 8
;
SELECT ("shop_product_tags"."product_id") AS "_prefetch_related_val_product_id", "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" IN (12, 20, 15, 28, 27, 18, 33, 13)
;
SELECT "shop_item"."id", "shop_item"."order_id", "shop_item"."product_id", "shop_item"."quantity", "shop_item"."price" FROM "shop_item" WHERE "shop_item"."product_id" IN (12, 20, 15, 28, 27, 18, 33, 13)
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE "shop_order"."id" IN (1, 3, 6, 7)
;
SELECT COUNT(*) AS "__count" FROM "shop_product" WHERE ((UPPER("shop_product"."name"::text) LIKE UPPER('%\\new%') OR "shop_product"."sku" = 'SKU-9') AND NOT ("shop_product"."category_id" IN (33, 22, 15)))
;
SELECT "shop_product"."id", "shop_product"."name" FROM "shop_product" WHERE "shop_product"."sizes" && ARRAY[33, 22, 15, 40, 13, 16, 26, 15, 13]::integer[] ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id" FROM "shop_product" WHERE ("shop_product"."created" AT TIME ZONE 'America/Chicago')::date = '2024-01-08'::date ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (EXTRACT('month' FROM "shop_product"."created" AT TIME ZONE 'America/Chicago') >= 8 AND "shop_product"."created" BETWEEN '2027-01-01T00:00:00-06:00'::timestamptz AND '2027-12-31T23:59:59.999999-06:00'::timestamptz) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", RANK() OVER (PARTITION BY "shop_product"."category_id" ORDER BY "shop_product"."price" DESC) AS "place" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 8
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."name"::text ~ '^b.......' ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (33, 22, 15, 40, 13, 16, 26)
;
DECLARE "_django_curs_140031020802112_sync_8" NO SCROLL CURSOR WITH HOLD FOR SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" > 9 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
FETCH FORWARD 5 FROM "_django_curs_140031020802112_sync_8"
;
CLOSE "_django_curs_140031020802112_sync_8"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE ("shop_category"."visible" AND "shop_category"."parent_id" IN (1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14))
;
INSERT INTO "shop_order" ("user_id", "status", "total", "placed", "paid") VALUES (9, 'new', 0, '2024-05-13T07:08:09+00:00'::timestamptz, NULL) RETURNING "shop_order"."id"
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (8, 33, 1, 49.50) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 22 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (8, 22, 2, 33.00) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 22
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (8, 15, 1, 22.50) RETURNING "shop_item"."id"
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (8, 40, 2, 60.00) RETURNING "shop_item"."id"
;
SAVEPOINT "s140031020802112_x17"
;
SELECT SUM(("shop_item"."quantity" * "shop_item"."price")) AS "t" FROM "shop_item" WHERE "shop_item"."order_id" = 8
;
UPDATE "shop_order" SET "user_id" = 9, "status" = 'new', "total" = 258.00, "placed" = '2024-05-13T07:08:09+00:00'::timestamptz, "paid" = NULL WHERE "shop_order"."id" = 8
;
RELEASE SAVEPOINT "s140031020802112_x17"
;
SAVEPOINT "s140031020802112_x18"
;
ROLLBACK TO SAVEPOINT "s140031020802112_x18"
;
RELEASE SAVEPOINT "s140031020802112_x18"
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE "shop_order"."id" = 8 LIMIT 21
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE ("shop_order"."placed" < '2024-04-29T07:08:09+00:00'::timestamptz AND "shop_order"."status" = 'new')
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (8, 33, 1, 2), (8, 22, 1, 2), (8, 15, 1, 2), (8, 40, 1, 2), (8, 13, 1, 2), (8, 16, 1, 2), (8, 26, 1, 2), (8, 15, 1, 2), (8, 13, 1, 2) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (33, 22, 15) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
UPDATE "shop_product" SET "stock" = CAST(CASE WHEN ("shop_product"."id" = 15) THEN 14 WHEN ("shop_product"."id" = 33) THEN 33 WHEN ("shop_product"."id" = 22) THEN 22 ELSE NULL END AS integer) WHERE "shop_product"."id" IN (15, 33, 22)
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'category-7' LIMIT 21 FOR UPDATE
;
SAVEPOINT "s140031020802112_x19"
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'category-7', true) RETURNING "shop_category"."id"
;
RELEASE SAVEPOINT "s140031020802112_x19"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'new-7' LIMIT 21
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'new-7', true) RETURNING "shop_category"."id"
;
INSERT INTO "shop_tag" ("name") VALUES ('t7-0'), ('t7-1') ON CONFLICT DO NOTHING
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (33, 1), (33, 2), (33, 3), (33, 4) ON CONFLICT DO NOTHING
;
SELECT "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" WHERE "shop_tag"."name"::text LIKE 't7%'
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."tag_id" IN (19, 20)
;
DELETE FROM "shop_tag" WHERE "shop_tag"."id" IN (20, 19)
;
UPDATE "shop_order" SET "status" = 'sent', "paid" = '2024-05-06T14:08:09+00:00'::timestamptz WHERE "shop_order"."id" = 8
;
DELETE FROM "shop_item" WHERE "shop_item"."order_id" IN (8)
;
DELETE FROM "shop_order" WHERE "shop_order"."id" IN (8)
;
SELECT "cache_key", "expires" FROM "cache" WHERE "cache_key" = ':1:k7'
;
INSERT INTO "cache" ("cache_key", "value", "expires") VALUES (':1:k7', 'gAWVGAAAAAAAAACMFDUwJSBibHVlIGJsdWUgTydIYXJhlC4=', '2026-11-23T09:13:31'::timestamp)
;
SELECT "cache_key", "value", "expires" FROM "cache" WHERE "cache_key" IN (':1:k7')
;
SELECT count(*) FROM shop_order WHERE status = 'paid' AND total > 10.5 AND id = ANY(ARRAY[33,22,15,40,13,16,26,15,13])
;
SELECT (1) AS "a" FROM "django_session" WHERE "django_session"."session_key" = 'duk6ok3jfsjqvfsziynjv7ur9jrk3wbh' LIMIT 1
;
INSERT INTO "django_session" ("session_key", "session_data", "expire_date") VALUES ('duk6ok3jfsjqvfsziynjv7ur9jrk3wbh', 'eyJfYXV0aF91c2VyX2lkIjoiOCJ9:1xVQ64:30CWk7ENkBBNarZpevVgQpiXuIM_vs7muCgggKu8RtI', '2026-12-07T09:12:24.580318+00:00'::timestamptz)
;
SELECT "django_session"."session_key", "django_session"."session_data", "django_session"."expire_date" FROM "django_session" WHERE ("django_session"."expire_date" > '2026-11-23T09:12:24.580709+00:00'::timestamptz AND "django_session"."session_key" = 'duk6ok3jfsjqvfsziynjv7ur9jrk3wbh') LIMIT 21
;
UPDATE "django_session" SET "session_data" = 'eyJfYXV0aF91c2VyX2lkIjoiOCIsImNhcnQiOls4XX0:1xVQ64:8blVAGZ5D1Sovcxx1sPJrtfFVI3DU3e1fO6ucx8LvVg', "expire_date" = '2026-12-07T09:12:24.581312+00:00'::timestamptz WHERE "django_session"."session_key" = 'duk6ok3jfsjqvfsziynjv7ur9jrk3wbh'
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible", T3."id", T3."parent_id", T3."slug", T3."visible" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") LEFT OUTER JOIN "shop_category" T3 ON ("shop_category"."parent_id" = T3."id") WHERE "shop_product"."id" IN (13, 39, 23, 29) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" >= 8 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 9
;
SELECT ("shop_product_tags"."product_id") AS "_prefetch_related_val_product_id", "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" IN (12, 20, 15, 28, 27, 18, 33, 13, 34)
;
SELECT "shop_item"."id", "shop_item"."order_id", "shop_item"."product_id", "shop_item"."quantity", "shop_item"."price" FROM "shop_item" WHERE "shop_item"."product_id" IN (12, 20, 15, 28, 27, 18, 33, 13, 34)
;
SELECT COUNT(*) AS "__count" FROM "shop_product" WHERE ((UPPER("shop_product"."name"::text) LIKE UPPER('%50\%%') OR "shop_product"."sku" = 'SKU-8') AND NOT ("shop_product"."category_id" IN (13, 39, 23)))
;
SELECT "shop_product"."id", "shop_product"."name" FROM "shop_product" WHERE "shop_product"."sizes" && ARRAY[13, 39, 23, 29, 23]::integer[] ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id" FROM "shop_product" WHERE ("shop_product"."created" AT TIME ZONE 'America/Chicago')::date = '2024-01-09'::date ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (EXTRACT('month' FROM "shop_product"."created" AT TIME ZONE 'America/Chicago') >= 9 AND "shop_product"."created" BETWEEN '2028-01-01T00:00:00-06:00'::timestamptz AND '2028-12-31T23:59:59.999999-06:00'::timestamptz) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", RANK() OVER (PARTITION BY "shop_product"."category_id" ORDER BY "shop_product"."price" DESC) AS "place" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 9
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", to_tsvector(COALESCE("shop_product"."name", '') || ' ' || COALESCE("shop_product"."sku", '')) AS "v" FROM "shop_product" WHERE to_tsvector(COALESCE("shop_product"."name", '') || ' ' || COALESCE("shop_product"."sku", '')) @@ plainto_tsquery('it''s') ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."name"::text ~ '^b........' ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (13, 39, 23, 29)
;
DECLARE "_django_curs_140031020802112_sync_9" NO SCROLL CURSOR WITH HOLD FOR SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" > 8 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
FETCH FORWARD 5 FROM "_django_curs_140031020802112_sync_9"
;
CLOSE "_django_curs_140031020802112_sync_9"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE ("shop_category"."visible" AND "shop_category"."parent_id" IN (1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16))
;
INSERT INTO "shop_order" ("user_id", "status", "total", "placed", "paid") VALUES (8, 'new', 0, '2024-05-14T07:08:09+00:00'::timestamptz, NULL) RETURNING "shop_order"."id"
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (9, 13, 2, 19.50) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 39 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (9, 39, 1, 58.50) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 39
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (9, 23, 3, 34.50) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 29 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (9, 29, 3, 43.50) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 29
;
SAVEPOINT "s140031020802112_x20"
;
SELECT SUM(("shop_item"."quantity" * "shop_item"."price")) AS "t" FROM "shop_item" WHERE "shop_item"."order_id" = 9
;
UPDATE "shop_order" SET "user_id" = 8, "status" = 'new', "total" = 331.50, "placed" = '2024-05-14T07:08:09+00:00'::timestamptz, "paid" = NULL WHERE "shop_order"."id" = 9
;
RELEASE SAVEPOINT "s140031020802112_x20"
;
SAVEPOINT "s140031020802112_x21"
;
ROLLBACK TO SAVEPOINT "s140031020802112_x21"
;
RELEASE SAVEPOINT "s140031020802112_x21"
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE "shop_order"."id" = 9 LIMIT 21
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE ("shop_order"."placed" < '2024-04-28T07:08:09+00:00'::timestamptz AND "shop_order"."status" = 'new')
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (9, 13, 1, 2), (9, 39, 1, 2), (9, 23, 1, 2), (9, 29, 1, 2), (9, 23, 1, 2) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (13, 39, 23) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
UPDATE "shop_product" SET "stock" = CAST(CASE WHEN ("shop_product"."id" = 13) THEN 13 WHEN ("shop_product"."id" = 23) THEN 23 WHEN ("shop_product"."id" = 39) THEN 39 ELSE NULL END AS integer) WHERE "shop_product"."id" IN (13, 23, 39)
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'category-8' LIMIT 21 FOR UPDATE
;
SAVEPOINT "s140031020802112_x22"
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'category-8', false) RETURNING "shop_category"."id"
;
RELEASE SAVEPOINT "s140031020802112_x22"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'new-8' LIMIT 21
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'new-8', true) RETURNING "shop_category"."id"
;
INSERT INTO "shop_tag" ("name") VALUES ('t8-0'), ('t8-1'), ('t8-2') ON CONFLICT DO NOTHING
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 13 LIMIT 21
;
SELECT "shop_tag"."id" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" = 13
;
DELETE FROM "shop_product_tags" WHERE ("shop_product_tags"."product_id" = 13 AND "shop_product_tags"."tag_id" IN (1))
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (13, 2), (13, 4) ON CONFLICT DO NOTHING
;
DELETE FROM "shop_product_tags" WHERE ("shop_product_tags"."product_id" = 13 AND "shop_product_tags"."tag_id" IN (1, 2))
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."product_id" = 13
;
SELECT "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" WHERE "shop_tag"."name"::text LIKE 't8%'
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."tag_id" IN (21, 22, 23)
;
DELETE FROM "shop_tag" WHERE "shop_tag"."id" IN (23, 22, 21)
;
UPDATE "shop_order" SET "status" = 'new', "paid" = '2024-05-06T15:08:09+00:00'::timestamptz WHERE "shop_order"."id" = 9
;
SELECT "cache_key", "expires" FROM "cache" WHERE "cache_key" = ':1:k8'
;
INSERT INTO "cache" ("cache_key", "value", "expires") VALUES (':1:k8', 'gAWVGgAAAAAAAACMFmNhZsOpIGl0J3MgY2Fmw6kgcXVpY2uULg==', '2026-11-23T09:13:32'::timestamp)
;
SELECT "cache_key", "value", "expires" FROM "cache" WHERE "cache_key" IN (':1:k8')
;
SELECT count(*) FROM shop_order WHERE status = 'paid' AND total > 12.0 AND id = ANY(ARRAY[13,39,23,29,23])
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."username" = 'user4' LIMIT 21
;
SELECT (1) AS "a" FROM "django_session" WHERE "django_session"."session_key" = 'piwkmal5xrziv7dts3o91nszkrkxf3sc' LIMIT 1
;
INSERT INTO "django_session" ("session_key", "session_data", "expire_date") VALUES ('piwkmal5xrziv7dts3o91nszkrkxf3sc', 'eyJfYXV0aF91c2VyX2lkIjoiNCJ9:1xVQ64:Dq8s7M1diSCxtzEvVVv9UASy5ZU4KzoqyGZQiBbEOiI', '2026-12-07T09:12:24.651129+00:00'::timestamptz)
;
SELECT "django_session"."session_key", "django_session"."session_data", "django_session"."expire_date" FROM "django_session" WHERE ("django_session"."expire_date" > '2026-11-23T09:12:24.651506+00:00'::timestamptz AND "django_session"."session_key" = 'piwkmal5xrziv7dts3o91nszkrkxf3sc') LIMIT 21
;
UPDATE "django_session" SET "session_data" = 'eyJfYXV0aF91c2VyX2lkIjoiNCIsImNhcnQiOls0XX0:1xVQ64:Woo7bughiP4Qy4jeXH1QiJ8L8zAzsJqMrBd0CFNY4zA', "expire_date" = '2026-12-07T09:12:24.652071+00:00'::timestamptz WHERE "django_session"."session_key" = 'piwkmal5xrziv7dts3o91nszkrkxf3sc'
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."id" = 4 LIMIT 21
;
SELECT "django_content_type"."app_label", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "auth_user_user_permissions" ON ("auth_permission"."id" = "auth_user_user_permissions"."permission_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_user_user_permissions"."user_id" = 4
;
SELECT "django_content_type"."app_label", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "auth_group_permissions" ON ("auth_permission"."id" = "auth_group_permissions"."permission_id") INNER JOIN "auth_group" ON ("auth_group_permissions"."group_id" = "auth_group"."id") INNER JOIN "auth_user_groups" ON ("auth_group"."id" = "auth_user_groups"."group_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_user_groups"."user_id" = 4
;
UPDATE "auth_user" SET "last_login" = '2024-05-06T07:12:09+00:00'::timestamptz WHERE "auth_user"."id" = 4
;
SELECT (1) AS "a" FROM "auth_user" WHERE UPPER("auth_user"."email"::text) = UPPER('User4@example.com') LIMIT 1
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."active" AND "shop_product"."price" < 16) ORDER BY "shop_product"."price" ASC, "shop_product"."id" DESC LIMIT 10
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible", T3."id", T3."parent_id", T3."slug", T3."visible" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") LEFT OUTER JOIN "shop_category" T3 ON ("shop_category"."parent_id" = T3."id") WHERE "shop_product"."id" IN (14, 31, 40, 1) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" >= 4 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 10
;
SELECT ("shop_product_tags"."product_id") AS "_prefetch_related_val_product_id", "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" IN (6, 12, 20, 15, 28, 27, 18, 33, 13, 34)
;
SELECT "shop_item"."id", "shop_item"."order_id", "shop_item"."product_id", "shop_item"."quantity", "shop_item"."price" FROM "shop_item" WHERE "shop_item"."product_id" IN (6, 12, 20, 15, 28, 27, 18, 33, 13, 34)
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE "shop_order"."id" IN (1, 3, 6, 7, 9)
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."id" IN (8, 9, 2, 6)
;
SELECT COUNT(*) AS "__count" FROM "shop_product" WHERE ((UPPER("shop_product"."name"::text) LIKE UPPER('%50\%%') OR "shop_product"."sku" = 'SKU-4') AND NOT ("shop_product"."category_id" IN (14, 31, 40)))
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (("shop_product"."attributes" -> 'colour') = '"red"' AND ("shop_product"."attributes" -> 'size') > '4') ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."attributes" ? 'size' AND "shop_product"."sizes" @> ARRAY[4]::integer[]) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."name" FROM "shop_product" WHERE "shop_product"."sizes" && ARRAY[14, 31, 40, 40, 1, 31]::integer[] ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id" FROM "shop_product" WHERE ("shop_product"."created" AT TIME ZONE 'America/Chicago')::date = '2024-01-10'::date ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (EXTRACT('month' FROM "shop_product"."created" AT TIME ZONE 'America/Chicago') >= 10 AND "shop_product"."created" BETWEEN '2029-01-01T00:00:00-06:00'::timestamptz AND '2029-12-31T23:59:59.999999-06:00'::timestamptz) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", RANK() OVER (PARTITION BY "shop_product"."category_id" ORDER BY "shop_product"."price" DESC) AS "place" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 10
;
SELECT CASE WHEN "shop_product"."stock" = 0 THEN 'none' WHEN "shop_product"."stock" < 4 THEN 'few' ELSE 'many' END AS "label" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 5
;
(SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."price" BETWEEN 4 AND 24 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC) UNION (SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" < 4 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC)
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."price" IS NOT NULL AND "shop_product"."stock" = ("shop_product"."price" + 4)) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT id, name FROM shop_product WHERE price > 4 LIMIT 3
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."name"::text ~ '^b.........' ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (14, 31, 40, 1)
;
DECLARE "_django_curs_140031020802112_sync_10" NO SCROLL CURSOR WITH HOLD FOR SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" > 4 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
FETCH FORWARD 5 FROM "_django_curs_140031020802112_sync_10"
;
CLOSE "_django_curs_140031020802112_sync_10"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE ("shop_category"."visible" AND "shop_category"."parent_id" IN (1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18))
;
INSERT INTO "shop_order" ("user_id", "status", "total", "placed", "paid") VALUES (4, 'new', 0, '2024-05-15T07:08:09+00:00'::timestamptz, NULL) RETURNING "shop_order"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 14 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (10, 14, 3, 21.00) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 14
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (10, 31, 2, 46.50) RETURNING "shop_item"."id"
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (10, 40, 2, 60.00) RETURNING "shop_item"."id"
;
SAVEPOINT "s140031020802112_x23"
;
SELECT SUM(("shop_item"."quantity" * "shop_item"."price")) AS "t" FROM "shop_item" WHERE "shop_item"."order_id" = 10
;
UPDATE "shop_order" SET "user_id" = 4, "status" = 'new', "total" = 396.00, "placed" = '2024-05-15T07:08:09+00:00'::timestamptz, "paid" = NULL WHERE "shop_order"."id" = 10
;
RELEASE SAVEPOINT "s140031020802112_x23"
;
SAVEPOINT "s140031020802112_x24"
;
ROLLBACK TO SAVEPOINT "s140031020802112_x24"
;
RELEASE SAVEPOINT "s140031020802112_x24"
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE "shop_order"."id" = 10 LIMIT 21
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE ("shop_order"."placed" < '2024-04-27T07:08:09+00:00'::timestamptz AND "shop_order"."status" = 'new')
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (10, 14, 1, 2), (10, 31, 1, 2), (10, 40, 1, 2), (10, 40, 1, 2), (10, 1, 1, 2), (10, 31, 1, 2) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (14, 31, 40) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
UPDATE "shop_product" SET "stock" = CAST(CASE WHEN ("shop_product"."id" = 40) THEN 38 WHEN ("shop_product"."id" = 31) THEN 30 WHEN ("shop_product"."id" = 14) THEN 14 ELSE NULL END AS integer) WHERE "shop_product"."id" IN (40, 31, 14)
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'category-9' LIMIT 21 FOR UPDATE
;
SAVEPOINT "s140031020802112_x25"
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'category-9', true) RETURNING "shop_category"."id"
;
RELEASE SAVEPOINT "s140031020802112_x25"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'new-9' LIMIT 21
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'new-9', true) RETURNING "shop_category"."id"
;
INSERT INTO "shop_tag" ("name") VALUES ('t9-0') ON CONFLICT DO NOTHING
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 14 LIMIT 21
;
SELECT "shop_tag"."id" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" = 14
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (14, 1), (14, 3), (14, 4) ON CONFLICT DO NOTHING
;
DELETE FROM "shop_product_tags" WHERE ("shop_product_tags"."product_id" = 14 AND "shop_product_tags"."tag_id" IN (1, 2))
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."product_id" = 14
;
SELECT "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" WHERE "shop_tag"."name"::text LIKE 't9%'
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."tag_id" IN (24)
;
DELETE FROM "shop_tag" WHERE "shop_tag"."id" IN (24)
;
UPDATE "shop_order" SET "status" = 'paid', "paid" = '2024-05-06T16:08:09+00:00'::timestamptz WHERE "shop_order"."id" = 10
;
SELECT "cache_key", "expires" FROM "cache" WHERE "cache_key" = ':1:k9'
;
INSERT INTO "cache" ("cache_key", "value", "expires") VALUES (':1:k9', 'gAWVGAAAAAAAAACMFGl0J3MgYV9iIGNhZsOpIHF1aWNrlC4=', '2026-11-23T09:13:33'::timestamp)
;
SELECT "cache_key", "value", "expires" FROM "cache" WHERE "cache_key" IN (':1:k9')
;
SELECT count(*) FROM shop_order WHERE status = 'paid' AND total > 13.5 AND id = ANY(ARRAY[14,31,40,40,1,31])
;
SELECT (1) AS "a" FROM "django_session" WHERE "django_session"."session_key" = '97rt9mg15rlirdjbhfevzi6kv5vz8lca' LIMIT 1
;
INSERT INTO "django_session" ("session_key", "session_data", "expire_date") VALUES ('97rt9mg15rlirdjbhfevzi6kv5vz8lca', 'eyJfYXV0aF91c2VyX2lkIjoiMyJ9:1xVQ64:8HJyuiOsPxkZIyEZUXEv6rU1VVzKz151IBxaaB-bs1M', '2026-12-07T09:12:24.713247+00:00'::timestamptz)
;
SELECT "django_session"."session_key", "django_session"."session_data", "django_session"."expire_date" FROM "django_session" WHERE ("django_session"."expire_date" > '2026-11-23T09:12:24.713715+00:00'::timestamptz AND "django_session"."session_key" = '97rt9mg15rlirdjbhfevzi6kv5vz8lca') LIMIT 21
;
UPDATE "django_session" SET "session_data" = 'eyJfYXV0aF91c2VyX2lkIjoiMyIsImNhcnQiOlszXX0:1xVQ64:ZJpWqc_zghAszS4f9rm6vjCFtQomMsMtrLENUmJgzBU', "expire_date" = '2026-12-07T09:12:24.714385+00:00'::timestamptz WHERE "django_session"."session_key" = '97rt9mg15rlirdjbhfevzi6kv5vz8lca'
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible", T3."id", T3."parent_id", T3."slug", T3."visible" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") LEFT OUTER JOIN "shop_category" T3 ON ("shop_category"."parent_id" = T3."id") WHERE "shop_product"."id" IN (22, 6, 26, 30, 11) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" >= 3 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 11
;
SELECT ("shop_product_tags"."product_id") AS "_prefetch_related_val_product_id", "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" IN (6, 12, 20, 15, 28, 27, 18, 33, 13, 34, 22)
;
SELECT "shop_item"."id", "shop_item"."order_id", "shop_item"."product_id", "shop_item"."quantity", "shop_item"."price" FROM "shop_item" WHERE "shop_item"."product_id" IN (6, 12, 20, 15, 28, 27, 18, 33, 13, 34, 22)
;
SELECT COUNT(*) AS "__count" FROM "shop_product" WHERE ((UPPER("shop_product"."name"::text) LIKE UPPER('%tall%') OR "shop_product"."sku" = 'SKU-3') AND NOT ("shop_product"."category_id" IN (22, 6, 26)))
;
SELECT "shop_product"."id", "shop_product"."name" FROM "shop_product" WHERE "shop_product"."sizes" && ARRAY[22, 6, 26, 30, 26, 6, 11]::integer[] ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id" FROM "shop_product" WHERE ("shop_product"."created" AT TIME ZONE 'America/Chicago')::date = '2024-01-11'::date ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (EXTRACT('month' FROM "shop_product"."created" AT TIME ZONE 'America/Chicago') >= 11 AND "shop_product"."created" BETWEEN '2030-01-01T00:00:00-06:00'::timestamptz AND '2030-12-31T23:59:59.999999-06:00'::timestamptz) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", RANK() OVER (PARTITION BY "shop_product"."category_id" ORDER BY "shop_product"."price" DESC) AS "place" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 11
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."name"::text ~ '^b..........' ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (22, 6, 26, 30, 11)
;
DECLARE "_django_curs_140031020802112_sync_11" NO SCROLL CURSOR WITH HOLD FOR SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" > 3 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
FETCH FORWARD 5 FROM "_django_curs_140031020802112_sync_11"
;
CLOSE "_django_curs_140031020802112_sync_11"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE ("shop_category"."visible" AND "shop_category"."parent_id" IN (1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20))
;
INSERT INTO "shop_order" ("user_id", "status", "total", "placed", "paid") VALUES (3, 'new', 0, '2024-05-16T07:08:09+00:00'::timestamptz, NULL) RETURNING "shop_order"."id"
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (11, 22, 2, 33.00) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 6 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (11, 6, 1, 9.00) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 6
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (11, 26, 3, 39.00) RETURNING "shop_item"."id"
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (11, 30, 1, 45.00) RETURNING "shop_item"."id"
;
SAVEPOINT "s140031020802112_x26"
;
SELECT SUM(("shop_item"."quantity" * "shop_item"."price")) AS "t" FROM "shop_item" WHERE "shop_item"."order_id" = 11
;
UPDATE "shop_order" SET "user_id" = 3, "status" = 'new', "total" = 237.00, "placed" = '2024-05-16T07:08:09+00:00'::timestamptz, "paid" = NULL WHERE "shop_order"."id" = 11
;
RELEASE SAVEPOINT "s140031020802112_x26"
;
SAVEPOINT "s140031020802112_x27"
;
ROLLBACK TO SAVEPOINT "s140031020802112_x27"
;
RELEASE SAVEPOINT "s140031020802112_x27"
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE "shop_order"."id" = 11 LIMIT 21
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE ("shop_order"."placed" < '2024-04-26T07:08:09+00:00'::timestamptz AND "shop_order"."status" = 'new')
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (11, 22, 1, 2), (11, 6, 1, 2), (11, 26, 1, 2), (11, 30, 1, 2), (11, 26, 1, 2), (11, 6, 1, 2), (11, 11, 1, 2) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (22, 6, 26) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
UPDATE "shop_product" SET "stock" = CAST(CASE WHEN ("shop_product"."id" = 6) THEN 6 WHEN ("shop_product"."id" = 22) THEN 22 WHEN ("shop_product"."id" = 26) THEN 26 ELSE NULL END AS integer) WHERE "shop_product"."id" IN (6, 22, 26)
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'category-10' LIMIT 21 FOR UPDATE
;
SAVEPOINT "s140031020802112_x28"
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'category-10', false) RETURNING "shop_category"."id"
;
RELEASE SAVEPOINT "s140031020802112_x28"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'new-10' LIMIT 21
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'new-10', true) RETURNING "shop_category"."id"
;
INSERT INTO "shop_tag" ("name") VALUES ('t10-0'), ('t10-1') ON CONFLICT DO NOTHING
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 22 LIMIT 21
;
SELECT "shop_tag"."id" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" = 22
;
DELETE FROM "shop_product_tags" WHERE ("shop_product_tags"."product_id" = 22 AND "shop_product_tags"."tag_id" IN (1, 2))
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (22, 3), (22, 4) ON CONFLICT DO NOTHING
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."product_id" = 22
;
SELECT "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" WHERE "shop_tag"."name"::text LIKE 't10%'
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."tag_id" IN (25, 26)
;
DELETE FROM "shop_tag" WHERE "shop_tag"."id" IN (26, 25)
;
UPDATE "shop_order" SET "status" = 'sent', "paid" = '2024-05-06T17:08:09+00:00'::timestamptz WHERE "shop_order"."id" = 11
;
SELECT "cache_key", "expires" FROM "cache" WHERE "cache_key" = ':1:k10'
;
INSERT INTO "cache" ("cache_key", "value", "expires") VALUES (':1:k10', 'gAWVFwAAAAAAAACME2JsdWUgdGFsbCAieCIgcXVpY2uULg==', '2026-11-23T09:13:34'::timestamp)
;
SELECT "cache_key", "value", "expires" FROM "cache" WHERE "cache_key" IN (':1:k10')
;
SELECT count(*) FROM shop_order WHERE status = 'paid' AND total > 15.0 AND id = ANY(ARRAY[22,6,26,30,26,6,11])
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."username" = 'user11' LIMIT 21
;
SELECT (1) AS "a" FROM "django_session" WHERE "django_session"."session_key" = 'c99svso5ogf0viqa7tpvtmqk0xgs64hv' LIMIT 1
;
INSERT INTO "django_session" ("session_key", "session_data", "expire_date") VALUES ('c99svso5ogf0viqa7tpvtmqk0xgs64hv', 'eyJfYXV0aF91c2VyX2lkIjoiMTEifQ:1xVQ64:dXw6u-45RjT_aMcRFnO6oTYZzDPKUd_faINi98DMo-k', '2026-12-07T09:12:24.927224+00:00'::timestamptz)
;
SELECT "django_session"."session_key", "django_session"."session_data", "django_session"."expire_date" FROM "django_session" WHERE ("django_session"."expire_date" > '2026-11-23T09:12:24.927847+00:00'::timestamptz AND "django_session"."session_key" = 'c99svso5ogf0viqa7tpvtmqk0xgs64hv') LIMIT 21
;
UPDATE "django_session" SET "session_data" = 'eyJfYXV0aF91c2VyX2lkIjoiMTEiLCJjYXJ0IjpbMTFdfQ:1xVQ64:s7CZt8whSfpEN_hso2VnHeqmNqbtrtga868ZZD5pl7A', "expire_date" = '2026-12-07T09:12:24.928744+00:00'::timestamptz WHERE "django_session"."session_key" = 'c99svso5ogf0viqa7tpvtmqk0xgs64hv'
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."id" = 11 LIMIT 21
;
SELECT "django_content_type"."app_label", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "auth_user_user_permissions" ON ("auth_permission"."id" = "auth_user_user_permissions"."permission_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_user_user_permissions"."user_id" = 11
;
SELECT "django_content_type"."app_label", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "auth_group_permissions" ON ("auth_permission"."id" = "auth_group_permissions"."permission_id") INNER JOIN "auth_group" ON ("auth_group_permissions"."group_id" = "auth_group"."id") INNER JOIN "auth_user_groups" ON ("auth_group"."id" = "auth_user_groups"."group_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_user_groups"."user_id" = 11
;
UPDATE "auth_user" SET "last_login" = '2024-05-06T07:19:09+00:00'::timestamptz WHERE "auth_user"."id" = 11
;
SELECT (1) AS "a" FROM "auth_user" WHERE UPPER("auth_user"."email"::text) = UPPER('User11@example.com') LIMIT 1
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."active" AND "shop_product"."price" < 44) ORDER BY "shop_product"."price" ASC, "shop_product"."id" DESC LIMIT 10
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible", T3."id", T3."parent_id", T3."slug", T3."visible" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") LEFT OUTER JOIN "shop_category" T3 ON ("shop_category"."parent_id" = T3."id") WHERE "shop_product"."id" IN (40, 39, 31) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" >= 11 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 12
;
SELECT ("shop_product_tags"."product_id") AS "_prefetch_related_val_product_id", "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" IN (12, 20, 15, 28, 27, 18, 33, 13, 34, 22, 30, 40)
;
SELECT "shop_item"."id", "shop_item"."order_id", "shop_item"."product_id", "shop_item"."quantity", "shop_item"."price" FROM "shop_item" WHERE "shop_item"."product_id" IN (12, 20, 15, 28, 27, 18, 33, 13, 34, 22, 30, 40)
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE "shop_order"."id" IN (1, 3, 5, 6, 7, 9, 10, 11)
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."id" IN (2, 3, 4, 6, 8, 9)
;
SELECT COUNT(*) AS "__count" FROM "shop_product" WHERE ((UPPER("shop_product"."name"::text) LIKE UPPER('%50\%%') OR "shop_product"."sku" = 'SKU-11') AND NOT ("shop_product"."category_id" IN (40, 39, 31)))
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (("shop_product"."attributes" -> 'colour') = '"red"' AND ("shop_product"."attributes" -> 'size') > '11') ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."attributes" ? 'size' AND "shop_product"."sizes" @> ARRAY[11]::integer[]) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."name" FROM "shop_product" WHERE "shop_product"."sizes" && ARRAY[40, 39, 31]::integer[] ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id" FROM "shop_product" WHERE ("shop_product"."created" AT TIME ZONE 'America/Chicago')::date = '2024-01-12'::date ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (EXTRACT('month' FROM "shop_product"."created" AT TIME ZONE 'America/Chicago') >= 12 AND "shop_product"."created" BETWEEN '2031-01-01T00:00:00-06:00'::timestamptz AND '2031-12-31T23:59:59.999999-06:00'::timestamptz) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", RANK() OVER (PARTITION BY "shop_product"."category_id" ORDER BY "shop_product"."price" DESC) AS "place" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 12
;
SELECT CASE WHEN "shop_product"."stock" = 0 THEN 'none' WHEN "shop_product"."stock" < 11 THEN 'few' ELSE 'many' END AS "label" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 5
;
(SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."price" BETWEEN 11 AND 31 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC) UNION (SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" < 11 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC)
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."price" IS NOT NULL AND "shop_product"."stock" = ("shop_product"."price" + 11)) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT id, name FROM shop_product WHERE price > 11 LIMIT 3
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."name"::text ~ '^b...........' ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (40, 39, 31)
;
DECLARE "_django_curs_140031020802112_sync_12" NO SCROLL CURSOR WITH HOLD FOR SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" > 11 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
FETCH FORWARD 5 FROM "_django_curs_140031020802112_sync_12"
;
CLOSE "_django_curs_140031020802112_sync_12"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE ("shop_category"."visible" AND "shop_category"."parent_id" IN (1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22))
;
INSERT INTO "shop_order" ("user_id", "status", "total", "placed", "paid") VALUES (11, 'new', 0, '2024-05-17T07:08:09+00:00'::timestamptz, NULL) RETURNING "shop_order"."id"
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (12, 40, 2, 60.00) RETURNING "shop_item"."id"
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (12, 39, 1, 58.50) RETURNING "shop_item"."id"
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (12, 31, 2, 46.50) RETURNING "shop_item"."id"
;
SAVEPOINT "s140031020802112_x29"
;
SELECT SUM(("shop_item"."quantity" * "shop_item"."price")) AS "t" FROM "shop_item" WHERE "shop_item"."order_id" = 12
;
UPDATE "shop_order" SET "user_id" = 11, "status" = 'new', "total" = 271.50, "placed" = '2024-05-17T07:08:09+00:00'::timestamptz, "paid" = NULL WHERE "shop_order"."id" = 12
;
RELEASE SAVEPOINT "s140031020802112_x29"
;
SAVEPOINT "s140031020802112_x30"
;
ROLLBACK TO SAVEPOINT "s140031020802112_x30"
;
RELEASE SAVEPOINT "s140031020802112_x30"
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE "shop_order"."id" = 12 LIMIT 21
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE ("shop_order"."placed" < '2024-04-25T07:08:09+00:00'::timestamptz AND "shop_order"."status" = 'new')
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (12, 40, 1, 2), (12, 39, 1, 2), (12, 31, 1, 2) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (40, 39, 31) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
UPDATE "shop_product" SET "stock" = CAST(CASE WHEN ("shop_product"."id" = 40) THEN 38 WHEN ("shop_product"."id" = 31) THEN 30 WHEN ("shop_product"."id" = 39) THEN 39 ELSE NULL END AS integer) WHERE "shop_product"."id" IN (40, 31, 39)
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'category-11' LIMIT 21 FOR UPDATE
;
SAVEPOINT "s140031020802112_x31"
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'category-11', true) RETURNING "shop_category"."id"
;
RELEASE SAVEPOINT "s140031020802112_x31"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'new-11' LIMIT 21
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'new-11', true) RETURNING "shop_category"."id"
;
INSERT INTO "shop_tag" ("name") VALUES ('t11-0'), ('t11-1'), ('t11-2') ON CONFLICT DO NOTHING
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 40 LIMIT 21
;
SELECT "shop_tag"."id" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" = 40
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (40, 1), (40, 4) ON CONFLICT DO NOTHING
;
DELETE FROM "shop_product_tags" WHERE ("shop_product_tags"."product_id" = 40 AND "shop_product_tags"."tag_id" IN (1, 2))
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."product_id" = 40
;
SELECT "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" WHERE "shop_tag"."name"::text LIKE 't11%'
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."tag_id" IN (27, 28, 29)
;
DELETE FROM "shop_tag" WHERE "shop_tag"."id" IN (29, 28, 27)
;
UPDATE "shop_order" SET "status" = 'new', "paid" = '2024-05-06T18:08:09+00:00'::timestamptz WHERE "shop_order"."id" = 12
;
DELETE FROM "shop_item" WHERE "shop_item"."order_id" IN (12)
;
DELETE FROM "shop_order" WHERE "shop_order"."id" IN (12)
;
SELECT "cache_key", "expires" FROM "cache" WHERE "cache_key" = ':1:k11'
;
INSERT INTO "cache" ("cache_key", "value", "expires") VALUES (':1:k11', 'gAWVFwAAAAAAAACME1xuZXcgXG5ldyB0YWxsIGJsdWWULg==', '2026-11-23T09:13:36'::timestamp)
;
SELECT "cache_key", "value", "expires" FROM "cache" WHERE "cache_key" IN (':1:k11')
;
SELECT count(*) FROM shop_order WHERE status = 'paid' AND total > 16.5 AND id = ANY(ARRAY[40,39,31])
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."username" = 'user1' LIMIT 21
;
SELECT (1) AS "a" FROM "django_session" WHERE "django_session"."session_key" = 'zkslvjzz6ilwsm8oju3au3mqa0985krr' LIMIT 1
;
INSERT INTO "django_session" ("session_key", "session_data", "expire_date") VALUES ('zkslvjzz6ilwsm8oju3au3mqa0985krr', 'eyJfYXV0aF91c2VyX2lkIjoiMSJ9:1xVQ65:qRskoVZZMNqJ6ubgTx_BufO4X9SDqEayzEylkecKW0M', '2026-12-07T09:12:25.249467+00:00'::timestamptz)
;
SELECT "django_session"."session_key", "django_session"."session_data", "django_session"."expire_date" FROM "django_session" WHERE ("django_session"."expire_date" > '2026-11-23T09:12:25.250131+00:00'::timestamptz AND "django_session"."session_key" = 'zkslvjzz6ilwsm8oju3au3mqa0985krr') LIMIT 21
;
UPDATE "django_session" SET "session_data" = 'eyJfYXV0aF91c2VyX2lkIjoiMSIsImNhcnQiOlsxXX0:1xVQ65:VmkrccLU8C8-7AIf94gTKoKXoBSQbMS9Xj2WRCvtDRk', "expire_date" = '2026-12-07T09:12:25.254601+00:00'::timestamptz WHERE "django_session"."session_key" = 'zkslvjzz6ilwsm8oju3au3mqa0985krr'
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."id" = 1 LIMIT 21
;
SELECT "django_content_type"."app_label", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "auth_user_user_permissions" ON ("auth_permission"."id" = "auth_user_user_permissions"."permission_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_user_user_permissions"."user_id" = 1
;
SELECT "django_content_type"."app_label", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "auth_group_permissions" ON ("auth_permission"."id" = "auth_group_permissions"."permission_id") INNER JOIN "auth_group" ON ("auth_group_permissions"."group_id" = "auth_group"."id") INNER JOIN "auth_user_groups" ON ("auth_group"."id" = "auth_user_groups"."group_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_user_groups"."user_id" = 1
;
UPDATE "auth_user" SET "last_login" = '2024-05-06T07:09:09+00:00'::timestamptz WHERE "auth_user"."id" = 1
;
SELECT (1) AS "a" FROM "auth_user" WHERE UPPER("auth_user"."email"::text) = UPPER('User1@example.com') LIMIT 1
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."active" AND "shop_product"."price" < 4) ORDER BY "shop_product"."price" ASC, "shop_product"."id" DESC LIMIT 10
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible", T3."id", T3."parent_id", T3."slug", T3."visible" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") LEFT OUTER JOIN "shop_category" T3 ON ("shop_category"."parent_id" = T3."id") WHERE "shop_product"."id" IN (34, 9) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" >= 1 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 13
;
SELECT ("shop_product_tags"."product_id") AS "_prefetch_related_val_product_id", "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" IN (6, 12, 20, 15, 28, 27, 18, 33, 13, 34, 22, 30, 40)
;
SELECT "shop_item"."id", "shop_item"."order_id", "shop_item"."product_id", "shop_item"."quantity", "shop_item"."price" FROM "shop_item" WHERE "shop_item"."product_id" IN (6, 12, 20, 15, 28, 27, 18, 33, 13, 34, 22, 30, 40)
;
SELECT COUNT(*) AS "__count" FROM "shop_product" WHERE ((UPPER("shop_product"."name"::text) LIKE UPPER('%a\_b%') OR "shop_product"."sku" = 'SKU-1') AND NOT ("shop_product"."category_id" IN (34, 9)))
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (("shop_product"."attributes" -> 'colour') = '"red"' AND ("shop_product"."attributes" -> 'size') > '1') ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."attributes" ? 'size' AND "shop_product"."sizes" @> ARRAY[1]::integer[]) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."name" FROM "shop_product" WHERE "shop_product"."sizes" && ARRAY[34, 9]::integer[] ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id" FROM "shop_product" WHERE ("shop_product"."created" AT TIME ZONE 'America/Chicago')::date = '2024-01-13'::date ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (EXTRACT('month' FROM "shop_product"."created" AT TIME ZONE 'America/Chicago') >= 1 AND "shop_product"."created" BETWEEN '2032-01-01T00:00:00-06:00'::timestamptz AND '2032-12-31T23:59:59.999999-06:00'::timestamptz) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", RANK() OVER (PARTITION BY "shop_product"."category_id" ORDER BY "shop_product"."price" DESC) AS "place" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 13
;
SELECT CASE WHEN "shop_product"."stock" = 0 THEN 'none' WHEN "shop_product"."stock" < 1 THEN 'few' ELSE 'many' END AS "label" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 5
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", to_tsvector(COALESCE("shop_product"."name", '') || ' ' || COALESCE("shop_product"."sku", '')) AS "v" FROM "shop_product" WHERE to_tsvector(COALESCE("shop_product"."name", '') || ' ' || COALESCE("shop_product"."sku", '')) @@ plainto_tsquery('café') ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
(SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."price" BETWEEN 1 AND 21 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC) UNION (SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" < 1 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC)
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."price" IS NOT NULL AND "shop_product"."stock" = ("shop_product"."price" + 1)) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT id, name FROM shop_product WHERE price > 1 LIMIT 3
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."name"::text ~ '^b............' ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (34, 9)
;
DECLARE "_django_curs_140031020802112_sync_13" NO SCROLL CURSOR WITH HOLD FOR SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" > 1 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
FETCH FORWARD 5 FROM "_django_curs_140031020802112_sync_13"
;
CLOSE "_django_curs_140031020802112_sync_13"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE ("shop_category"."visible" AND "shop_category"."parent_id" IN (1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24))
;
INSERT INTO "shop_order" ("user_id", "status", "total", "placed", "paid") VALUES (1, 'new', 0, '2024-05-18T07:08:09+00:00'::timestamptz, NULL) RETURNING "shop_order"."id"
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (13, 34, 2, 51.00) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 9 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (13, 9, 1, 13.50) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 9
;
SAVEPOINT "s140031020802112_x32"
;
SELECT SUM(("shop_item"."quantity" * "shop_item"."price")) AS "t" FROM "shop_item" WHERE "shop_item"."order_id" = 13
;
UPDATE "shop_order" SET "user_id" = 1, "status" = 'new', "total" = 115.50, "placed" = '2024-05-18T07:08:09+00:00'::timestamptz, "paid" = NULL WHERE "shop_order"."id" = 13
;
RELEASE SAVEPOINT "s140031020802112_x32"
;
SAVEPOINT "s140031020802112_x33"
;
ROLLBACK TO SAVEPOINT "s140031020802112_x33"
;
RELEASE SAVEPOINT "s140031020802112_x33"
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE "shop_order"."id" = 13 LIMIT 21
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE ("shop_order"."placed" < '2024-04-24T07:08:09+00:00'::timestamptz AND "shop_order"."status" = 'new')
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (13, 34, 1, 2), (13, 9, 1, 2) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (34, 9) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
UPDATE "shop_product" SET "stock" = CAST(CASE WHEN ("shop_product"."id" = 34) THEN 33 WHEN ("shop_product"."id" = 9) THEN 9 ELSE NULL END AS integer) WHERE "shop_product"."id" IN (34, 9)
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'category-12' LIMIT 21 FOR UPDATE
;
SAVEPOINT "s140031020802112_x34"
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'category-12', false) RETURNING "shop_category"."id"
;
RELEASE SAVEPOINT "s140031020802112_x34"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'new-12' LIMIT 21
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'new-12', true) RETURNING "shop_category"."id"
;
INSERT INTO "shop_tag" ("name") VALUES ('t12-0') ON CONFLICT DO NOTHING
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 34 LIMIT 21
;
SELECT "shop_tag"."id" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" = 34
;
DELETE FROM "shop_product_tags" WHERE ("shop_product_tags"."product_id" = 34 AND "shop_product_tags"."tag_id" IN (1))
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (34, 3) ON CONFLICT DO NOTHING
;
DELETE FROM "shop_product_tags" WHERE ("shop_product_tags"."product_id" = 34 AND "shop_product_tags"."tag_id" IN (1, 2))
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."product_id" = 34
;
SELECT "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" WHERE "shop_tag"."name"::text LIKE 't12%'
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."tag_id" IN (30)
;
DELETE FROM "shop_tag" WHERE "shop_tag"."id" IN (30)
;
UPDATE "shop_order" SET "status" = 'paid', "paid" = '2024-05-06T19:08:09+00:00'::timestamptz WHERE "shop_order"."id" = 13
;
SELECT "cache_key", "expires" FROM "cache" WHERE "cache_key" = ':1:k12'
;
INSERT INTO "cache" ("cache_key", "value", "expires") VALUES (':1:k12', 'gAWVGwAAAAAAAACMF2NhZsOpIGJsdWUgTydIYXJhIGNhZsOplC4=', '2026-11-23T09:13:37'::timestamp)
;
SELECT "cache_key", "value", "expires" FROM "cache" WHERE "cache_key" IN (':1:k12')
;
SELECT count(*) FROM shop_order WHERE status = 'paid' AND total > 18.0 AND id = ANY(ARRAY[34,9])
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."username" = 'user5' LIMIT 21
;
SELECT (1) AS "a" FROM "django_session" WHERE "django_session"."session_key" = 'wnwmuoyosxn37pjcfa49sp5muw7m2b7i' LIMIT 1
;
INSERT INTO "django_session" ("session_key", "session_data", "expire_date") VALUES ('wnwmuoyosxn37pjcfa49sp5muw7m2b7i', 'eyJfYXV0aF91c2VyX2lkIjoiNSJ9:1xVQ65:04d9veviKTCbuEjMKfHP0lWR8wKDhEeZKzXtmS1QcKg', '2026-12-07T09:12:25.596469+00:00'::timestamptz)
;
SELECT "django_session"."session_key", "django_session"."session_data", "django_session"."expire_date" FROM "django_session" WHERE ("django_session"."expire_date" > '2026-11-23T09:12:25.603901+00:00'::timestamptz AND "django_session"."session_key" = 'wnwmuoyosxn37pjcfa49sp5muw7m2b7i') LIMIT 21
;
UPDATE "django_session" SET "session_data" = 'eyJfYXV0aF91c2VyX2lkIjoiNSIsImNhcnQiOls1XX0:1xVQ65:CfVoWVH3MUi72q2a0kItXVz3rBz1qbx80ByjuJTFWE4', "expire_date" = '2026-12-07T09:12:25.606583+00:00'::timestamptz WHERE "django_session"."session_key" = 'wnwmuoyosxn37pjcfa49sp5muw7m2b7i'
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."id" = 5 LIMIT 21
;
SELECT "django_content_type"."app_label", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "auth_user_user_permissions" ON ("auth_permission"."id" = "auth_user_user_permissions"."permission_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_user_user_permissions"."user_id" = 5
;
SELECT "django_content_type"."app_label", "auth_permission"."codename" FROM "auth_permission" INNER JOIN "auth_group_permissions" ON ("auth_permission"."id" = "auth_group_permissions"."permission_id") INNER JOIN "auth_group" ON ("auth_group_permissions"."group_id" = "auth_group"."id") INNER JOIN "auth_user_groups" ON ("auth_group"."id" = "auth_user_groups"."group_id") INNER JOIN "django_content_type" ON ("auth_permission"."content_type_id" = "django_content_type"."id") WHERE "auth_user_groups"."user_id" = 5
;
UPDATE "auth_user" SET "last_login" = '2024-05-06T07:13:09+00:00'::timestamptz WHERE "auth_user"."id" = 5
;
SELECT (1) AS "a" FROM "auth_user" WHERE UPPER("auth_user"."email"::text) = UPPER('User5@example.com') LIMIT 1
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."active" AND "shop_product"."price" < 20) ORDER BY "shop_product"."price" ASC, "shop_product"."id" DESC LIMIT 10
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible", T3."id", T3."parent_id", T3."slug", T3."visible" FROM "shop_product" INNER JOIN "shop_category" ON ("shop_product"."category_id" = "shop_category"."id") LEFT OUTER JOIN "shop_category" T3 ON ("shop_category"."parent_id" = T3."id") WHERE "shop_product"."id" IN (16, 38, 21, 17, 35, 27, 9, 4, 23) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" >= 5 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 14
;
SELECT ("shop_product_tags"."product_id") AS "_prefetch_related_val_product_id", "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" IN (6, 12, 20, 15, 28, 27, 18, 33, 13, 34, 22, 30, 40, 16)
;
SELECT "shop_item"."id", "shop_item"."order_id", "shop_item"."product_id", "shop_item"."quantity", "shop_item"."price" FROM "shop_item" WHERE "shop_item"."product_id" IN (6, 12, 20, 15, 28, 27, 18, 33, 13, 34, 22, 30, 40, 16)
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE "shop_order"."id" IN (1, 3, 5, 6, 7, 9, 10, 11, 13)
;
SELECT "auth_user"."id", "auth_user"."password", "auth_user"."last_login", "auth_user"."is_superuser", "auth_user"."username", "auth_user"."first_name", "auth_user"."last_name", "auth_user"."email", "auth_user"."is_staff", "auth_user"."is_active", "auth_user"."date_joined" FROM "auth_user" WHERE "auth_user"."id" IN (1, 2, 3, 4, 6, 8, 9)
;
SELECT COUNT(*) AS "__count" FROM "shop_product" WHERE ((UPPER("shop_product"."name"::text) LIKE UPPER('%quick%') OR "shop_product"."sku" = 'SKU-5') AND NOT ("shop_product"."category_id" IN (16, 38, 21)))
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (("shop_product"."attributes" -> 'colour') = '"red"' AND ("shop_product"."attributes" -> 'size') > '5') ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."attributes" ? 'size' AND "shop_product"."sizes" @> ARRAY[5]::integer[]) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."name" FROM "shop_product" WHERE "shop_product"."sizes" && ARRAY[16, 38, 21, 17, 35, 27, 9, 4, 23]::integer[] ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id" FROM "shop_product" WHERE ("shop_product"."created" AT TIME ZONE 'America/Chicago')::date = '2024-01-14'::date ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE (EXTRACT('month' FROM "shop_product"."created" AT TIME ZONE 'America/Chicago') >= 2 AND "shop_product"."created" BETWEEN '2033-01-01T00:00:00-06:00'::timestamptz AND '2033-12-31T23:59:59.999999-06:00'::timestamptz) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created", RANK() OVER (PARTITION BY "shop_product"."category_id" ORDER BY "shop_product"."price" DESC) AS "place" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 14
;
SELECT CASE WHEN "shop_product"."stock" = 0 THEN 'none' WHEN "shop_product"."stock" < 5 THEN 'few' ELSE 'many' END AS "label" FROM "shop_product" ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC LIMIT 5
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible", ARRAY_AGG("shop_product"."name" ) AS "names", STRING_AGG("shop_product"."sku", ', ' ) AS "skus" FROM "shop_category" LEFT OUTER JOIN "shop_product" ON ("shop_category"."id" = "shop_product"."category_id") WHERE "shop_category"."id" = 1 GROUP BY "shop_category"."id"
;
(SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."price" BETWEEN 5 AND 25 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC) UNION (SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" < 5 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC)
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE ("shop_product"."price" IS NOT NULL AND "shop_product"."stock" = ("shop_product"."price" + 5)) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT id, name FROM shop_product WHERE price > 5 LIMIT 3
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."name"::text ~ '^b.............' ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (16, 38, 21, 17, 35, 27, 9, 4, 23)
;
DECLARE "_django_curs_140031020802112_sync_14" NO SCROLL CURSOR WITH HOLD FOR SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."stock" > 5 ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
FETCH FORWARD 5 FROM "_django_curs_140031020802112_sync_14"
;
CLOSE "_django_curs_140031020802112_sync_14"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE ("shop_category"."visible" AND "shop_category"."parent_id" IN (1, 2, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26))
;
INSERT INTO "shop_order" ("user_id", "status", "total", "placed", "paid") VALUES (5, 'new', 0, '2024-05-19T07:08:09+00:00'::timestamptz, NULL) RETURNING "shop_order"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 16 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (14, 16, 2, 24.00) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 16
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 38 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (14, 38, 3, 57.00) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 38
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 21 LIMIT 21 FOR UPDATE
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (14, 21, 1, 31.50) RETURNING "shop_item"."id"
;
UPDATE "shop_product" SET "stock" = ("shop_product"."stock" - 1) WHERE "shop_product"."id" = 21
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (14, 17, 3, 25.50) RETURNING "shop_item"."id"
;
SAVEPOINT "s140031020802112_x35"
;
SELECT SUM(("shop_item"."quantity" * "shop_item"."price")) AS "t" FROM "shop_item" WHERE "shop_item"."order_id" = 14
;
UPDATE "shop_order" SET "user_id" = 5, "status" = 'new', "total" = 327.00, "placed" = '2024-05-19T07:08:09+00:00'::timestamptz, "paid" = NULL WHERE "shop_order"."id" = 14
;
RELEASE SAVEPOINT "s140031020802112_x35"
;
SAVEPOINT "s140031020802112_x36"
;
ROLLBACK TO SAVEPOINT "s140031020802112_x36"
;
RELEASE SAVEPOINT "s140031020802112_x36"
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE "shop_order"."id" = 14 LIMIT 21
;
SELECT "shop_order"."id", "shop_order"."user_id", "shop_order"."status", "shop_order"."total", "shop_order"."placed", "shop_order"."paid" FROM "shop_order" WHERE ("shop_order"."placed" < '2024-04-23T07:08:09+00:00'::timestamptz AND "shop_order"."status" = 'new')
;
INSERT INTO "shop_item" ("order_id", "product_id", "quantity", "price") VALUES (14, 16, 1, 2), (14, 38, 1, 2), (14, 21, 1, 2), (14, 17, 1, 2), (14, 35, 1, 2), (14, 27, 1, 2), (14, 9, 1, 2), (14, 4, 1, 2), (14, 23, 1, 2) RETURNING "shop_item"."id"
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" IN (16, 38, 21) ORDER BY "shop_product"."name" ASC, "shop_product"."id" ASC
;
UPDATE "shop_product" SET "stock" = CAST(CASE WHEN ("shop_product"."id" = 16) THEN 16 WHEN ("shop_product"."id" = 21) THEN 21 WHEN ("shop_product"."id" = 38) THEN 38 ELSE NULL END AS integer) WHERE "shop_product"."id" IN (16, 21, 38)
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'category-13' LIMIT 21 FOR UPDATE
;
SAVEPOINT "s140031020802112_x37"
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'category-13', true) RETURNING "shop_category"."id"
;
RELEASE SAVEPOINT "s140031020802112_x37"
;
SELECT "shop_category"."id", "shop_category"."parent_id", "shop_category"."slug", "shop_category"."visible" FROM "shop_category" WHERE "shop_category"."slug" = 'new-13' LIMIT 21
;
INSERT INTO "shop_category" ("parent_id", "slug", "visible") VALUES (NULL, 'new-13', true) RETURNING "shop_category"."id"
;
INSERT INTO "shop_tag" ("name") VALUES ('t13-0'), ('t13-1') ON CONFLICT DO NOTHING
;
SELECT "shop_product"."id", "shop_product"."category_id", "shop_product"."sku", "shop_product"."name", "shop_product"."price", "shop_product"."stock", "shop_product"."active", "shop_product"."attributes", "shop_product"."sizes", "shop_product"."created" FROM "shop_product" WHERE "shop_product"."id" = 16 LIMIT 21
;
SELECT "shop_tag"."id" FROM "shop_tag" INNER JOIN "shop_product_tags" ON ("shop_tag"."id" = "shop_product_tags"."tag_id") WHERE "shop_product_tags"."product_id" = 16
;
INSERT INTO "shop_product_tags" ("product_id", "tag_id") VALUES (16, 1), (16, 2), (16, 3), (16, 4) ON CONFLICT DO NOTHING
;
DELETE FROM "shop_product_tags" WHERE ("shop_product_tags"."product_id" = 16 AND "shop_product_tags"."tag_id" IN (1, 2))
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."product_id" = 16
;
SELECT "shop_tag"."id", "shop_tag"."name" FROM "shop_tag" WHERE "shop_tag"."name"::text LIKE 't13%'
;
DELETE FROM "shop_product_tags" WHERE "shop_product_tags"."tag_id" IN (31, 32)
;
DELETE FROM "shop_tag" WHERE "shop_tag"."id" IN (32, 31)
;
UPDATE "shop_order" SET "status" = 'sent', "paid" = '2024-05-06T20:08:09+00:00'::timestamptz WHERE "shop_order"."id" = 14
;
SELECT "cache_key", "expires" FROM "cache" WHERE "cache_key" = ':1:k13'
;
INSERT INTO "cache" ("cache_key", "value", "expires") VALUES (':1:k13', 'gAWVFgAAAAAAAACMElxuZXcgYV9iIFxuZXcgdGFsbJQu', '2026-11-23T09:13:38'::timestamp)
;
SELECT "cache_key", "value", "expires" FROM "cache" WHERE "cache_key" IN (':1:k13')
;
SELECT count(*) FROM shop_order WHERE status = 'paid' AND total > 19.5 AND id = ANY(ARRAY[16,38,21,17,35,27,9,4,23])
;
