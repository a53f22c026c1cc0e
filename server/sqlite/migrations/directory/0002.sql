-- A spent drop capability stays until it expires, with the hash of the item it was spent on: the sender whose answer
-- was lost may repeat the same item. In the first format it was deleted, so nothing is known of those.
ALTER TABLE drops ADD COLUMN spent_on BLOB;

-- Revoking a device forgets its capabilities.
CREATE INDEX drops_by_device ON drops (account, device);

-- The daily expiry looks only at what has expired.
CREATE INDEX key_packages_by_day ON key_packages (not_after);
CREATE INDEX last_resorts_by_day ON last_resorts (not_after);
CREATE INDEX uploads_by_day ON uploads (day);
CREATE INDEX drops_by_day ON drops (not_after);
CREATE INDEX inbox_by_day ON inbox (day);
