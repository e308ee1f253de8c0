-- The last runs of each job. The key makes one firing of each tick, however many
-- processes share the file: who inserts the row runs it. Times are Unix milliseconds.
CREATE TABLE IF NOT EXISTS "oneroof_job_run" (
  job text NOT NULL,
  tick integer NOT NULL,
  runner text NOT NULL,
  attempt integer NOT NULL,
  status text NOT NULL,
  lease integer NOT NULL,
  started integer NOT NULL,
  ended integer,
  duration integer,
  error text,
  PRIMARY KEY (job, tick)
);
CREATE INDEX IF NOT EXISTS "oneroof_job_run_running"
  ON "oneroof_job_run" (job) WHERE status = 'running';
