-- Whether a last-resort package was handed out. Nobody noted it for those that are there: say yes, so that their devices
-- bring new ones.
ALTER TABLE last_resort_packages ADD COLUMN used INTEGER NOT NULL DEFAULT 1;

-- What a revoked device leaves, and what has expired, is found without reading whole tables.
CREATE INDEX drop_capabilities_by_device ON drop_capabilities (account, device);
CREATE INDEX drop_capabilities_by_day ON drop_capabilities (not_after_day);
CREATE INDEX uploads_by_day ON uploads (day);
CREATE INDEX inbox_by_day ON inbox (day);
CREATE INDEX key_packages_by_day ON key_packages (not_after_day);
CREATE INDEX last_resort_packages_by_day ON last_resort_packages (not_after_day);
