-- Format 5: the step from format 4. Counts of runs are kept with the saves; labels have an index.

-- Rows are added to, never changed: two workers that save at once do not wait for each other. A count is the sum of the
-- rows that say the same; the worker that leads puts them together now and then.
CREATE TABLE run_counts (status text NOT NULL, workflow text NOT NULL, attention integer NOT NULL, n bigint NOT NULL);
INSERT INTO run_counts SELECT status, workflow, attention, count(*) FROM heads GROUP BY status, workflow, attention;

CREATE FUNCTION count_added() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO run_counts
    SELECT status, workflow, attention, count(*) FROM added GROUP BY status, workflow, attention;
    RETURN NULL;
END $$;
CREATE FUNCTION count_removed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO run_counts
    SELECT status, workflow, attention, -count(*) FROM removed GROUP BY status, workflow, attention;
    RETURN NULL;
END $$;
CREATE FUNCTION count_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO run_counts
    SELECT status, workflow, attention, sum(n)
    FROM (
        SELECT status, workflow, attention, 1 AS n FROM added
        UNION ALL
        SELECT status, workflow, attention, -1 FROM removed
    ) AS both_ways
    GROUP BY status, workflow, attention HAVING sum(n) <> 0;
    RETURN NULL;
END $$;
CREATE TRIGGER count_added AFTER INSERT ON heads
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_added();
CREATE TRIGGER count_removed AFTER DELETE ON heads
    REFERENCING OLD TABLE AS removed FOR EACH STATEMENT EXECUTE FUNCTION count_removed();
CREATE TRIGGER count_changed AFTER UPDATE ON heads
    REFERENCING OLD TABLE AS removed NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION count_changed();

CREATE INDEX heads_labels ON heads USING gin (labels jsonb_path_ops);
