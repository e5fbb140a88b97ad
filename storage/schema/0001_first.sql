-- Times are UTC. Rows that belong to someone carry their owner. Children of a row carry its id; deletion is storage's, not a cascade's.
CREATE TABLE project (
    id VARCHAR PRIMARY KEY, owner VARCHAR NOT NULL, name VARCHAR NOT NULL, task VARCHAR, created_at TIMESTAMP NOT NULL
);
CREATE TABLE upload (
    id VARCHAR PRIMARY KEY, owner VARCHAR NOT NULL, name VARCHAR NOT NULL, size_bytes BIGINT NOT NULL, sha256 VARCHAR NOT NULL,
    created_at TIMESTAMP NOT NULL
);
-- `change` counts the changes of a dataset's rows: an import, an edit, a deletion, an undo.
CREATE TABLE dataset (
    id VARCHAR PRIMARY KEY, owner VARCHAR NOT NULL, project VARCHAR NOT NULL, name VARCHAR NOT NULL, shape VARCHAR NOT NULL,
    columns VARCHAR NOT NULL, change BIGINT NOT NULL, last_position BIGINT NOT NULL, created_at TIMESTAMP NOT NULL
);
-- A row of this table is one state of an example: it holds from change `born` until change `gone` (NULL: it holds now), and is never rewritten.
-- So a version is a change number, and costs nothing. (dataset, position) names an example as its id does, in fewer bytes.
-- `question_key` is the question without case, accents and surplus white space, hashed: equal keys are duplicates.
CREATE TABLE example (
    id VARCHAR NOT NULL, owner VARCHAR NOT NULL, dataset VARCHAR NOT NULL, position BIGINT NOT NULL,
    messages VARCHAR NOT NULL, question VARCHAR NOT NULL, answer VARCHAR, content_hash VARCHAR NOT NULL, imported_hash VARCHAR NOT NULL,
    source VARCHAR NOT NULL, row BIGINT NOT NULL, original VARCHAR NOT NULL, sealed BOOLEAN NOT NULL,
    question_key UBIGINT NOT NULL, folded VARCHAR NOT NULL, born BIGINT NOT NULL, gone BIGINT
);
CREATE TABLE edit (
    id BIGINT PRIMARY KEY, owner VARCHAR NOT NULL, dataset VARCHAR NOT NULL, example VARCHAR NOT NULL, actor VARCHAR NOT NULL,
    "at" TIMESTAMP NOT NULL, before VARCHAR NOT NULL, after VARCHAR, undone BOOLEAN NOT NULL
);
CREATE TABLE version (
    id VARCHAR PRIMARY KEY, owner VARCHAR NOT NULL, dataset VARCHAR NOT NULL, number INTEGER NOT NULL, name VARCHAR NOT NULL,
    rows BIGINT NOT NULL, content_hash VARCHAR NOT NULL, change BIGINT NOT NULL, created_at TIMESTAMP NOT NULL
);
-- `settings` is how the split was drawn, as JSON: the same settings on the same version are the same split.
CREATE TABLE split (
    id VARCHAR PRIMARY KEY, owner VARCHAR NOT NULL, dataset VARCHAR NOT NULL, version VARCHAR NOT NULL, seed BIGINT NOT NULL,
    plan VARCHAR NOT NULL, settings VARCHAR NOT NULL, train BIGINT NOT NULL, validation BIGINT NOT NULL, test BIGINT NOT NULL,
    kept_out BIGINT NOT NULL, opened BIGINT NOT NULL, created_at TIMESTAMP NOT NULL
);
CREATE TABLE split_row (split VARCHAR NOT NULL, position BIGINT NOT NULL, part VARCHAR NOT NULL);
CREATE TABLE job (
    id VARCHAR PRIMARY KEY, owner VARCHAR NOT NULL, project VARCHAR NOT NULL, kind VARCHAR NOT NULL, state VARCHAR NOT NULL,
    folder VARCHAR NOT NULL, subject VARCHAR NOT NULL, progress DOUBLE, message VARCHAR, seconds_left DOUBLE, error VARCHAR,
    events_offset BIGINT NOT NULL, created_at TIMESTAMP NOT NULL, started_at TIMESTAMP, ended_at TIMESTAMP
);
CREATE TABLE point (job VARCHAR NOT NULL, name VARCHAR NOT NULL, step BIGINT NOT NULL, value DOUBLE NOT NULL, PRIMARY KEY (job, name, step));
CREATE TABLE advice (
    job VARCHAR NOT NULL, step BIGINT NOT NULL, key VARCHAR NOT NULL, english VARCHAR NOT NULL, facts VARCHAR NOT NULL, PRIMARY KEY (job, step, key)
);
CREATE TABLE artefact (
    job VARCHAR NOT NULL, name VARCHAR NOT NULL, path VARCHAR NOT NULL, sha256 VARCHAR NOT NULL, size_bytes BIGINT NOT NULL, PRIMARY KEY (job, path)
);
CREATE TABLE resource (job VARCHAR NOT NULL, rss_bytes BIGINT NOT NULL, cpu_seconds DOUBLE NOT NULL, "at" TIMESTAMP NOT NULL);
CREATE TABLE run (
    id VARCHAR PRIMARY KEY, owner VARCHAR NOT NULL, project VARCHAR NOT NULL, dataset VARCHAR NOT NULL, version VARCHAR NOT NULL,
    split VARCHAR NOT NULL, job VARCHAR NOT NULL, name VARCHAR NOT NULL, recipe VARCHAR NOT NULL, best_step BIGINT, best_loss DOUBLE,
    created_at TIMESTAMP NOT NULL
);
CREATE TABLE verdict (
    id VARCHAR PRIMARY KEY, owner VARCHAR NOT NULL, project VARCHAR NOT NULL, run VARCHAR NOT NULL, job VARCHAR NOT NULL,
    document VARCHAR NOT NULL, created_at TIMESTAMP NOT NULL
);
CREATE TABLE package (
    id VARCHAR PRIMARY KEY, owner VARCHAR NOT NULL, project VARCHAR NOT NULL, run VARCHAR NOT NULL, job VARCHAR NOT NULL,
    name VARCHAR NOT NULL, precision VARCHAR NOT NULL, state VARCHAR NOT NULL, path VARCHAR NOT NULL, size_bytes BIGINT NOT NULL,
    sha256 VARCHAR NOT NULL, certificate VARCHAR NOT NULL, created_at TIMESTAMP NOT NULL
);
CREATE TABLE said (
    id BIGINT PRIMARY KEY, owner VARCHAR NOT NULL, project VARCHAR NOT NULL, speaker VARCHAR NOT NULL, text VARCHAR NOT NULL,
    plan VARCHAR, "at" TIMESTAMP NOT NULL
);
CREATE TABLE vote (
    id VARCHAR PRIMARY KEY, owner VARCHAR NOT NULL, project VARCHAR NOT NULL, question VARCHAR NOT NULL, left_model VARCHAR NOT NULL,
    left_answer VARCHAR NOT NULL, right_model VARCHAR NOT NULL, right_answer VARCHAR NOT NULL, chosen VARCHAR NOT NULL,
    blind BOOLEAN NOT NULL, created_at TIMESTAMP NOT NULL
);
-- The folding that duplicates and search share; text is compared, never shown, in this form.
CREATE MACRO folded(text) AS strip_accents(lower(text));
-- White space is looked for before it is replaced: on a million rows the pattern alone would cost two seconds.
CREATE MACRO in_one_line(text) AS replace(replace(replace(text, chr(10), ' '), chr(13), ' '), chr(9), ' ');
CREATE MACRO question_key(folded_text) AS md5_number_lower(trim(
    CASE WHEN contains(in_one_line(folded_text), '  ') THEN regexp_replace(in_one_line(folded_text), ' +', ' ', 'g') ELSE in_one_line(folded_text) END
));
