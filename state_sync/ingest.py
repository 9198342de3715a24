"""From a bus into the store: batches, one writer thread, and an acknowledgement only after the commit."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Self, TypeVar

from msgspec import Struct

from state_sync.messages import Decoder, Link, Source
from state_sync.recording import Batch, IngestCounts, Recorder
from twin.errors import TwinError
from twin.ports.live import ReadingWriter

log = logging.getLogger(__name__)

T = TypeVar("T")

REST = 20
"""A job that takes a second is done every twenty at most: a million bindings take two to read."""

Load = Callable[[Decoder | None], Decoder]
"""Make a decoder from the bindings as they are stored now; given the present one, return that if nothing has changed."""


class IngestOptions(Struct, frozen=True, kw_only=True):
    """How an ingest works.

    `batch`: messages in one transaction at most. `linger_s`: how long a smaller one waits for company; what a reading waits at
    most before its commit begins. `sweep_every_s`: search for silent signals; 0: never (another process does). `reload_every_s`:
    read the bindings again, in case another process has changed them; 0: only when `reload` is called. Either is done more rarely where it
    takes long: at most a twentieth of the time goes into it. `retry_from_s` doubles up to `retry_to_s` while the store fails.
    """

    batch: int = 2_000
    linger_s: float = 0.01
    sweep_every_s: float = 5.0
    reload_every_s: float = 5.0
    retry_from_s: float = 0.1
    retry_to_s: float = 5.0


class IngestHealth(Struct, frozen=True, kw_only=True):
    """Whether readings get through. `failing`: why the store cannot be written now; `committed_at`: microseconds since 1970 UTC."""

    link: Link
    failing: str | None
    committed_at: int | None

    @property
    def ok(self) -> bool:
        """Connected, nothing refused, and the store takes what comes."""
        return self.link.connected and self.link.error is None and self.failing is None


class Ingest:
    """Moves messages from one source into the store until it is stopped. `async with` starts it and stops it cleanly.

    The store is called in one thread: `writer`, if given (it must have one worker; the caller shuts it down), else a thread of its
    own. `load` is called in other threads, so that reading a million bindings holds up no commit. After a clean stop every message taken is either committed and acknowledged, or neither.
    """

    def __init__(
        self,
        store: ReadingWriter,
        source: Source,
        *,
        load: Load,
        options: IngestOptions | None = None,
        writer: Executor | None = None,
    ) -> None:
        self._store = store
        self._source = source
        self._load = load
        self._options = options or IngestOptions()
        self._writer = writer or ThreadPoolExecutor(1, thread_name_prefix="ingest")
        self._owns_writer = writer is None
        self._recorder: Recorder | None = None
        self._stopping = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._failing: str | None = None
        self._committed_at: int | None = None

    @property
    def counts(self) -> IngestCounts:
        """What has passed since the start."""
        return self._recorder.counts if self._recorder is not None else IngestCounts()

    @property
    def health(self) -> IngestHealth:
        """Whether readings get through now."""
        failing = self._failing
        if any(task.done() for task in self._tasks):
            failing = "a part of the ingest has ended: see the log"
        return IngestHealth(link=self._source.link, failing=failing, committed_at=self._committed_at)

    async def __aenter__(self) -> Self:
        """Load the bindings and begin. Raises what `load` raises."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """As `stop`."""
        await self.stop()

    async def run(self) -> None:
        """Work until cancelled. Raises what `load` raises, and whatever ends it against its will."""
        async with self:
            await asyncio.gather(*self._tasks)

    async def start(self) -> None:
        """Load the bindings and begin. Raises what `load` raises."""
        try:
            decoder = await asyncio.to_thread(self._load, None)
        except BaseException:
            self._release_writer()
            raise
        self._recorder = Recorder(self._store, decoder)
        self._source.subscribe(decoder.filters)
        jobs = [self._source.run(), self._pump(self._recorder)]
        if self._options.sweep_every_s > 0:
            jobs.append(self._every(self._options.sweep_every_s, self._sweep))
        if self._options.reload_every_s > 0:
            jobs.append(self._every(self._options.reload_every_s, self._reload_quietly))
        self._tasks = [asyncio.create_task(job) for job in jobs]
        for task in self._tasks:
            task.add_done_callback(_tell)

    async def ended(self) -> None:
        """Wait until a part of it ends against its will, and raise what ended it. `stop` is still to be called."""
        done, _ = await asyncio.wait(self._tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    async def stop(self) -> None:
        """Finish the commit under way, acknowledge it, say goodbye to the bus."""
        self._stopping.set()
        connection, others = self._tasks[:1], self._tasks[1:]
        # The connection goes last: the acknowledgements of the last commit travel over it.
        for task in [*others, *connection]:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
        self._tasks = []
        self._release_writer()

    async def reload(self) -> bool:
        """Take over changed bindings; returns whether there were any. Raises what `load` raises; the old ones stay then."""
        recorder = self._started()
        before = recorder.decoder
        decoder = await asyncio.to_thread(self._load, before)
        if decoder is before:
            return False
        recorder.decoder = decoder
        recorder.counts.reloads += 1
        self._source.subscribe(decoder.filters)
        newly = decoder.muted - before.muted
        if newly:
            # After the change: a reading that was taken meanwhile would look fresh until its period is over.
            await self._in_writer(lambda: self._store.mark_stale(sorted(newly)))
        return True

    def _started(self) -> Recorder:
        if self._recorder is None:
            raise RuntimeError("start the ingest first")
        return self._recorder

    async def _pump(self, recorder: Recorder) -> None:
        """Batch after batch. A commit that has begun is brought to its end, cancelled or not."""
        options = self._options
        while True:
            messages = await self._source.take(options.batch, linger_s=options.linger_s)
            settling = asyncio.ensure_future(self._settle(recorder, Batch(messages)))
            try:
                await asyncio.shield(settling)
            except asyncio.CancelledError:
                await settling
                raise

    async def _settle(self, recorder: Recorder, batch: Batch) -> None:
        delay_s = self._options.retry_from_s
        while not await self._attempt(recorder, batch):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay_s):
                    await self._stopping.wait()
            if self._stopping.is_set():
                return
            recorder.counts.retries += 1
            delay_s = min(self._options.retry_to_s, 2 * delay_s)
        self._source.acknowledge(batch.messages)
        recorder.counts.acknowledged += len(batch.messages)
        for request in batch.requests:
            self._source.publish(request)

    async def _attempt(self, recorder: Recorder, batch: Batch) -> bool:
        """Whether the batch is durable now. Without a commit there must be no acknowledgement, whatever happened."""
        try:
            await self._in_writer(lambda: recorder.record(batch))
        except Exception as error:
            if self._failing is None:
                log.error("the store takes no readings: %s", error, exc_info=not isinstance(error, TwinError))  # noqa: TRY400
            self._failing = str(error) or type(error).__name__
            return False
        if self._failing is not None:
            log.warning("the store takes readings again")
        self._failing = None
        self._committed_at = time.time_ns() // 1000
        return True

    async def _every(self, period_s: float, job: Callable[[], Awaitable[None]]) -> None:
        took_s = 0.0
        while True:
            await asyncio.sleep(max(period_s, took_s * REST))
            began = time.monotonic()
            try:
                await job()
            except Exception:
                # A job that has failed once for a reason nobody thought of must not be missing from then on.
                log.exception("a job of the ingest has failed")
            took_s = time.monotonic() - began

    async def _sweep(self) -> None:
        recorder = self._started()
        try:
            await self._in_writer(recorder.sweep)
        except TwinError as error:
            recorder.counts.sweeps_failed += 1
            log.warning("silent signals could not be marked: %s", error)

    async def _reload_quietly(self) -> None:
        try:
            await self.reload()
        except TwinError as error:
            self._started().counts.reloads_failed += 1
            log.warning("the bindings could not be loaded again: %s", error)

    async def _in_writer(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._writer, work)

    def _release_writer(self) -> None:
        if self._owns_writer:
            self._writer.shutdown(wait=True)


def _tell(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        log.error("a part of the ingest has ended", exc_info=task.exception())
