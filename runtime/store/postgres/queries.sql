-- Every statement of the PostgreSQL store, by name.

-- name: format_exists
SELECT to_regclass('forkjoin.store_format') IS NOT NULL

-- name: format
SELECT version FROM store_format

-- name: set_format
UPDATE store_format SET version = %s

-- name: change
UPDATE changes SET count = count + 1 WHERE shard = mod(pg_backend_pid(), 16)

-- name: notify
SELECT pg_notify('forkjoin_changes', '')

-- name: change_token
SELECT sum(count)::bigint FROM changes

-- name: lock_heads
SELECT id, revision FROM heads WHERE id = ANY(%s) ORDER BY id FOR UPDATE

-- name: insert_heads
INSERT INTO heads (id, revision, status, workflow, attention, held, labels, wake_at, created_at, updated_at)
SELECT id, revision, status, workflow, attention, held, labels::jsonb, wake_at, created_at, updated_at
FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::int[], %s::boolean[], %s::text[],
            %s::timestamptz[], %s::timestamptz[], %s::timestamptz[])
     AS v(id, revision, status, workflow, attention, held, labels, wake_at, created_at, updated_at)
ON CONFLICT (id) DO NOTHING RETURNING id

-- name: update_heads
UPDATE heads h SET revision = v.revision, status = v.status, workflow = v.workflow, attention = v.attention,
    held = v.held, labels = v.labels::jsonb, wake_at = v.wake_at, created_at = v.created_at,
    updated_at = v.updated_at, offered_until = NULL
FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::int[], %s::boolean[], %s::text[],
            %s::timestamptz[], %s::timestamptz[], %s::timestamptz[])
     AS v(id, revision, status, workflow, attention, held, labels, wake_at, created_at, updated_at)
WHERE h.id = v.id

-- name: insert_runs
INSERT INTO runs (id, doc) SELECT * FROM unnest(%s::text[], %s::text[])

-- name: update_runs
UPDATE runs r SET doc = v.doc FROM unnest(%s::text[], %s::text[]) AS v(id, doc) WHERE r.id = v.id

-- name: put_branches
INSERT INTO branches (run_id, id, doc)
SELECT run_id, id, doc FROM unnest(%s::text[], %s::text[], %s::text[]) WITH ORDINALITY AS v(run_id, id, doc, n)
ORDER BY n
ON CONFLICT (run_id, id) DO UPDATE SET doc = excluded.doc

-- name: put_joins
INSERT INTO joins (run_id, step_id, visit, doc)
SELECT run_id, step_id, visit, doc
FROM unnest(%s::text[], %s::text[], %s::int[], %s::text[]) WITH ORDINALITY AS v(run_id, step_id, visit, doc, n)
ORDER BY n
ON CONFLICT (run_id, step_id, visit) DO UPDATE SET doc = excluded.doc

-- name: add_history
INSERT INTO history (run_id, entries_n, doc)
SELECT run_id, entries_n, doc
FROM unnest(%s::text[], %s::int[], %s::text[]) WITH ORDINALITY AS v(run_id, entries_n, doc, n) ORDER BY n

-- name: trim_history
DELETE FROM history WHERE run_id = %(run)s AND number <= (
    SELECT max(number) FROM (
        SELECT number, sum(entries_n) OVER (ORDER BY number DESC) AS kept FROM history WHERE run_id = %(run)s
    ) AS counted WHERE kept > %(kept)s)

-- name: add_polls
INSERT INTO polls (run_id, branch, poll, doc)
SELECT run_id, branch, poll, doc
FROM unnest(%s::text[], %s::text[], %s::int[], %s::text[]) WITH ORDINALITY AS v(run_id, branch, poll, doc, n)
ORDER BY n

-- name: trim_polls
DELETE FROM polls p USING unnest(%s::text[], %s::text[], %s::int[]) AS v(run_id, branch, upto)
WHERE p.run_id = v.run_id AND p.branch = v.branch AND p.poll <= v.upto

-- name: run
SELECT doc FROM runs WHERE id = %s

-- name: runs
SELECT doc FROM runs WHERE id = ANY(%s)

-- name: branches
SELECT doc FROM branches WHERE run_id = ANY(%s) ORDER BY number

-- name: joins
SELECT doc FROM joins WHERE run_id = ANY(%s) ORDER BY number

-- name: position_created_at
SELECT created_at FROM heads WHERE id = %s

-- name: position_updated_at
SELECT updated_at FROM heads WHERE id = %s

-- name: position_wake_at
SELECT wake_at FROM heads WHERE id = %s

-- name: position_attention
SELECT attention FROM heads WHERE id = %s

-- name: position_id
SELECT id FROM heads WHERE id = %s

-- name: rows_at
SELECT h.number, r.doc FROM heads h JOIN runs r ON r.id = h.id WHERE h.number = ANY(%s)

-- name: numbers
SELECT id, number FROM heads WHERE id = ANY(%s)

-- name: counts
SELECT status, count(*) FROM heads GROUP BY status

-- name: due
SELECT id FROM heads WHERE wake_at <= %s AND NOT id = ANY(%s) ORDER BY wake_at, id LIMIT %s

-- name: next_wake
SELECT wake_at FROM heads WHERE wake_at IS NOT NULL AND NOT id = ANY(%s) ORDER BY wake_at LIMIT 1

-- name: to_wake
SELECT id FROM heads WHERE id = ANY(%s) AND (wake_at IS NULL OR wake_at > %s) ORDER BY id FOR UPDATE

-- name: documents
SELECT id, doc FROM runs WHERE id = ANY(%s)

-- name: set_wake
UPDATE heads SET wake_at = %s, offered_until = NULL WHERE id = ANY(%s)

-- name: claim
WITH free AS (
    SELECT id FROM heads
    WHERE id = ANY(%(ids)s) AND (owner IS NULL OR owner = %(owner)s OR owned_until <= %(now)s)
    ORDER BY id FOR UPDATE
)
UPDATE heads h SET owner = %(owner)s, owned_until = %(until)s FROM free WHERE h.id = free.id RETURNING h.id

-- name: release
UPDATE heads SET owner = NULL, owned_until = NULL, offered_until = NULL WHERE id = ANY(%s) AND owner = %s

-- name: history
SELECT doc FROM history WHERE run_id = %s ORDER BY number

-- name: polls
SELECT doc FROM polls WHERE run_id = %(run)s AND (%(branch)s::text IS NULL OR branch = %(branch)s) ORDER BY number

-- name: changes_since
SELECT id FROM heads WHERE updated_at >= %s

-- name: remove
DELETE FROM heads WHERE id = ANY(%s)

-- name: add_act
INSERT INTO acts (outcome, due_at, target, doc) VALUES (%s, %s, %s, '') RETURNING number

-- name: put_act
INSERT INTO acts (number, outcome, due_at, target, doc) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (number) DO UPDATE SET outcome = excluded.outcome, due_at = excluded.due_at,
    target = excluded.target, doc = excluded.doc

-- name: act
SELECT doc FROM acts WHERE number = %s

-- name: acts
SELECT doc FROM acts
WHERE (%(target)s::text IS NULL OR target = %(target)s OR target LIKE %(below)s)
  AND (%(outcome)s::text IS NULL OR outcome = %(outcome)s)
ORDER BY number DESC LIMIT %(limit)s

-- name: due_acts
SELECT doc FROM acts WHERE outcome IN ('pending', 'running') AND due_at <= %s ORDER BY number

-- name: holds
SELECT doc FROM holds ORDER BY number

-- name: put_hold
INSERT INTO holds (scope, at, doc) VALUES (%s, %s, %s) ON CONFLICT (scope, at) DO UPDATE SET doc = excluded.doc

-- name: put_flow
INSERT INTO flows (hash, doc) VALUES (%s, %s) ON CONFLICT (hash) DO NOTHING

-- name: flow
SELECT doc FROM flows WHERE hash = %s

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

-- name: taken_runs
SELECT id FROM heads WHERE id = ANY(%s) LIMIT 1

-- name: database_now
SELECT clock_timestamp()

-- name: database_size
SELECT pg_database_size(current_database())

-- name: wake_backlog
SELECT count(*) FILTER (WHERE wake_at <= clock_timestamp()),
       extract(epoch FROM clock_timestamp() - min(wake_at) FILTER (WHERE wake_at <= clock_timestamp()))::float8
FROM (SELECT wake_at FROM heads WHERE wake_at <= clock_timestamp() AND owner IS NULL ORDER BY wake_at LIMIT 10000) AS due

-- name: register_worker
INSERT INTO workers (name, host, beat_at, doc) VALUES (%s, %s, clock_timestamp(), %s) RETURNING number

-- name: beat_worker
UPDATE workers SET beat_at = clock_timestamp(), queue_worker = %s, doc = %s WHERE number = %s

-- name: worker_here
SELECT 1 FROM workers WHERE number = %s FOR KEY SHARE

-- name: remove_worker
DELETE FROM workers WHERE number = %s

-- name: silent_workers
DELETE FROM workers WHERE number IN (
    SELECT number FROM workers WHERE beat_at < clock_timestamp() - make_interval(secs => %s) FOR UPDATE SKIP LOCKED
) RETURNING number, name, queue_worker, doc

-- name: release_all
UPDATE heads SET owner = NULL, owned_until = NULL, offered_until = NULL WHERE owner = ANY(%s)

-- name: release_others
UPDATE heads SET owner = NULL, owned_until = NULL, offered_until = NULL WHERE owner = %s AND NOT id = ANY(%s)

-- name: release_slots
UPDATE slots SET worker = NULL, until = NULL WHERE worker = ANY(%s)

-- name: lapse_slots
UPDATE slots SET until = LEAST(until, clock_timestamp() + make_interval(secs => %s)) WHERE worker = %s

-- name: release_duties
DELETE FROM duties WHERE worker = ANY(%s)

-- name: workers
SELECT number, name, host, beat_at, doc, extract(epoch FROM clock_timestamp() - beat_at)::float8
FROM workers ORDER BY number

-- name: take_duty
INSERT INTO duties (name, worker, until)
SELECT %(name)s, here.number, clock_timestamp() + make_interval(secs => %(ttl)s)
FROM (SELECT number FROM workers WHERE number = %(worker)s FOR KEY SHARE) AS here
ON CONFLICT (name) DO UPDATE SET worker = excluded.worker, until = excluded.until
WHERE duties.worker = excluded.worker OR duties.until < clock_timestamp()
RETURNING worker

-- name: forget_duties
DELETE FROM duties WHERE until < clock_timestamp() - interval '1 hour'

-- name: make_slots
INSERT INTO slots (target, slot) SELECT %(target)s, generate_series(1, %(bound)s) ON CONFLICT DO NOTHING

-- name: take_slots
WITH here AS (SELECT number FROM workers WHERE number = %(worker)s FOR KEY SHARE)
UPDATE slots SET worker = %(worker)s, until = clock_timestamp() + make_interval(secs => %(ttl)s)
WHERE (target, slot) IN (
    SELECT target, slot FROM slots
    WHERE target = %(target)s AND slot <= %(bound)s AND (worker IS NULL OR until < clock_timestamp())
      AND EXISTS (SELECT 1 FROM here)
    ORDER BY slot LIMIT %(wanted)s FOR UPDATE SKIP LOCKED)
RETURNING slot

-- name: give_slots
UPDATE slots SET worker = NULL, until = NULL WHERE target = %s AND slot = ANY(%s) AND worker = %s

-- name: renew_slots
UPDATE slots SET until = clock_timestamp() + make_interval(secs => %s)
WHERE worker = (SELECT number FROM workers WHERE number = %s FOR KEY SHARE) RETURNING target, slot

-- name: offer_right
SELECT pg_try_advisory_xact_lock(7165435)

-- name: queue_depth
SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo'

-- name: offer
UPDATE heads h SET offered_until = clock_timestamp() + make_interval(secs => %(lease)s)
FROM (
    SELECT id FROM heads
    WHERE wake_at <= clock_timestamp()
      AND (owner IS NULL OR owned_until < clock_timestamp())
      AND (offered_until IS NULL OR offered_until < clock_timestamp())
      AND (route = '' OR %(everything)s OR route = ANY(%(routes)s))
    ORDER BY wake_at LIMIT %(limit)s FOR UPDATE SKIP LOCKED
) AS due WHERE h.id = due.id RETURNING h.id, h.route

-- name: queued
SELECT queueing_lock FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = ANY(%s)

-- name: withdraw
DELETE FROM procrastinate_jobs WHERE status = 'todo' AND queueing_lock = ANY(%s)

-- name: routes
UPDATE heads h SET route = v.route FROM unnest(%s::text[], %s::text[]) AS v(id, route)
WHERE h.id = v.id AND h.route <> v.route

-- name: hand_on
UPDATE heads h SET route = v.route, wake_at = LEAST(h.wake_at, clock_timestamp()),
    owner = NULL, owned_until = NULL, offered_until = NULL
FROM unnest(%s::text[], %s::text[]) AS v(id, route) WHERE h.id = v.id AND h.owner = %s

-- name: next_offer
SELECT extract(epoch FROM min(wake_at) - clock_timestamp())::float8 FROM heads
WHERE wake_at IS NOT NULL AND owner IS NULL

-- name: end_jobs_of_silent
DELETE FROM procrastinate_jobs j WHERE status = 'doing' AND (
    worker_id IS NULL OR worker_id = ANY(%s) OR worker_id IN (
        SELECT id FROM procrastinate_workers WHERE last_heartbeat < clock_timestamp() - make_interval(secs => %s)))

-- name: jobs_of_worker
SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND worker_id = %s AND NOT lock = ANY(%s)

-- name: end_jobs
DELETE FROM procrastinate_jobs WHERE status = 'doing' AND id = ANY(%s)
