-- Trainings under control, searched and brought up to date.
-- The order in which waiting jobs get their turn, kept once it is another than that of asking. Rows of jobs that have started since mean nothing.
CREATE TABLE queue (job VARCHAR NOT NULL, place BIGINT NOT NULL);
-- A model brought up to date with a file of new rows: a chain of jobs, `job` the one of `stage` (NULL: it is not asked for yet). `run` is the training in
-- use, `new_run` the one that follows it; rows from position `first` on came with the file. `told` is what is known so far, core.updating.document as JSON;
-- `error` what keeps the chain from going on, an error as JSON.
CREATE TABLE model_update (
    id VARCHAR PRIMARY KEY, owner VARCHAR NOT NULL, project VARCHAR NOT NULL, dataset VARCHAR NOT NULL, run VARCHAR NOT NULL, new_run VARCHAR,
    stage VARCHAR NOT NULL, job VARCHAR, file VARCHAR NOT NULL, "first" BIGINT NOT NULL, told VARCHAR NOT NULL, error VARCHAR,
    created_at TIMESTAMP NOT NULL, stage_at TIMESTAMP NOT NULL
);
