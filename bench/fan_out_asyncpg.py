"""Point selects of 64 tasks over 4 connections: asyncpg's pool, one fetchval after the other in each task."""

import asyncio
import time

import contestant
from point_select_asyncpg import SQL, connect_arguments

asyncpg = contestant.need("asyncpg")
CONNECTIONS = 4
TASKS = 64


async def worker(pool, ids, watch):
    for id in ids:
        started = time.perf_counter_ns()
        watch.lap(await pool.fetchval(SQL, id), started)


async def main():
    arguments = connect_arguments(contestant.dsn())
    async with asyncpg.create_pool(min_size=CONNECTIONS, max_size=CONNECTIONS, **arguments) as pool:
        for queries, seed in contestant.rounds(f"asyncpg {asyncpg.__version__}, {TASKS} tasks on its pool of {CONNECTIONS}"):
            ids = contestant.random_ids(queries, seed)
            watch = contestant.Stopwatch()
            await asyncio.gather(*(worker(pool, ids[first::TASKS], watch) for first in range(TASKS)))
            watch.print()


asyncio.run(main())
