-- The scanners that share the store. Times are of the database's clock.
CREATE TABLE scanner (
    -- Names the process. A scanner that starts again is another one.
    id          text COLLATE "C" PRIMARY KEY,
    name        text NOT NULL,
    host        text NOT NULL,
    version     text NOT NULL,
    started     timestamptz NOT NULL,
    reported    timestamptz NOT NULL,
    -- When the others take over what it does, unless it reports again.
    expires     timestamptz NOT NULL,
    -- For how long the connection had been due that waited longest for its scan.
    overdue     interval NOT NULL
);

-- The connection files that a scanner has.
CREATE TABLE scanner_connection (
    scanner     text COLLATE "C" NOT NULL REFERENCES scanner (id) ON DELETE CASCADE,
    code        text COLLATE "C" NOT NULL,
    file        text NOT NULL,
    -- Of the settings. Scanners whose digests differ do not scan the connection.
    digest      text NOT NULL,
    PRIMARY KEY (scanner, code)
);

-- What the next scanner of a connection must know.
CREATE TABLE schedule (
    code        text COLLATE "C" PRIMARY KEY,
    -- The digest of the settings of the last scan that ended, and when it began.
    digest      text NOT NULL,
    started     timestamptz NOT NULL,
    -- The number and the time of the next retry, if it failed.
    retry       integer,
    retry_at    timestamptz
);
