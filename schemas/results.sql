-- The results database of one sweep (schema version 1). People read the views: `runs` (a row per job, parameters and
-- final metrics as columns; the writer makes it anew whenever a name appears), `cells_summary` (mean, standard deviation
-- and n over replicates), `job_metrics` (a row per number) and `parameters`. Times are ISO 8601, UTC. No result is
-- ever deleted: what a sweep no longer lists is `stale`, and views leave it out.

CREATE TABLE sweeps (
  name TEXT PRIMARY KEY,
  file TEXT NOT NULL,          -- absolute path of the sweep file
  text TEXT NOT NULL,          -- its bytes
  report TEXT NOT NULL,        -- its `report:` block, JSON
  updated_at TEXT NOT NULL
) STRICT;

CREATE TABLE cells (           -- one combination of parameter values
  id TEXT PRIMARY KEY,
  position INTEGER NOT NULL,   -- order of the sweep
  parameters TEXT NOT NULL,    -- JSON object
  stale INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE jobs (            -- one stage of one cell and one seed
  id TEXT PRIMARY KEY,         -- SHA-256 of the identity
  position INTEGER NOT NULL,
  stage TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'running', 'done', 'failed', 'blocked')),
  reason TEXT NOT NULL DEFAULT '',
  identity TEXT NOT NULL,      -- JSON: stage, version, parameters, dataset, needs
  seed INTEGER NOT NULL,
  gang INTEGER NOT NULL,       -- ranks
  at_epoch INTEGER,            -- of the snapshot analysed; NULL = the final weights
  attempts INTEGER NOT NULL DEFAULT 0,          -- the highest number given
  counted_attempts INTEGER NOT NULL DEFAULT 0,  -- those that count towards max_attempts
  stale INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX jobs_by_state ON jobs (stale, state, stage);

CREATE TABLE cell_jobs (       -- which job a stage of a cell and seed is; cells may share a training
  cell TEXT NOT NULL REFERENCES cells(id),
  seed INTEGER NOT NULL,
  entry INTEGER NOT NULL,      -- 0 = train, 1.. = entries of `analyses`
  job TEXT NOT NULL REFERENCES jobs(id),
  PRIMARY KEY (cell, seed, entry, job)
) STRICT, WITHOUT ROWID;
CREATE INDEX cell_jobs_by_job ON cell_jobs (job);

CREATE TABLE attempts (        -- one execution of a job; numbers grow
  job TEXT NOT NULL REFERENCES jobs(id),
  attempt INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('running', 'accepted', 'failed', 'stopped', 'lost')),
  gang TEXT NOT NULL,
  kind TEXT NOT NULL DEFAULT '',  -- of the failure
  text TEXT NOT NULL DEFAULT '',
  started_at TEXT NOT NULL,
  ended_at TEXT,
  epoch INTEGER,               -- progress, about a second old while it runs
  step INTEGER,
  steps INTEGER,
  images_per_s REAL,
  PRIMARY KEY (job, attempt)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one_accepted_attempt ON attempts (job) WHERE state = 'accepted';
CREATE INDEX running_attempts ON attempts (job) WHERE state = 'running';

CREATE TABLE metrics (         -- of accepted results. epoch NULL = the final value; value NULL = not a number
  job TEXT NOT NULL REFERENCES jobs(id),
  name TEXT NOT NULL,
  epoch INTEGER,
  value REAL
) STRICT;
CREATE UNIQUE INDEX metrics_by_job ON metrics (job, name, coalesce(epoch, -1));
CREATE INDEX final_metrics ON metrics (name, job) WHERE epoch IS NULL;

CREATE TABLE live_metrics (    -- of running attempts, for watching; accepted results replace them
  job TEXT NOT NULL REFERENCES jobs(id),
  attempt INTEGER NOT NULL,
  name TEXT NOT NULL,
  epoch INTEGER,
  value REAL
) STRICT;
CREATE INDEX live_metrics_by_job ON live_metrics (job);

CREATE TABLE curves (          -- a function sampled at x; x and y are JSON arrays of one length
  job TEXT NOT NULL REFERENCES jobs(id),
  name TEXT NOT NULL,
  x_name TEXT NOT NULL,
  x TEXT NOT NULL,
  y TEXT NOT NULL,
  PRIMARY KEY (job, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE artifacts (       -- files; path relative to jobs/<job>/attempts/<attempt>/
  job TEXT NOT NULL REFERENCES jobs(id),
  attempt INTEGER NOT NULL,
  path TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  kind TEXT NOT NULL,
  label TEXT NOT NULL,
  epoch INTEGER,               -- of a snapshot
  bytes INTEGER,               -- size when the result was accepted
  PRIMARY KEY (job, path)
) STRICT, WITHOUT ROWID;

CREATE TABLE environment (     -- commit, versions, host, cpu, threads, images_per_s, peak_memory_bytes
  job TEXT NOT NULL REFERENCES jobs(id),
  name TEXT NOT NULL,
  value TEXT NOT NULL,         -- JSON
  PRIMARY KEY (job, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE events (          -- every change of state, in order
  id INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  kind TEXT NOT NULL,
  job TEXT,
  text TEXT NOT NULL
) STRICT;

CREATE TABLE run_columns (     -- the names that are columns of `runs`
  kind TEXT NOT NULL CHECK (kind IN ('parameter', 'metric')),
  name TEXT NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

-- Views. A migration drops them all and makes them again from here.

CREATE VIEW parameters AS      -- of every cell, typed: booleans are 1 and 0, lists are JSON
SELECT cells.id AS cell, item.key AS name,
       CASE item.type WHEN 'true' THEN 'boolean' WHEN 'false' THEN 'boolean' WHEN 'real' THEN 'number'
                      WHEN 'text' THEN 'string' ELSE item.type END AS type,
       item.value
FROM cells, json_each(cells.parameters) AS item
WHERE cells.stale = 0;

CREATE VIEW job_metrics AS     -- every accepted number with the job it belongs to
SELECT (SELECT name FROM sweeps LIMIT 1) AS sweep, jobs.id AS job, jobs.stage, jobs.seed, jobs.at_epoch,
       metrics.name AS metric, metrics.epoch, metrics.value
FROM metrics JOIN jobs ON jobs.id = metrics.job
WHERE jobs.stale = 0;

-- Final metrics of every cell over its replicates, from the jobs that use the final weights. std is the sample
-- standard deviation (divisor n - 1), NULL for n = 1; numbers that are not finite do not count. `entry` tells apart two
-- entries of `analyses` that report the same metric.
CREATE VIEW cells_summary AS
SELECT (SELECT name FROM sweeps LIMIT 1) AS sweep, cell, entry, stage, metric, mean,
       CASE WHEN n > 1 THEN sqrt(sum((value - mean) * (value - mean)) / (n - 1)) END AS std,
       n, (SELECT parameters FROM cells WHERE id = cell) AS parameters
FROM (SELECT cell_jobs.cell, cell_jobs.entry, jobs.stage, metrics.name AS metric, metrics.value,
             avg(metrics.value) OVER replicates AS mean, count(metrics.value) OVER replicates AS n
      FROM cell_jobs
      JOIN cells ON cells.id = cell_jobs.cell AND cells.stale = 0
      JOIN jobs ON jobs.id = cell_jobs.job AND jobs.stale = 0 AND jobs.state = 'done' AND jobs.at_epoch IS NULL
      JOIN metrics ON metrics.job = jobs.id AND metrics.epoch IS NULL
      WINDOW replicates AS (PARTITION BY cell_jobs.cell, cell_jobs.entry, metrics.name))
GROUP BY cell, entry, metric;
