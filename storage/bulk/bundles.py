"""What stays together: equal questions, near duplicates and rows of one group become bundles, through any chain of them."""

from duckdb import DuckDBPyConnection as Connection


def join_bundles(connection: Connection) -> None:
    """Give the rows of temp table `drawn` that hang together one key: the least of all their keys. Ties are rows of temp table tie(key, tie)."""
    connection.execute("CREATE OR REPLACE TEMP TABLE link AS SELECT DISTINCT key, tie FROM tie")
    connection.execute("CREATE OR REPLACE TEMP TABLE least AS SELECT DISTINCT key, key AS least FROM link")
    while True:
        # One step along the ties, then as far as the step before had come: a chain of n rows takes about log n rounds.
        connection.execute("""
            CREATE OR REPLACE TEMP TABLE stepped AS
            SELECT key, min(least) AS least
            FROM (SELECT key, min(least) OVER (PARTITION BY tie) AS least FROM link JOIN least USING (key)) GROUP BY key
        """)
        connection.execute("CREATE OR REPLACE TEMP TABLE jumped AS SELECT s.key, t.least FROM stepped s JOIN stepped t ON t.key = s.least")
        sql = "SELECT count(*) FROM least JOIN jumped USING (key) WHERE least.least <> jumped.least"
        changed = connection.execute(sql).fetchall()[0][0]
        connection.execute("CREATE OR REPLACE TEMP TABLE least AS FROM jumped")
        if not changed:
            break
    connection.execute("UPDATE drawn SET key = l.least FROM least l WHERE drawn.key = l.key AND l.least <> l.key")
    for table in ("link", "least", "stepped", "jumped", "tie"):
        connection.execute(f"DROP TABLE temp.{table}")
