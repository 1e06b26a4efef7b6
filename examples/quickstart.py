"""Put a few leads into a rep's dialing queue.

Start a sandbox in one terminal, paste the two lines that it prints into another, and run this there:

    allo-async sandbox
    python examples/quickstart.py
"""

import asyncio

from allo_async import AlloClient, Contact


async def main() -> None:
    """Append three numbers to the key owner's own queue, and print the fate of each."""
    async with AlloClient() as allo:  # the key comes from ALLO_API_KEY
        result = await allo.queue().append(
            [
                "+1 (212) 555-0010",
                {"number": "06 12 34 56 78", "name": "Marie"},
                Contact("+44 20 7946 0958", company="Acme Inc"),
                "no number",
            ],
            region="FR",
        )
    for number in result.added:
        print(f"row {number.index} is number {number.position} in the queue")
    for row in result.skipped:
        print(f"row {row.index} was skipped: {row.reason}")


if __name__ == "__main__":
    asyncio.run(main())
