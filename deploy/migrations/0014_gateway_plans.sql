-- The gateway's lists are read in the order of an index. Without statistics (a bulk import, before the first autoanalyze) the planner
-- expects so few rows of a tenant that it would rather read and sort all of them, for every page. Sorting is its last resort now.
-- Of the role, not of the database: a setting of both would be lost with a copy or a restore under another name.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'ub_gateway' AND 'enable_sort=off' = ANY (rolconfig)) THEN
        ALTER ROLE ub_gateway SET enable_sort = off;
    END IF;
END $$;
