"""One row by its key, 1 connection, one query after the other: psycopg 3, prepared, results in binary."""

import contestant

psycopg = contestant.need("psycopg")

SQL = "SELECT name FROM users WHERE id = %s"


def main():
    connection = psycopg.connect(contestant.dsn(), autocommit=True)
    cursor = connection.cursor(binary=True)
    about = f"psycopg {psycopg.__version__} ({psycopg.pq.__impl__} implementation), prepared, results in binary"
    for queries, seed in contestant.rounds(about):
        ids = contestant.random_ids(queries, seed)
        watch = contestant.Stopwatch()
        for id in ids:
            watch.lap(cursor.execute(SQL, (id,), prepare=True).fetchone()[0])
        watch.print()


main()
