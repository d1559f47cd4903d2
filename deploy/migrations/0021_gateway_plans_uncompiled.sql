-- Sorting is the gateway's last resort (0014), which PostgreSQL expresses by a cost beyond all measure: above jit_above_cost, so that a
-- plan that has to sort a page was compiled for each execution anew, hundreds of milliseconds instead of one. What is read here is
-- never worth compiling.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ub_gateway' AND 'jit=off' = ANY (rolconfig)) THEN
        ALTER ROLE ub_gateway SET jit = off;
    END IF;
EXCEPTION WHEN internal_error THEN
    NULL;  -- "tuple concurrently updated": roles belong to the cluster, another database's migration sets the same.
END $$;
