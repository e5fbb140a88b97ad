-- What a row holds is hashed without being written out as JSON, on which half of an import's time was spent; and which questions are the same is worked out
-- once the rows are safe.
--   content_hash: row_hash of messages, question and answer; of a row from which a person was erased that of before, since its texts are gone.
--   question_key NULL: not worked out yet (storage.bulk.keys), for a moment after an import.
-- SHA-256: of a question and its answer with a NUL between them, which no text holds; of a question that waits with a NUL before it; of any other
-- conversation as it is written.
CREATE OR REPLACE MACRO row_hash(messages, question, answer) AS sha256(
    CASE WHEN messages IS NOT NULL THEN messages WHEN answer IS NULL THEN chr(0) || question ELSE question || chr(0) || answer END
);
ALTER TABLE example ALTER COLUMN question_key DROP NOT NULL;
UPDATE example SET content_hash = row_hash(messages, question, answer) WHERE NOT erased;
UPDATE example SET imported_hash = CASE WHEN imported.hash <> content_hash THEN imported.hash END FROM (
    SELECT dataset, position, arg_min(content_hash, born) AS hash FROM example GROUP BY dataset, position
) imported WHERE imported.dataset = example.dataset AND imported.position = example.position AND imported_hash IS NOT NULL AND NOT erased;
UPDATE version SET content_hash = hashed.hash FROM (
    SELECT version, sha256(string_agg(hash, '' ORDER BY block)) AS hash FROM (
        SELECT version, block, sha256(string_agg(content_hash || CASE WHEN sealed THEN 's' ELSE '' END, '' ORDER BY position)) AS hash FROM (
            SELECT v.id AS version, e.content_hash, e.sealed, e.position, (row_number() OVER (PARTITION BY v.id ORDER BY e.position) - 1) // 4096 AS block
            FROM version v JOIN example e ON e.dataset = v.dataset AND e.born <= v.change AND (e.gone IS NULL OR e.gone > v.change)
            WHERE NOT EXISTS (
                FROM mark m WHERE m.dataset = v.dataset AND m.position = e.position AND m.review = 'rejected'
                AND m.born <= v.change AND (m.gone IS NULL OR m.gone > v.change)
            )
        ) GROUP BY version, block
    ) GROUP BY version
) hashed WHERE hashed.version = version.id;
