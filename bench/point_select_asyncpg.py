"""One row by its key, 1 connection, one query after the other: asyncpg with its own cache of prepared statements."""

import asyncio
import shlex

import contestant

asyncpg = contestant.need("asyncpg")

SQL = "SELECT name FROM users WHERE id = $1"


def connect_arguments(dsn):
    """asyncpg knows no key=value strings."""
    options = dict(word.split("=", 1) for word in shlex.split(dsn))
    options["database"] = options.pop("dbname")
    return {key: options[key] for key in ("host", "port", "user", "password", "database") if key in options}


async def main():
    connection = await asyncpg.connect(**connect_arguments(contestant.dsn()))
    for queries, seed in contestant.rounds(f"asyncpg {asyncpg.__version__}, fetchval, on asyncio's own loop"):
        ids = contestant.random_ids(queries, seed)
        watch = contestant.Stopwatch()
        for id in ids:
            watch.lap(await connection.fetchval(SQL, id))
        watch.print()
    await connection.close()


if __name__ == "__main__":
    asyncio.run(main())
