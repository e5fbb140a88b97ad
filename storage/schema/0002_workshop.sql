-- The data workshop. Texts that can be worked out again are not kept: a million rows are written in seconds only when few bytes are.
--   messages NULL: a question and its answer, which `whole_messages` writes out.
--   imported_hash NULL: the content never changed. folded NULL: question and answer are ASCII, which search folds by itself.
--   form NULL: `original` is the whole row. Else it is {"question": column, "answer": column}, `original` lacks these two, and `whole_original` adds them.
--   erased: a person was erased from the row; its texts are gone for good, its hash stays.
CREATE MACRO whole_messages(messages, question, answer) AS coalesce(messages,
    '[{"content":' || to_json(question) || ',"role":"user"}' || CASE WHEN answer IS NULL THEN '' ELSE ',{"content":' || to_json(answer) || ',"role":"assistant"}' END || ']');
CREATE MACRO whole_original(original, form, question, answer) AS CASE WHEN form IS NULL THEN original ELSE
    '{' || to_json(form->>'question') || ':' || to_json(question)
    || CASE WHEN form->>'answer' IS NULL THEN '' ELSE ',' || to_json(form->>'answer') || ':' || coalesce(to_json(answer), 'null') END
    || CASE WHEN original = '{}' THEN '}' ELSE ',' || substr(original, 2) END END;
-- DuckDB's own hash takes a tenth of md5's time. Its values may be others in another release: `made_by` has the key of one known text, and a store that
-- finds another when it opens makes all keys anew.
CREATE OR REPLACE MACRO question_key(folded_text) AS hash(trim(
    CASE WHEN contains(in_one_line(folded_text), '  ') THEN regexp_replace(in_one_line(folded_text), ' +', ' ', 'g') ELSE in_one_line(folded_text) END
));
CREATE TABLE made_by (kind VARCHAR PRIMARY KEY, mark UBIGINT NOT NULL);
INSERT INTO made_by VALUES ('question_key', question_key('where is my parcel, and when does it come?'));
CREATE TABLE example_2 (
    id VARCHAR USING COMPRESSION uncompressed NOT NULL, owner VARCHAR NOT NULL, dataset VARCHAR NOT NULL, position BIGINT NOT NULL,
    messages VARCHAR USING COMPRESSION uncompressed, question VARCHAR USING COMPRESSION uncompressed NOT NULL, answer VARCHAR,
    content_hash VARCHAR USING COMPRESSION uncompressed NOT NULL, imported_hash VARCHAR, source VARCHAR NOT NULL, row BIGINT NOT NULL,
    original VARCHAR USING COMPRESSION uncompressed NOT NULL, form VARCHAR, sealed BOOLEAN NOT NULL, erased BOOLEAN NOT NULL,
    question_key UBIGINT NOT NULL, folded VARCHAR USING COMPRESSION uncompressed, born BIGINT NOT NULL, gone BIGINT
);
INSERT INTO example_2
SELECT id, owner, dataset, position, CASE WHEN messages = whole_messages(NULL, question, answer) THEN NULL ELSE messages END, question, answer, content_hash,
       CASE WHEN imported_hash = content_hash THEN NULL ELSE imported_hash END, source, row, original, NULL, sealed, false, question_key(folded(question)),
       CASE WHEN strlen(question) = length(question) AND strlen(coalesce(answer, '')) = length(coalesce(answer, '')) THEN NULL ELSE folded END, born, gone
FROM example ORDER BY dataset, position, born;
DROP TABLE example;
ALTER TABLE example_2 RENAME TO example;

-- What was done to a dataset, a line each: an import, an edit, a bulk edit, an undo. The states of the rows say what it was to each of them.
-- `what` is a Sentence as JSON. `undoes` is the change that this one takes back.
CREATE TABLE change (
    dataset VARCHAR NOT NULL, number BIGINT NOT NULL, owner VARCHAR NOT NULL, actor VARCHAR NOT NULL, "at" TIMESTAMP NOT NULL,
    kind VARCHAR NOT NULL, what VARCHAR NOT NULL, rows BIGINT NOT NULL, undoes BIGINT, undone BOOLEAN NOT NULL
);
INSERT INTO change
SELECT dataset, row_number() OVER (PARTITION BY dataset ORDER BY id), owner, actor, "at", CASE WHEN after IS NULL THEN 'delete' ELSE 'edit' END,
       '{"key":"changed_before","english":"A row was changed","facts":{}}', 1, NULL, true FROM edit;
DROP TABLE edit;
-- What people say of a row without changing it; a state holds from change `born` until `gone`, as an example's does. `review` is 'approved' or 'rejected';
-- a rejected row is in no version. `tags` is sorted, each once.
CREATE TABLE mark (
    dataset VARCHAR NOT NULL, position BIGINT NOT NULL, tags VARCHAR[] NOT NULL, review VARCHAR, reviewer VARCHAR, born BIGINT NOT NULL, gone BIGINT
);
-- A saved filter. `filter` is core.data.filter.RowFilter as JSON.
CREATE TABLE saved_view (
    id VARCHAR PRIMARY KEY, owner VARCHAR NOT NULL, dataset VARCHAR NOT NULL, name VARCHAR NOT NULL, filter VARCHAR NOT NULL, created_at TIMESTAMP NOT NULL
);
-- The doctor: one check-up a dataset, that of change `change`. `document` is core.data.doctor.report.CheckupDocument as JSON.
CREATE TABLE checkup (
    dataset VARCHAR PRIMARY KEY, owner VARCHAR NOT NULL, job VARCHAR NOT NULL, change BIGINT NOT NULL, document VARCHAR NOT NULL, created_at TIMESTAMP NOT NULL
);
-- `bundle` ties the rows of one finding together (the rows that are near duplicates of each other); `repair` are messages that would mend the row.
CREATE TABLE finding (
    dataset VARCHAR NOT NULL, "check" VARCHAR NOT NULL, position BIGINT NOT NULL, bundle BIGINT NOT NULL, facts VARCHAR NOT NULL, repair VARCHAR
);
-- Rows that the doctor found to be nearly the same: the split keeps equal `bundle`s on one side.
CREATE TABLE near (dataset VARCHAR NOT NULL, position BIGINT NOT NULL, bundle BIGINT NOT NULL);
-- How a dataset's rows are put to the model: core.data.layout.Layout as JSON.
CREATE TABLE layout (dataset VARCHAR PRIMARY KEY, owner VARCHAR NOT NULL, document VARCHAR NOT NULL, changed_at TIMESTAMP NOT NULL);
-- Colleagues who label by a link. Only the token's hash is kept. `twice_share` of the rows go to two people.
CREATE TABLE label_round (
    id VARCHAR PRIMARY KEY, owner VARCHAR NOT NULL, project VARCHAR NOT NULL, dataset VARCHAR NOT NULL, name VARCHAR NOT NULL, token_hash VARCHAR NOT NULL,
    settings VARCHAR NOT NULL, created_at TIMESTAMP NOT NULL, expires_at TIMESTAMP NOT NULL, closed BOOLEAN NOT NULL
);
CREATE TABLE label_row (round VARCHAR NOT NULL, position BIGINT NOT NULL, wanted INTEGER NOT NULL, turn BIGINT NOT NULL);
CREATE TABLE label_given (
    round VARCHAR NOT NULL, position BIGINT NOT NULL, person VARCHAR NOT NULL, answer VARCHAR NOT NULL, seconds DOUBLE NOT NULL, "at" TIMESTAMP NOT NULL,
    taken BOOLEAN NOT NULL
);
ALTER TABLE version ADD COLUMN erased BIGINT DEFAULT 0;
