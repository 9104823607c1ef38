-- Format 3: the step from format 2. Runs have a birth, which is part of their idempotency keys.
-- The runs there are were made without one and keep the keys they have, so no document changes. A program that knows
-- no births must not drive this store any more: it would give runs that have one other keys.
SELECT 1;
