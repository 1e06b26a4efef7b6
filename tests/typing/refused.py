"""What a type checker must not let pass: each line has an error, and mypy says so if it has none."""

from pathlib import Path

from allo_async import AlloClient, AppendResult, InDoubtContact, PendingContact, SpreadRun


async def rows_in_doubt_are_not_sent_again_unawares(allo: AlloClient, result: AppendResult) -> None:
    queue = allo.queue()
    await queue.append(result.in_doubt)  # type: ignore[arg-type]
    await queue.append([*result.pending, *result.in_doubt])  # type: ignore[list-item]
    await allo.spread(result.in_doubt, over=[queue])  # type: ignore[arg-type]
    queue.append_stream(result.in_doubt)  # type: ignore[arg-type]
    result.pending.extend(result.in_doubt)  # type: ignore[arg-type]
    print(result.pending[0].reason)  # type: ignore[attr-defined]
    InDoubtContact(index=0, contact=result.pending[0].contact)  # type: ignore[call-arg]
    PendingContact(index=0, contact=result.pending[0].contact, reason="lost")  # type: ignore[call-arg]


async def options_are_checked(allo: AlloClient) -> None:
    queue = allo.queue()
    await queue.append(["+12125550010"], regoin="FR")  # type: ignore[call-arg]
    await queue.append(["+12125550010"], on_full_queue="ignore")  # type: ignore[arg-type]
    await queue.append(["+12125550010"], deadline="30")  # type: ignore[arg-type]
    await queue.append(["+12125550010"], strategy="fill")  # type: ignore[call-arg]
    await queue.append("+12125550010", journal=5)  # type: ignore[arg-type]
    await queue.append(["+12125550010"], "FR")  # type: ignore[call-arg]
    queue.append_stream(["+12125550010"], into=AppendResult())  # type: ignore[call-arg]
    await allo.spread(["+12125550010"])  # type: ignore[call-arg]
    await allo.spread(["+12125550010"], over=["rep@acme.example"])  # type: ignore[list-item]
    await allo.spread(["+12125550010"], over=[queue], strategy="most")  # type: ignore[arg-type]
    await allo.plan(["+12125550010"], over=[queue], journal=Path("monday.db"))  # type: ignore[call-arg]
    AlloClient("ak_live_x", merge=False)  # type: ignore[call-arg]


async def rows_and_teammates_are_checked(allo: AlloClient) -> None:
    await allo.queue().append([None])  # type: ignore[list-item]
    await allo.queue().append(5)  # type: ignore[arg-type]
    allo.queue(email=None)  # type: ignore[arg-type]
    allo.queue(user_id=7)  # type: ignore[arg-type]


def a_run_is_looked_at(run: SpreadRun) -> None:
    run.rows_settled = 5  # type: ignore[misc]
    run.load([])  # type: ignore[attr-defined]
