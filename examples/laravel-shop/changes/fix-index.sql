CREATE INDEX CONCURRENTLY items_order_id_index ON items (order_id);
