-- Every statement of the PostgreSQL store, by name.
-- Moments are statement_timestamp(): clock_timestamp() may change within a statement, so that no index serves it.

-- name: format_exists
SELECT to_regclass('forkjoin.store_format') IS NOT NULL

-- name: format
SELECT version FROM store_format

-- name: set_format
UPDATE store_format SET version = %s

-- name: schema_exists
SELECT to_regnamespace('forkjoin') IS NOT NULL

-- name: make_schema
CREATE SCHEMA forkjoin

-- name: stand_still
SELECT pg_advisory_lock(7165434)

-- name: join_right
SELECT pg_try_advisory_xact_lock_shared(7165434)

-- name: may_join
SELECT (SELECT version FROM store_format),
       (SELECT doc FROM meta WHERE key = 'moved_to'), (SELECT doc FROM meta WHERE key = 'copied')

-- name: set_lock_timeout
SELECT set_config('lock_timeout', %s, false)

-- name: set_statement_timeout
SELECT set_config('statement_timeout', %s, false)

-- name: note_migrations
INSERT INTO queue_migrations (name) SELECT unnest(%b::text[]) ON CONFLICT DO NOTHING

-- name: noted_migrations
SELECT name FROM queue_migrations

-- name: change
UPDATE changes SET count = count + 1 WHERE shard = mod(pg_backend_pid(), 16) RETURNING pg_current_xact_id()::text

-- name: change_and_notify
UPDATE changes SET count = count + 1 WHERE shard = mod(pg_backend_pid(), 16)
RETURNING pg_current_xact_id()::text, pg_notify('forkjoin_changes', '')

-- name: transaction_ended
SELECT pg_xact_status(%s::xid8) IS DISTINCT FROM 'in progress'

-- name: listen
LISTEN forkjoin_changes

-- name: change_token
SELECT sum(count)::bigint FROM changes

-- name: lock_heads
SELECT id, revision FROM heads WHERE id = ANY(%b) ORDER BY id FOR UPDATE

-- name: insert_heads
INSERT INTO heads (id, revision, status, workflow, attention, held, labels, wake_at, created_at, updated_at)
SELECT id, revision, status, workflow, attention, held, labels::jsonb, wake_at, created_at, updated_at
FROM unnest(%b::text[], %b::bigint[], %b::text[], %b::text[], %b::int[], %b::boolean[], %b::text[],
            %b::timestamptz[], %b::timestamptz[], %b::timestamptz[])
     AS v(id, revision, status, workflow, attention, held, labels, wake_at, created_at, updated_at)
ON CONFLICT (id) DO NOTHING RETURNING id

-- name: update_heads
UPDATE heads h SET revision = v.revision, status = v.status, workflow = v.workflow, attention = v.attention,
    held = v.held, labels = v.labels::jsonb, wake_at = v.wake_at, created_at = v.created_at,
    updated_at = v.updated_at, offered_until = NULL
FROM unnest(%b::text[], %b::bigint[], %b::text[], %b::text[], %b::int[], %b::boolean[], %b::text[],
            %b::timestamptz[], %b::timestamptz[], %b::timestamptz[])
     AS v(id, revision, status, workflow, attention, held, labels, wake_at, created_at, updated_at)
WHERE h.id = v.id

-- name: insert_runs
INSERT INTO runs (id, doc) SELECT * FROM unnest(%b::text[], %b::text[])

-- name: update_runs
UPDATE runs r SET doc = v.doc FROM unnest(%b::text[], %b::text[]) AS v(id, doc) WHERE r.id = v.id

-- name: save_known
-- The columns of heads as in update_heads, then documents as in update_runs: of the same runs.
WITH columns AS (
    UPDATE heads h SET revision = v.revision, status = v.status, workflow = v.workflow, attention = v.attention,
        held = v.held, labels = v.labels::jsonb, wake_at = v.wake_at, created_at = v.created_at,
        updated_at = v.updated_at, offered_until = NULL
    FROM unnest(%b::text[], %b::bigint[], %b::text[], %b::text[], %b::int[], %b::boolean[], %b::text[],
                %b::timestamptz[], %b::timestamptz[], %b::timestamptz[])
         AS v(id, revision, status, workflow, attention, held, labels, wake_at, created_at, updated_at)
    WHERE h.id = v.id
)
UPDATE runs r SET doc = v.doc FROM unnest(%b::text[], %b::text[]) AS v(id, doc) WHERE r.id = v.id

-- name: put_records
-- Numbers follow the order given. Arrays of integers go as %s: empty ones have no type in binary form.
WITH branches_of_runs AS (
    INSERT INTO branches (run_id, id, doc)
    SELECT run_id, id, doc FROM unnest(%b::text[], %b::text[], %b::text[]) WITH ORDINALITY AS v(run_id, id, doc, n)
    ORDER BY n
    ON CONFLICT (run_id, id) DO UPDATE SET doc = excluded.doc
), joins_of_runs AS (
    INSERT INTO joins (run_id, step_id, visit, doc)
    SELECT run_id, step_id, visit, doc
    FROM unnest(%b::text[], %b::text[], %s::int[], %b::text[]) WITH ORDINALITY AS v(run_id, step_id, visit, doc, n)
    ORDER BY n
    ON CONFLICT (run_id, step_id, visit) DO UPDATE SET doc = excluded.doc
), history_of_runs AS (
    INSERT INTO history (run_id, entries_n, doc)
    SELECT run_id, entries_n, doc
    FROM unnest(%b::text[], %s::int[], %b::text[]) WITH ORDINALITY AS v(run_id, entries_n, doc, n) ORDER BY n
)
INSERT INTO polls (run_id, branch, poll, doc)
SELECT run_id, branch, poll, doc
FROM unnest(%b::text[], %b::text[], %s::int[], %b::text[]) WITH ORDINALITY AS v(run_id, branch, poll, doc, n)
ORDER BY n

-- name: trim_history
DELETE FROM history WHERE run_id = %(run)s AND number <= (
    SELECT max(number) FROM (
        SELECT number, sum(entries_n) OVER (ORDER BY number DESC) AS kept FROM history WHERE run_id = %(run)s
    ) AS counted WHERE kept > %(kept)s)

-- name: trim_polls
DELETE FROM polls p USING unnest(%b::text[], %b::text[], %b::int[]) AS v(run_id, branch, upto)
WHERE p.run_id = v.run_id AND p.branch = v.branch AND p.poll <= v.upto

-- name: run
-- The columns of a head beside its document, so that one that does not fit its row is known.
SELECT h.number, h.id, h.status, h.revision, h.workflow, extract(epoch FROM h.wake_at)::float8,
    extract(epoch FROM h.created_at)::float8, extract(epoch FROM h.updated_at)::float8, r.doc
FROM heads h LEFT JOIN runs r ON r.id = h.id WHERE h.id = %s

-- name: runs
SELECT h.number, h.id, h.status, h.revision, h.workflow, extract(epoch FROM h.wake_at)::float8,
    extract(epoch FROM h.created_at)::float8, extract(epoch FROM h.updated_at)::float8, r.doc
FROM heads h LEFT JOIN runs r ON r.id = h.id WHERE h.id = ANY(%b)

-- name: branches
SELECT number, run_id, id, doc FROM branches WHERE run_id = ANY(%b) ORDER BY number

-- name: joins
SELECT number, run_id, step_id, visit, doc FROM joins WHERE run_id = ANY(%b) ORDER BY number

-- name: list_runs
-- {places} are filled with pieces that are named here too.
SELECT h.number, h.id, h.status, h.revision, h.workflow, extract(epoch FROM h.wake_at)::float8,
    extract(epoch FROM h.created_at)::float8, extract(epoch FROM h.updated_at)::float8, r.doc
FROM heads h LEFT JOIN runs r ON r.id = h.id WHERE {conditions} ORDER BY {order} LIMIT %s

-- name: list_numbers
SELECT h.number FROM heads h WHERE {conditions} ORDER BY {order} LIMIT %s

-- name: count_runs
SELECT count(*) FROM heads h WHERE {conditions}

-- name: if_any
true

-- name: if_status
h.status = ANY(%s)

-- name: if_workflow
h.workflow = %s

-- name: if_labels
h.labels @> %s::jsonb

-- name: if_held
-- Not a value: only so does PostgreSQL know that the index of held runs serves.
h.held

-- name: if_not_held
NOT h.held

-- name: if_attention_below
h.attention < %s

-- name: if_older_than
h.updated_at < %s

-- name: if_id
h.id = ANY(%b)

-- name: if_created_after
h.created_at >= %s

-- name: if_created_before
h.created_at <= %s

-- name: if_wake_after
h.wake_at >= %s

-- name: if_wake_before
h.wake_at <= %s

-- name: if_label
h.labels ?& %b

-- name: order_created_at
h.created_at {way}, h.id {way}

-- name: order_updated_at
h.updated_at {way}, h.id {way}

-- name: order_next_wake_at
h.wake_at {way} NULLS LAST, h.id {way}

-- name: order_attention
h.attention {way}, h.id {way}

-- name: order_attention_latest
h.attention {way}, h.updated_at DESC, h.id {way}

-- name: order_id
h.id {way}

-- name: upwards
ASC

-- name: downwards
DESC

-- name: after_created_at
(h.created_at, h.id) {beyond} (%s, %s)

-- name: after_updated_at
(h.updated_at, h.id) {beyond} (%s, %s)

-- name: after_next_wake_at
((h.wake_at, h.id) {beyond} (%s, %s) OR h.wake_at IS NULL)

-- name: after_attention
(h.attention, h.id) {beyond} (%s, %s)

-- name: after_none
(h.wake_at IS NULL AND h.id {beyond} %s)

-- name: after_id
h.id {beyond} %s

-- name: above
>

-- name: below
<

-- name: position_created_at
SELECT created_at FROM heads WHERE id = %s

-- name: position_updated_at
SELECT updated_at FROM heads WHERE id = %s

-- name: position_next_wake_at
SELECT wake_at FROM heads WHERE id = %s

-- name: position_attention
SELECT attention FROM heads WHERE id = %s

-- name: position_id
SELECT id FROM heads WHERE id = %s

-- name: rows_at
SELECT h.number, h.id, h.status, h.revision, h.workflow, extract(epoch FROM h.wake_at)::float8,
    extract(epoch FROM h.created_at)::float8, extract(epoch FROM h.updated_at)::float8, r.doc
FROM heads h LEFT JOIN runs r ON r.id = h.id WHERE h.number = ANY(%b)

-- name: numbers
SELECT id, number FROM heads WHERE id = ANY(%b)

-- name: counts
SELECT status, sum(n)::bigint FROM run_counts GROUP BY status HAVING sum(n) <> 0

-- name: count_kept
SELECT coalesce(sum(n), 0)::bigint FROM run_counts h WHERE {conditions}

-- name: fold_counts
WITH gone AS (DELETE FROM run_counts RETURNING status, workflow, attention, n)
INSERT INTO run_counts SELECT status, workflow, attention, sum(n) FROM gone GROUP BY status, workflow, attention HAVING sum(n) <> 0

-- name: due
SELECT id FROM heads WHERE wake_at <= %s AND NOT id = ANY(%b) ORDER BY wake_at, id LIMIT %s

-- name: due_new
SELECT id FROM heads WHERE wake_at <= %s AND NOT id = ANY(%b) AND status = 'pending' ORDER BY wake_at, id LIMIT %s

-- name: count_due
SELECT count(*) FROM heads WHERE wake_at <= %s

-- name: next_wake
SELECT wake_at FROM heads WHERE wake_at IS NOT NULL AND NOT id = ANY(%b) ORDER BY wake_at LIMIT 1

-- name: to_wake
SELECT id FROM heads WHERE id = ANY(%b) AND (wake_at IS NULL OR wake_at > %s) AND status <> 'damaged' ORDER BY id FOR UPDATE

-- name: documents
SELECT id, doc FROM runs WHERE id = ANY(%b)

-- name: set_wake
UPDATE heads SET wake_at = %s, offered_until = NULL WHERE id = ANY(%b)

-- name: mark_damaged
UPDATE heads SET status = 'damaged', wake_at = NULL, attention = 0, offered_until = NULL WHERE id = ANY(%b)

-- name: marked
SELECT id FROM heads WHERE id = ANY(%b) AND status = 'damaged' ORDER BY id FOR UPDATE

-- name: claim
WITH free AS (
    SELECT id FROM heads
    WHERE id = ANY(%(ids)b) AND (owner IS NULL OR owner = %(owner)s OR owned_until <= %(now)s
        OR owner IN (SELECT number::text FROM gone_workers))
    ORDER BY id FOR UPDATE
)
UPDATE heads h SET owner = %(owner)s, owned_until = %(until)s, offered_until = NULL FROM free WHERE h.id = free.id RETURNING h.id

-- name: release
-- Rows are locked in the order of their ids, here and below: so no two of us wait for each other in a circle.
WITH mine AS (SELECT id FROM heads WHERE id = ANY(%b) AND owner = %s ORDER BY id FOR UPDATE)
UPDATE heads h SET owner = NULL, owned_until = NULL, offered_until = NULL FROM mine WHERE h.id = mine.id

-- name: history
SELECT number, doc FROM history WHERE run_id = %s ORDER BY number

-- name: polls
SELECT number, branch, poll, doc FROM polls WHERE run_id = %(run)s AND (%(branch)s::text IS NULL OR branch = %(branch)s) ORDER BY number

-- name: changes_since
SELECT id FROM heads WHERE updated_at >= %s

-- name: remove
DELETE FROM heads WHERE id = ANY(%b)

-- name: add_act
INSERT INTO acts (outcome, due_at, target, doc) VALUES (%s, %s, %s, '') RETURNING number

-- name: put_act
INSERT INTO acts (number, outcome, due_at, target, doc) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (number) DO UPDATE SET outcome = excluded.outcome, due_at = excluded.due_at,
    target = excluded.target, doc = excluded.doc

-- name: act
SELECT doc FROM acts WHERE number = %s

-- name: acts
SELECT number, target, doc FROM acts
WHERE (%(target)s::text IS NULL OR target = %(target)s OR target LIKE %(below)s)
  AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
ORDER BY number DESC LIMIT %(limit)s

-- name: due_acts
SELECT number, target, doc FROM acts WHERE outcome IN ('pending', 'running') AND due_at <= %s ORDER BY number

-- name: holds
SELECT doc FROM holds ORDER BY number

-- name: put_hold
INSERT INTO holds (scope, at, doc) VALUES (%s, %s, %s) ON CONFLICT (scope, at) DO UPDATE SET doc = excluded.doc

-- name: put_flow
INSERT INTO flows (hash, doc) VALUES (%s, %s) ON CONFLICT (hash) DO UPDATE SET doc = excluded.doc

-- name: all_flows
SELECT doc FROM flows ORDER BY hash

-- name: flow
SELECT number, doc FROM flows WHERE hash = %s

-- name: schedules
SELECT doc FROM schedules ORDER BY number

-- name: put_schedule
INSERT INTO schedules (workflow, doc) VALUES (%s, %s) ON CONFLICT (workflow) DO UPDATE SET doc = excluded.doc

-- name: drop_schedule
DELETE FROM schedules WHERE workflow = %s

-- name: meta
SELECT doc FROM meta WHERE key = %s

-- name: meta_shared
SELECT doc FROM meta WHERE key = %s FOR SHARE

-- name: meta_locked
SELECT doc FROM meta WHERE key = %s FOR UPDATE

-- name: put_meta
INSERT INTO meta (key, doc) VALUES (%s, %s) ON CONFLICT (key) DO UPDATE SET doc = excluded.doc

-- name: new_meta
INSERT INTO meta (key, doc) VALUES (%s, %s) ON CONFLICT (key) DO NOTHING

-- name: forget_questions
DELETE FROM questions WHERE asked_at < %s

-- name: add_question
INSERT INTO questions (asked_at, answered, doc) VALUES (%s, false, '') RETURNING number

-- name: put_question
UPDATE questions SET answered = %s, doc = %s WHERE number = %s

-- name: question
SELECT doc FROM questions WHERE number = %s

-- name: open_questions
SELECT doc FROM questions WHERE NOT answered ORDER BY number

-- name: load_begins
-- One snapshot for runs, branches and joins: else a join could be read without the branches it consumed.
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY

-- name: begin
BEGIN

-- name: commit
COMMIT

-- name: rollback
ROLLBACK

-- name: page_runs
SELECT h.number, r.doc FROM heads h JOIN runs r ON r.id = h.id WHERE h.number > %s ORDER BY h.number LIMIT %s

-- name: raw_runs
SELECT h.number, jsonb_build_object('id', h.id, 'status', h.status, 'revision', h.revision, 'workflow', h.workflow,
    'wake_ts', extract(epoch FROM h.wake_at)::float8), r.doc
FROM heads h LEFT JOIN runs r ON r.id = h.id WHERE h.number > %s ORDER BY h.number LIMIT %s

-- name: raw
SELECT number, to_jsonb(t) - 'doc', doc FROM {table} t WHERE number > %s ORDER BY number LIMIT %s

-- name: page
SELECT number, doc FROM {table} WHERE number > %s ORDER BY number LIMIT %s

-- name: tally
SELECT count(*) FROM {table}

-- name: drop_documents
DELETE FROM {table} WHERE number = ANY(%s)

-- name: keys
SELECT {key} FROM {table}

-- name: new_numbers
SELECT nextval(pg_get_serial_sequence(%s, 'number')) FROM generate_series(1, %s)

-- name: number_on
-- Numbers go on above the highest; never back, others may be drawing them.
SELECT setval(s, top) FROM (
    SELECT pg_get_serial_sequence(%s, 'number')::regclass AS s, (SELECT max(number) FROM {table}) AS top
) AS v WHERE top > COALESCE(pg_sequence_last_value(s), 0)

-- name: place_heads
-- Arrays of documents go as %b: psycopg escapes every quote in %s, which takes fifty times as long.
INSERT INTO heads (id, revision, status, workflow, attention, held, labels, wake_at, created_at, updated_at, number)
SELECT id, revision, status, workflow, attention, held, labels::jsonb, wake_at, created_at, updated_at, number
FROM unnest(%b::text[], %s::bigint[], %b::text[], %b::text[], %s::int[], %s::boolean[], %b::text[],
            %s::timestamptz[], %s::timestamptz[], %s::timestamptz[], %s::bigint[])
     AS v(id, revision, status, workflow, attention, held, labels, wake_at, created_at, updated_at, number)

-- name: place_branches
INSERT INTO branches (number, run_id, id, doc) SELECT * FROM unnest(%s::bigint[], %b::text[], %b::text[], %b::text[])
ON CONFLICT (run_id, id) DO UPDATE SET number = excluded.number, doc = excluded.doc

-- name: place_joins
INSERT INTO joins (number, run_id, step_id, visit, doc)
SELECT * FROM unnest(%s::bigint[], %b::text[], %b::text[], %s::int[], %b::text[])
ON CONFLICT (run_id, step_id, visit) DO UPDATE SET number = excluded.number, doc = excluded.doc

-- name: place_history
INSERT INTO history (number, run_id, entries_n, doc)
SELECT * FROM unnest(%s::bigint[], %b::text[], %s::int[], %b::text[])

-- name: place_polls
INSERT INTO polls (number, run_id, branch, poll, doc)
SELECT * FROM unnest(%s::bigint[], %b::text[], %b::text[], %s::int[], %b::text[])

-- name: place_acts
INSERT INTO acts (number, outcome, due_at, target, doc)
SELECT * FROM unnest(%s::bigint[], %b::text[], %s::timestamptz[], %b::text[], %b::text[])

-- name: place_holds
INSERT INTO holds (number, scope, at, doc)
SELECT * FROM unnest(%s::bigint[], %b::text[], %s::timestamptz[], %b::text[])
ON CONFLICT (scope, at) DO UPDATE SET number = excluded.number, doc = excluded.doc

-- name: place_schedules
INSERT INTO schedules (number, workflow, doc) SELECT * FROM unnest(%s::bigint[], %b::text[], %b::text[])
ON CONFLICT (workflow) DO UPDATE SET number = excluded.number, doc = excluded.doc

-- name: place_flows
INSERT INTO flows (number, hash, doc) SELECT * FROM unnest(%s::bigint[], %b::text[], %b::text[])
ON CONFLICT (hash) DO UPDATE SET number = excluded.number, doc = excluded.doc

-- name: place_meta
INSERT INTO meta (number, key, doc) SELECT * FROM unnest(%s::bigint[], %b::text[], %b::text[])
ON CONFLICT (key) DO UPDATE SET number = excluded.number, doc = excluded.doc

-- name: taken_runs
SELECT id FROM heads WHERE id = ANY(%b) LIMIT 1

-- name: database_now
SELECT clock_timestamp()

-- name: may_write
SELECT has_table_privilege('heads', 'INSERT') AND has_table_privilege('heads', 'UPDATE') AND NOT pg_is_in_recovery()

-- name: database_size
SELECT pg_database_size(current_database())

-- name: wake_backlog
SELECT count(*) FILTER (WHERE wake_at <= statement_timestamp()),
       extract(epoch FROM statement_timestamp() - min(wake_at) FILTER (WHERE wake_at <= statement_timestamp()))::float8
FROM (
    SELECT wake_at FROM heads
    WHERE wake_at <= statement_timestamp() AND (owner IS NULL OR owner IN (SELECT number::text FROM gone_workers))
    ORDER BY wake_at LIMIT 10000
) AS due

-- name: register_worker
INSERT INTO workers (name, host, beat_at, doc) VALUES (%s, %s, statement_timestamp(), %s) RETURNING number

-- name: beat_worker
UPDATE workers SET beat_at = statement_timestamp(), queue_worker = %s, doc = %s WHERE number = %s

-- name: worker_here
SELECT 1 FROM workers WHERE number = %s FOR KEY SHARE

-- name: remove_worker
DELETE FROM workers WHERE number = %s

-- name: silent_workers
DELETE FROM workers WHERE number IN (
    SELECT number FROM workers WHERE beat_at < statement_timestamp() - make_interval(secs => %s) FOR UPDATE SKIP LOCKED
) RETURNING number, name, queue_worker, doc

-- name: add_gone
INSERT INTO gone_workers (number, gone_at) SELECT unnest(%b::bigint[]), statement_timestamp() ON CONFLICT DO NOTHING

-- name: forget_gone
-- Their leases have run out long since.
DELETE FROM gone_workers WHERE gone_at < statement_timestamp() - interval '1 hour'

-- name: release_slots
UPDATE slots SET worker = NULL, until = NULL WHERE worker = ANY(%b)

-- name: lapse_slots
UPDATE slots SET until = LEAST(until, statement_timestamp() + make_interval(secs => %s)) WHERE worker = %s

-- name: release_duties
DELETE FROM duties WHERE worker = ANY(%b)

-- name: workers
SELECT number, name, host, beat_at, doc, extract(epoch FROM statement_timestamp() - beat_at)::float8
FROM workers ORDER BY number

-- name: take_duty
INSERT INTO duties (name, worker, until)
SELECT %(name)s, here.number, statement_timestamp() + make_interval(secs => %(ttl)s)
FROM (SELECT number FROM workers WHERE number = %(worker)s FOR KEY SHARE) AS here
ON CONFLICT (name) DO UPDATE SET worker = excluded.worker, until = excluded.until
WHERE duties.worker = excluded.worker OR duties.until < statement_timestamp()
RETURNING worker

-- name: forget_duties
DELETE FROM duties WHERE until < statement_timestamp() - interval '1 hour'

-- name: make_slots
INSERT INTO slots (target, slot) SELECT %(target)s, generate_series(1, %(bound)s) ON CONFLICT DO NOTHING

-- name: take_slots
-- What is limited stands in a WITH, here and below: as a part of the statement it may be asked again for each row.
WITH here AS (SELECT number FROM workers WHERE number = %(worker)s FOR KEY SHARE),
free AS (
    SELECT target, slot FROM slots
    WHERE target = %(target)s AND slot <= %(bound)s AND (worker IS NULL OR until < statement_timestamp())
      AND EXISTS (SELECT 1 FROM here)
    ORDER BY slot LIMIT %(wanted)s FOR UPDATE SKIP LOCKED
)
UPDATE slots s SET worker = %(worker)s, until = statement_timestamp() + make_interval(secs => %(ttl)s)
FROM free WHERE s.target = free.target AND s.slot = free.slot
RETURNING s.slot

-- name: give_slots
UPDATE slots SET worker = NULL, until = NULL WHERE target = %s AND slot = ANY(%b) AND worker = %s

-- name: renew_slots
UPDATE slots SET until = statement_timestamp() + make_interval(secs => %s)
WHERE worker = (SELECT number FROM workers WHERE number = %s FOR KEY SHARE) RETURNING target, slot

-- name: offer_right
SELECT pg_try_advisory_xact_lock(7165435)

-- name: queue_depth
SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'

-- name: offer
WITH due AS (
    SELECT id FROM heads
    WHERE wake_at <= statement_timestamp()
      AND (owner IS NULL OR owned_until < statement_timestamp() OR owner IN (SELECT number::text FROM gone_workers))
      AND (offered_until IS NULL OR offered_until < statement_timestamp())
      AND (route = '' OR %(everything)s OR route = ANY(%(routes)b))
    ORDER BY wake_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
)
UPDATE heads h SET offered_until = statement_timestamp() + make_interval(secs => %(lease)s)
FROM due WHERE h.id = due.id RETURNING h.id, h.route

-- name: defer_wakes
-- One that is queued already goes to the queue its next call needs now.
INSERT INTO procrastinate_jobs (queue_name, task_name, lock, queueing_lock, args)
SELECT queue, %s, id, id, jsonb_build_object('run_id', id) FROM unnest(%b::text[], %b::text[]) AS v(id, queue)
ON CONFLICT (queueing_lock) WHERE status = 'todo' DO UPDATE SET queue_name = excluded.queue_name

-- name: notify_queues
SELECT pg_notify(channel, '{"type": "job_inserted", "job_id": 0}') FROM unnest(%b::text[]) AS channel

-- name: lighten_queue
-- Jobs are hints: what is due stands in heads, and is offered again when a crash of the server empties the queue.
-- So they need no log, and no record of their lives; an offer notifies once and not for each job.
ALTER TABLE procrastinate_events SET UNLOGGED;
ALTER TABLE procrastinate_periodic_defers SET UNLOGGED;
ALTER TABLE procrastinate_jobs SET UNLOGGED;
ALTER TABLE procrastinate_jobs DISABLE TRIGGER USER

-- name: routes
WITH v AS (SELECT id, route FROM unnest(%b::text[], %b::text[]) AS v(id, route)),
mine AS (SELECT h.id FROM heads h JOIN v ON v.id = h.id WHERE h.route <> v.route ORDER BY h.id FOR UPDATE OF h)
UPDATE heads h SET route = v.route FROM mine JOIN v ON v.id = mine.id WHERE h.id = mine.id

-- name: hand_on
WITH v AS (SELECT id, route FROM unnest(%b::text[], %b::text[]) AS v(id, route)),
mine AS (SELECT h.id FROM heads h JOIN v ON v.id = h.id WHERE h.owner = %s ORDER BY h.id FOR UPDATE OF h)
UPDATE heads h SET route = v.route, wake_at = LEAST(h.wake_at, statement_timestamp()),
    owner = NULL, owned_until = NULL, offered_until = NULL
FROM mine JOIN v ON v.id = mine.id WHERE h.id = mine.id

-- name: next_offer
SELECT extract(epoch FROM min(wake_at) - statement_timestamp())::float8 FROM heads
WHERE wake_at > statement_timestamp() AND owner IS NULL

-- name: end_jobs_of_silent
-- Their runs are offered again at once.
WITH gone AS (
    DELETE FROM procrastinate_jobs j WHERE status = 'doing' AND (
        worker_id IS NULL OR worker_id = ANY(%b) OR worker_id IN (
            SELECT id FROM procrastinate_workers WHERE last_heartbeat < statement_timestamp() - make_interval(secs => %s)))
    RETURNING lock
), theirs AS (SELECT id FROM heads WHERE id IN (SELECT lock FROM gone) ORDER BY id FOR UPDATE)
UPDATE heads h SET offered_until = NULL FROM theirs WHERE h.id = theirs.id

-- name: offer_again
WITH back AS (SELECT id FROM heads WHERE id = ANY(%b) AND owner IS NULL ORDER BY id FOR UPDATE)
UPDATE heads h SET offered_until = NULL FROM back WHERE h.id = back.id

-- name: jobs_of_worker
SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = %s AND NOT lock = ANY(%b)

-- name: end_jobs
DELETE FROM procrastinate_jobs WHERE status = 'doing' AND id = ANY(%b)

-- name: fetch_jobs
-- What the queue's own function does for one job, for many: a run whose wake is under way waits for its end.
-- NOT IN is a hash made once; NOT EXISTS would read all that is under way again for each job that waits.
WITH next AS (
    SELECT id FROM procrastinate_jobs
    WHERE status = 'todo' AND (%(queues)s::text[] IS NULL OR queue_name = ANY(%(queues)s::text[]))
      AND lock NOT IN (SELECT lock FROM procrastinate_jobs WHERE status = 'doing' AND lock IS NOT NULL)
    ORDER BY priority DESC, id LIMIT %(most)s FOR UPDATE SKIP LOCKED
), taken AS (
    UPDATE procrastinate_jobs j SET status = 'doing', worker_id = %(worker_id)s
    FROM next WHERE j.id = next.id RETURNING j.*
)
SELECT * FROM taken ORDER BY priority DESC, id

-- name: end_jobs_by_id
DELETE FROM procrastinate_jobs WHERE id = ANY(%(jobs)b) AND status IN ('todo', 'doing')
