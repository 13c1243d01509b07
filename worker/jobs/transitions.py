"""The state machine of a job: every change of a record, each one atomic in the broker.

    create   (nothing)            -> queued
    begin    queued, running      -> running     a new attempt, with a new fencing token; or failed (poison)
    progress running              -> running     only by the attempt that holds the token
    finish   running              -> succeeded, failed    likewise; repeating it changes nothing
    lose     running              -> failed      by the worker whose process was killed under the attempt
    cancel   queued, terminal     -> (nothing);  running -> cancelled, until its attempt lets go
    remove   any                  -> (nothing)

A script runs alone in the broker, so that of two attempts at one job exactly one ends it. `begin` is also given jobs
that run already: their message came back because the worker that had it vanished. The record counts these deliveries,
for the queue forgets them, and takes the token from the old attempt. Times are the broker's, the one clock that all
machines share.

KEYS[1] is the record, KEYS[2] counts jobs, which orders the waiting ones; KEYS[3] and KEYS[4] hold those of each queue.
ARGV[1] is the id.
"""

from enum import StrEnum
from typing import Final


class Verdict(StrEnum):
    """What a transition answers."""

    OK = "ok"
    GONE = "gone"  # there is no such job
    EXISTS = "exists"  # there is one already
    FINISHED = "finished"  # the job reached its end before
    CANCELLED = "cancelled"  # the job was cancelled while it ran
    SUPERSEDED = "superseded"  # a later attempt owns the job
    POISON = "poison"  # the job was delivered too often and failed


_NOW: Final = """
local function now()
  local time = redis.call('TIME')
  return string.format('%d.%06d', time[1], time[2])
end
"""

# The attempt with token ARGV[2] may go on: the guard of everything an attempt writes.
_FENCE: Final = """
local state, token = unpack(redis.call('HMGET', KEYS[1], 'state', 'token'))
if not state then return 'gone' end
if token ~= ARGV[2] then return 'superseded' end
if state == 'cancelled' then return 'cancelled' end
"""

# ARGV: id, inputs, owner, queue, request id, body digest.
CREATE: Final = (
    _NOW
    + """
if redis.call('EXISTS', KEYS[1]) == 1 then return 'exists' end
redis.call('HSET', KEYS[1], 'state', 'queued', 'stage', '', 'progress', '0', 'token', '0', 'deliveries', '0',
           'worker', '', 'created_at', now(), 'inputs', ARGV[2], 'owner', ARGV[3], 'queue', ARGV[4],
           'request_id', ARGV[5], 'body_digest', ARGV[6])
redis.call('ZADD', ARGV[4] == 'batch' and KEYS[4] or KEYS[3], redis.call('INCR', KEYS[2]), ARGV[1])
return 'ok'
"""
)

# ARGV: id, worker, most deliveries, error type and detail for one delivery too many. Answers {verdict, token}.
BEGIN: Final = (
    _NOW
    + """
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return {'gone', 0} end
if state == 'cancelled' then return {'cancelled', 0} end
if state ~= 'queued' and state ~= 'running' then return {'finished', 0} end
for index = 3, #KEYS do redis.call('ZREM', KEYS[index], ARGV[1]) end
local token = redis.call('HINCRBY', KEYS[1], 'token', 1)
if tonumber(redis.call('HGET', KEYS[1], 'deliveries')) >= tonumber(ARGV[3]) then
  redis.call('HSET', KEYS[1], 'state', 'failed', 'finished_at', now(), 'error_type', ARGV[4], 'error_detail', ARGV[5])
  return {'poison', token}
end
redis.call('HINCRBY', KEYS[1], 'deliveries', 1)
redis.call('HDEL', KEYS[1], 'loss')
redis.call('HSET', KEYS[1], 'state', 'running', 'stage', '', 'progress', '0', 'worker', ARGV[2], 'started_at', now())
return {'ok', token}
"""
)

# ARGV: token, stage, progress, loss (may be empty).
PROGRESS: Final = (
    _FENCE
    + """
if state ~= 'running' then return 'finished' end
redis.call('HSET', KEYS[1], 'stage', ARGV[3], 'progress', ARGV[4], 'loss', ARGV[5])
return 'ok'
"""
)

# ARGV: token, final state, '1' if the attempt stored artifacts, error type and detail (may be empty).
FINISH: Final = (
    _NOW
    + _FENCE
    + """
if state == ARGV[3] then return 'ok' end  -- a repeat, after the answer to the first was lost
if state ~= 'running' then return 'finished' end
redis.call('HSET', KEYS[1], 'state', ARGV[3], 'finished_at', now(), 'error_type', ARGV[5], 'error_detail', ARGV[6])
if ARGV[4] == '1' then redis.call('HSET', KEYS[1], 'artifacts', ARGV[2]) end
if ARGV[3] == 'succeeded' then redis.call('HSET', KEYS[1], 'stage', 'done', 'progress', '1') end
return 'ok'
"""
)

# ARGV: worker, error type and detail.
LOSE: Final = (
    _NOW
    + """
local state, worker = unpack(redis.call('HMGET', KEYS[1], 'state', 'worker'))
if not state then return 'gone' end
if state ~= 'running' then return 'finished' end
if worker ~= ARGV[2] then return 'superseded' end
redis.call('HSET', KEYS[1], 'state', 'failed', 'finished_at', now(), 'error_type', ARGV[3], 'error_detail', ARGV[4])
return 'ok'
"""
)

# ARGV: id, seconds after which a cancelled record goes even if nobody lets go of it. Answers ok if it went at once.
CANCEL: Final = (
    _NOW
    + """
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return 'gone' end
if state == 'running' or state == 'cancelled' then
  redis.call('HSET', KEYS[1], 'state', 'cancelled', 'finished_at', now())
  redis.call('EXPIRE', KEYS[1], ARGV[2])
  return 'cancelled'
end
redis.call('DEL', KEYS[1])
for index = 3, #KEYS do redis.call('ZREM', KEYS[index], ARGV[1]) end
return 'ok'
"""
)

# ARGV: id.
REMOVE: Final = """
for index = 3, #KEYS do redis.call('ZREM', KEYS[index], ARGV[1]) end
return redis.call('DEL', KEYS[1]) == 1 and 'ok' or 'gone'
"""
