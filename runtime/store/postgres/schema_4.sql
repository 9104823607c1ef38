-- Format 4: the step from format 3. What a wake changes stays on its page, and is written to no index.

-- Leases of workers that are gone hold nothing any more. So nobody looks runs up by owner, and a lease changes nothing
-- that is indexed. Only who is seen here is gone: an old snapshot takes no run from a worker that has just come.
CREATE TABLE gone_workers (number bigint PRIMARY KEY, gone_at timestamptz NOT NULL);
INSERT INTO gone_workers
SELECT DISTINCT owner::bigint, statement_timestamp() FROM heads WHERE owner ~ '^[0-9]{1,18}$';
DROP INDEX heads_owner;

-- Room on the page for the next version of documents that every save changes.
ALTER TABLE runs SET (fillfactor = 55);
ALTER TABLE branches SET (fillfactor = 55);
ALTER TABLE heads SET (fillfactor = 65);
