CREATE TABLE person (
  id uuid PRIMARY KEY,
  -- Lower case; what is typed at the login.
  username text NOT NULL UNIQUE,
  name text NOT NULL,
  role text NOT NULL CHECK (role IN ('admin', 'operator', 'technician', 'viewer')),
  jurisdiction text NOT NULL,
  -- argon2id, with its parameters and salt.
  password_hash text NOT NULL,
  disabled_at_ms bigint,
  created_by text NOT NULL,
  created_at_ms bigint NOT NULL,
  version integer NOT NULL DEFAULT 1
);

CREATE TABLE session (
  -- Keyed hash of the id in the cookie: who reads this table cannot use it.
  id_hash bytea PRIMARY KEY,
  person_id uuid NOT NULL REFERENCES person (id),
  created_at_ms bigint NOT NULL,
  last_seen_ms bigint NOT NULL
);
CREATE INDEX session_person ON session (person_id, created_at_ms);
