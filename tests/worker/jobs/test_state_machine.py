"""The transitions in a real broker against a model of a few lines: whatever happens in whatever order."""

from dataclasses import dataclass, field

import redis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from worker.jobs.failures import POISON
from worker.jobs.record import JobError, JobInputs, JobOrigin, JobQueue, JobRecord, JobState
from worker.jobs.store import JobStore
from worker.jobs.transitions import Verdict

IDS = ("a", "b", "c")
MAX_DELIVERIES = 3
FAULT = JobError("fault", "It failed.")
job_ids = st.sampled_from(IDS)
# Of the latest attempt, or of one that was before it or never was.
token_offsets = st.sampled_from([0, 0, 0, -1, 1])
leases_s = st.sampled_from([0.0, 1000.0])


@dataclass
class Job:
    """What the model knows of a job."""

    queue: JobQueue
    place: int
    state: JobState = JobState.QUEUED
    token: int = 0
    deliveries: int = 0
    is_leased: bool = False
    artifacts: int | None = None
    verdict: str = ""
    error: JobError | None = None
    progress: float = 0.0
    keeps_inputs: bool = True

    def refusal(self, token: int) -> Verdict | None:
        """Say why an attempt may not speak for the job, or None if it may."""
        if token != self.token or self.state is JobState.QUEUED:
            return Verdict.SUPERSEDED
        if self.state is JobState.CANCELLED:
            return Verdict.CANCELLED
        return None if self.state is JobState.RUNNING else Verdict.FINISHED

    def wait(self) -> None:
        """Go back to the queue."""
        self.state, self.is_leased, self.progress = JobState.QUEUED, False, 0.0

    def end(self, state: JobState, error: JobError | None) -> None:
        """Reach the end."""
        self.state, self.is_leased, self.error = state, False, error


@dataclass
class Model:
    """All jobs there are."""

    jobs: dict[str, Job] = field(default_factory=dict)
    created: int = 0

    def waiting(self) -> list[str]:
        """Return the ids of the jobs that wait, in their order."""
        waiting = [(job.queue is JobQueue.BATCH, job.place, id_) for id_, job in self.jobs.items() if _waits(job)]
        return [id_ for *_, id_ in sorted(waiting)]


def _waits(job: Job) -> bool:
    return job.state is JobState.QUEUED


class Transitions(RuleBasedStateMachine):
    """Does the same to the store and to the model, and compares."""

    def __init__(self, client: "redis.Redis") -> None:
        super().__init__()
        self.client = client
        self.store = JobStore(client)
        self.model = Model()

    @initialize()
    def start_empty(self) -> None:
        """Forget the example before."""
        self.client.flushall()

    @rule(job_id=job_ids, queue=st.sampled_from(JobQueue))
    def create(self, job_id: str, queue: JobQueue) -> None:
        """A job is accepted, under an id that may be taken."""
        verdict = self.store.create(job_id, JobInputs("request", ()), JobOrigin(queue=queue))
        assert verdict is (Verdict.EXISTS if job_id in self.model.jobs else Verdict.OK)
        if verdict is Verdict.OK:
            self.model.created += 1
            self.model.jobs[job_id] = Job(queue, self.model.created)

    @rule(job_id=job_ids, lease_s=leases_s)
    def begin(self, job_id: str, lease_s: float) -> None:
        """A message is delivered, rightly or not."""
        attempt = self.store.begin(job_id, "worker", lease_s)
        job = self.model.jobs.get(job_id)
        if job is None:
            assert attempt.verdict is Verdict.GONE
        elif job.state is JobState.QUEUED:
            job.state, job.is_leased = JobState.RUNNING, lease_s > 0
            job.token, job.deliveries = job.token + 1, job.deliveries + 1
            assert (attempt.verdict, attempt.token) == (Verdict.OK, job.token)
        else:
            refusals = {JobState.RUNNING: Verdict.OWNED, JobState.CANCELLED: Verdict.CANCELLED}
            assert attempt.verdict is refusals.get(job.state, Verdict.FINISHED)

    @rule(job_id=job_ids, offset=token_offsets, lease_s=leases_s)
    def renew(self, job_id: str, offset: int, lease_s: float) -> None:
        """An attempt says that it lives."""
        job, token, refusal = self._in_the_name_of(job_id, offset)
        assert self.store.renew(job_id, token, lease_s) is (refusal or Verdict.OK)
        if job is not None and refusal is None:
            job.is_leased = lease_s > 0

    @rule(job_id=job_ids, offset=token_offsets, share=st.floats(0, 1).map(lambda share: round(share, 4)))
    def progress(self, job_id: str, offset: int, share: float) -> None:
        """An attempt says how far it is."""
        job, token, refusal = self._in_the_name_of(job_id, offset)
        assert self.store.progress(job_id, token, "refinement", share, None) is (refusal or Verdict.OK)
        if job is not None and refusal is None:
            job.progress = share

    @rule(job_id=job_ids, offset=token_offsets, has_succeeded=st.booleans(), word=st.sampled_from(["high", "low", ""]))
    def finish(self, job_id: str, offset: int, has_succeeded: bool, word: str) -> None:
        """An attempt ends the job, perhaps for the second time."""
        job, token, refusal = self._in_the_name_of(job_id, offset)
        state, error = (JobState.SUCCEEDED, None) if has_succeeded else (JobState.FAILED, FAULT)
        verdict = self.store.finish(job_id, token, state, artifacts=has_succeeded, error=error, verdict=word)
        is_repeated = job is not None and refusal is Verdict.FINISHED and job.state is state
        assert verdict is (Verdict.OK if is_repeated else refusal or Verdict.OK)
        if job is not None and refusal is None:
            job.end(state, error)
            if has_succeeded:
                job.progress, job.artifacts, job.verdict = 1.0, token, word

    @rule(job_id=job_ids, offset=token_offsets)
    def hand_back(self, job_id: str, offset: int) -> None:
        """A worker stops."""
        job, token, refusal = self._in_the_name_of(job_id, offset)
        assert self.store.hand_back(job_id, token) is (refusal or Verdict.OK)
        if job is not None and refusal is None:
            job.deliveries -= 1
            job.wait()

    @rule(job_id=job_ids, offset=token_offsets, only_if_expired=st.booleans())
    def lose(self, job_id: str, offset: int, only_if_expired: bool) -> None:
        """An attempt died, or is taken for dead."""
        job, token, refusal = self._in_the_name_of(job_id, offset)
        if job is not None and token == job.token and only_if_expired and job.is_leased:
            refusal = Verdict.OWNED
        is_poison = job is not None and refusal is None and job.deliveries >= MAX_DELIVERIES
        verdict = self.store.lose(job_id, token, MAX_DELIVERIES, only_if_expired=only_if_expired)
        assert verdict is (refusal or (Verdict.POISON if is_poison else Verdict.OK))
        if job is not None and is_poison:
            job.end(JobState.FAILED, POISON)
        elif job is not None and refusal is None:
            job.wait()

    @rule(job_id=job_ids)
    def requeue(self, job_id: str) -> None:
        """A message is missed."""
        job = self.model.jobs.get(job_id)
        verdicts = {None: Verdict.GONE, JobState.QUEUED: Verdict.OK, JobState.RUNNING: Verdict.OWNED}
        assert self.store.requeue(job_id) is verdicts.get(job and job.state, Verdict.FINISHED)

    @rule(job_id=job_ids)
    def cancel(self, job_id: str) -> None:
        """A caller deletes the job."""
        job = self.model.jobs.get(job_id)
        verdict = self.store.cancel(job_id)
        if job is None:
            assert verdict is Verdict.GONE
        else:
            is_owned = job.state is JobState.RUNNING or (job.state is JobState.CANCELLED and job.is_leased)
            assert verdict is (Verdict.CANCELLED if is_owned else Verdict.OK)
            job.state = JobState.CANCELLED

    @rule(job_id=job_ids)
    def remove(self, job_id: str) -> None:
        """A cancelled job is let go of, or an old one expires."""
        existed = self.model.jobs.pop(job_id, None) is not None
        assert self.store.remove(job_id) is (Verdict.OK if existed else Verdict.GONE)

    @rule(job_id=job_ids)
    def forget_inputs(self, job_id: str) -> None:
        """What the caller sent expires."""
        self.store.forget_inputs(job_id)
        if (job := self.model.jobs.get(job_id)) is not None and job.state in (JobState.SUCCEEDED, JobState.FAILED):
            job.keeps_inputs = False

    @invariant()
    def records_agree(self) -> None:
        """Every record says what the model knows."""
        for job_id in IDS:
            record, job = self.store.get(job_id), self.model.jobs.get(job_id)
            assert (record and _seen(record)) == (job and _expected(job))

    @invariant()
    def indexes_agree(self) -> None:
        """No index names a job that does not belong there, or misses one that does."""
        jobs = self.model.jobs
        waiting = self.model.waiting()
        assert [self.store.queue_position(job_id) for job_id in waiting] == list(range(len(waiting)))
        assert sum(map(self.store.waiting_jobs, JobQueue)) == len(waiting)
        assert set(self.store.sent_before(-1)) == set(waiting)
        owned = {id_ for id_, job in jobs.items() if job.state in (JobState.RUNNING, JobState.CANCELLED)}
        assert set(self.store.leased_jobs()) == owned
        assert set(self.store.expired_leases()) == {id_ for id_ in owned if not jobs[id_].is_leased}
        ended = {id_ for id_, job in jobs.items() if job.state in (JobState.SUCCEEDED, JobState.FAILED)}
        assert set(self.store.ended_before(-1)) == ended
        assert set(self.store.with_inputs_ended_before(-1)) == {id_ for id_ in ended if jobs[id_].keeps_inputs}
        assert set(self.store.untidy_for(-1)) == {id_ for id_ in ended if jobs[id_].token > 1}

    def _in_the_name_of(self, job_id: str, offset: int) -> tuple[Job | None, int, Verdict | None]:
        """Return the job, the token of an attempt, and why that may not speak for it."""
        job = self.model.jobs.get(job_id)
        if job is None:
            return None, 1, Verdict.GONE
        token = job.token + offset
        return job, token, job.refusal(token)


def _seen(record: JobRecord) -> tuple[object, ...]:
    has_lease = record.lease_until is not None
    attempt = (record.token, record.deliveries, record.artifacts, record.error, record.verdict)
    return (record.state, record.queue, record.progress, has_lease, *attempt)


def _expected(job: Job) -> tuple[object, ...]:
    has_lease = job.state in (JobState.RUNNING, JobState.CANCELLED)
    attempt = (job.token, job.deliveries, job.artifacts, job.error, job.verdict)
    return (job.state, job.queue, job.progress, has_lease, *attempt)


def test_the_store_does_what_the_model_says(client: "redis.Redis") -> None:
    """Forty steps in any order, sixty times."""
    chosen = settings(
        max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    run_state_machine_as_test(lambda: Transitions(client), settings=chosen)
