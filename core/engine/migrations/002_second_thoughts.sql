-- When the right to drop a Welcome was given: a refusal after its 45 days accuses nobody.
ALTER TABLE welcomes ADD COLUMN claimed_at INTEGER NOT NULL DEFAULT 0;

-- Which message an append carried: its bytes may have been given up and stand in the log all the same.
ALTER TABLE own_appends ADD COLUMN message INTEGER REFERENCES messages (id);

-- When the peer's invitation to a leg was delivered; 0: theirs, or not yet. It expires unread after 45 days.
ALTER TABLE legs ADD COLUMN invited_at INTEGER NOT NULL DEFAULT 0;
