"""Acquiring an idle connection of asyncpg's pool and releasing it, with nothing in between."""

import asyncio

import contestant
from point_select_asyncpg import connect_arguments

asyncpg = contestant.need("asyncpg")


async def main():
    arguments = connect_arguments(contestant.dsn())
    async with asyncpg.create_pool(min_size=4, max_size=4, **arguments) as pool:
        for queries, _ in contestant.rounds(f"asyncpg {asyncpg.__version__}, acquire and release"):
            watch = contestant.Stopwatch()
            for _ in range(queries):
                async with pool.acquire():
                    watch.lap("")
            watch.print()


asyncio.run(main())
