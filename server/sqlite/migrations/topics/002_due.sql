-- How many slots a topic has: a new one is admitted without counting them.
ALTER TABLE topics ADD COLUMN slots INTEGER NOT NULL DEFAULT 0;
UPDATE topics SET slots = (SELECT count(*) FROM slots WHERE slots.topic = topics.key);

-- The sweep finds what is due without reading every topic.
CREATE INDEX topics_by_due_day ON topics (due_day) WHERE due_day IS NOT NULL;
