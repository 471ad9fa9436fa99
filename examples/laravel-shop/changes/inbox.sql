CREATE TABLE notices (
    id bigserial PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES users (id),
    text varchar(255) NOT NULL,
    created_at timestamp(0),
    updated_at timestamp(0)
);
CREATE INDEX notices_user_id_index ON notices (user_id);
