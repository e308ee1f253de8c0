-- Who failed to log in lately. The keys are digests: no address and no name is kept.
CREATE TABLE IF NOT EXISTS "oneroof_login_failure" (
  key text PRIMARY KEY NOT NULL,
  level real NOT NULL,
  at real NOT NULL
);
