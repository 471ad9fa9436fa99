-- The shop's tables, as the migrations leave them.
--
-- items.order_id is a foreign key without an index. Laravel's `foreignId('order_id')->constrained()`
-- makes exactly this: MySQL adds an index to every foreign key on its own, PostgreSQL does not.
-- As long as nobody asks for items by their order, nobody notices.

CREATE TABLE users (
    id bigserial PRIMARY KEY,
    name varchar(255) NOT NULL,
    email varchar(255) NOT NULL CONSTRAINT users_email_unique UNIQUE,
    password varchar(255) NOT NULL,
    api_token varchar(80) CONSTRAINT users_api_token_unique UNIQUE,
    last_login_at timestamp(0),
    created_at timestamp(0),
    updated_at timestamp(0)
);

CREATE TABLE products (
    id bigserial PRIMARY KEY,
    name varchar(255) NOT NULL,
    price_cents integer NOT NULL,
    created_at timestamp(0),
    updated_at timestamp(0)
);

CREATE TABLE orders (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id),
    number varchar(32) NOT NULL,
    status varchar(16) NOT NULL,
    total_cents integer NOT NULL,
    item_count smallint NOT NULL,
    created_at timestamp(0),
    updated_at timestamp(0)
);
CREATE INDEX orders_user_id_index ON orders (user_id);

CREATE TABLE items (
    id bigserial PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES orders (id),
    product_id bigint NOT NULL REFERENCES products (id),
    quantity smallint NOT NULL,
    price_cents integer NOT NULL
);

CREATE TABLE payments (
    id bigserial PRIMARY KEY,
    order_id bigint NOT NULL REFERENCES orders (id) CONSTRAINT payments_order_id_unique UNIQUE,
    reference varchar(32) NOT NULL,
    amount_cents integer NOT NULL,
    created_at timestamp(0),
    updated_at timestamp(0)
);

CREATE TABLE settings (
    id bigserial PRIMARY KEY,
    key varchar(64) NOT NULL CONSTRAINT settings_key_unique UNIQUE,
    value varchar(255) NOT NULL,
    created_at timestamp(0),
    updated_at timestamp(0)
);
