-- Format 2: the step from format 1. A fresh database takes the same steps, so both ways end in one format.

-- What of the queue's own changes has been applied: names of the migration files of procrastinate.
CREATE TABLE queue_migrations (name text PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT clock_timestamp());

-- Export and copy go through these tables by number, page by page.
CREATE INDEX branches_number ON branches (number);
CREATE INDEX joins_number ON joins (number);

-- The next wakes, with runs that have none at the end: so the wake board reads a page and not all runs.
DROP INDEX heads_wake;
CREATE INDEX heads_wake ON heads (wake_at, id);
-- The few runs that are held, among any number of others.
CREATE INDEX heads_held ON heads (created_at, id) WHERE held;
