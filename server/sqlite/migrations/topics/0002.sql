-- The daily sweep looks only at topics that are due, and begins where the last one ended. Every topic is due
-- at once; its first sweep sets the right day.
ALTER TABLE topics ADD COLUMN emptied_to INTEGER NOT NULL DEFAULT 0;
ALTER TABLE topics ADD COLUMN due INTEGER;
UPDATE topics SET due = 0 WHERE first <= newest OR closed IS NOT NULL;
CREATE INDEX topics_by_due ON topics (due) WHERE due IS NOT NULL;
