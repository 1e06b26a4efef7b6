"""Have the workers load a file of their folder, and watch until it is loaded.

python -m examples.worker.load leads.csv marie@acme.example tom@acme.example
"""

import asyncio
import sys

from examples.worker.tasks import broker, loads


async def main(file: str, *reps: str) -> None:
    """Load *file* of the workers' folder into the queues of *reps*, and print the job's report."""
    await broker.startup()
    try:
        job = await loads.load_file.kiq(file, over=list(reps), region="FR")
        print(f"job {job.task_id}")
        told = None
        while not await job.is_ready():
            progress = await loads.progress(job.task_id)
            if progress != told:
                told = progress
                print(progress)
            await asyncio.sleep(0.5)
        result = await job.get_result()
        result.raise_for_error()
        report = result.return_value
        print(f"{report.rows} rows: {report.added} added, {report.skipped} skipped {report.skipped_by_reason}")
        for queue in report.queues:
            print(f"{queue['queue']}: {queue['added']}")
        print(f"the fate of every row: allo-async journal export {report.journal}")
    finally:
        await broker.shutdown()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
