"""The state machine of a job: every change of a record, each one atomic in the broker.

    create     (nothing)          -> queued      and the key of its request, if it has one, stands for it
    begin      queued             -> running     a new attempt, with a new fencing token and a lease
    renew      running            -> running     the attempt lives: its lease is good for another while
    progress   running            -> running     how far the attempt is
    finish     running            -> succeeded, failed
    hand_back  running            -> queued      the worker stops, or storage is away: the delivery does not count
    lose       running            -> queued      the attempt's process died, or its lease ran out; or, if the job was
                                                 delivered too often, -> failed (poison)
    requeue    queued             -> queued      its message was lost, and is sent again
    cancel     any                -> cancelled   until its attempt, if it has one, lets go and its blobs are deleted
    remove     any                -> (nothing)

Scripts run alone in the broker, so that of two attempts at one job exactly one ends it. All but the first and the last
three are fenced: they name the token of the attempt they speak of, and change nothing unless that attempt owns the job.
A job is begun only where it waits; a message that comes twice finds it running or ended, and is dropped. So messages
may be sent again whenever in doubt. Times are the broker's, the one clock that all machines share.

Beside the record a job stands in indexes, all sorted sets of ids: while it waits in `waiting` of its queue, by its
sequence number, and in `sent`, by the time of its latest message; while an attempt has it, and when it was cancelled,
in `leases`, by the end of the lease; after its end in `ended` and, as long as its inputs are kept, in `inputs`, by the
time of the end; and in `untidy`, by the same, if an attempt was lost before: its process may live yet, and write.
"""

from enum import StrEnum
from typing import Final


class Verdict(StrEnum):
    """What a transition answers."""

    OK = "ok"
    GONE = "gone"  # there is no such job
    EXISTS = "exists"  # there is one already
    REPEATED = "repeated"  # the same key came before, and stands for another job
    OWNED = "owned"  # an attempt that lives has the job
    FINISHED = "finished"  # the job reached its end before
    CANCELLED = "cancelled"  # the job was cancelled while it ran
    SUPERSEDED = "superseded"  # the attempt does not own the job any more
    POISON = "poison"  # the job was delivered too often and failed


# ARGV[1] is the id of the job, in every script.
_JOB: Final = """
local job, id, sequence = KEYS[1], ARGV[1], KEYS[2]
local waiting, sent = {interactive = KEYS[3], batch = KEYS[4]}, KEYS[5]
local leases, ended, inputs, untidy = KEYS[6], KEYS[7], KEYS[8], KEYS[9]

local function get(field) return redis.call('HGET', job, field) end
local function set(...) redis.call('HSET', job, ...) end

local function now(later)
  local time = redis.call('TIME')
  return string.format('%d.%06d', time[1] + (later or 0), time[2])
end

local function leave_indexes()
  for index = 3, #KEYS do redis.call('ZREM', KEYS[index], id) end
  redis.call('HDEL', job, 'lease_until', 'begun_by')
end

-- To the place it had: a job that was begun before is older than all that wait.
local function wait()
  leave_indexes()
  redis.call('HDEL', job, 'loss')
  set('state', 'queued', 'stage', '', 'progress', '0', 'worker', '')
  redis.call('ZADD', waiting[get('queue')], get('sequence'), id)
  redis.call('ZADD', sent, now(), id)
end

local function extend_lease(seconds)
  local lease_until = now(seconds)
  set('lease_until', lease_until)
  redis.call('ZADD', leases, lease_until, id)
end

local function is_leased() return tonumber(get('lease_until') or 0) > tonumber(now()) end

local function finish(state, error_type, error_detail)
  local finished_at = now()
  leave_indexes()
  set('state', state, 'finished_at', finished_at, 'error_type', error_type, 'error_detail', error_detail)
  redis.call('ZADD', ended, finished_at, id)
  redis.call('ZADD', inputs, finished_at, id)
  if get('token') ~= '1' then redis.call('ZADD', untidy, finished_at, id) end
end

local function forget()
  leave_indexes()
  redis.call('DEL', job)
end

local state = get('state')
"""

# Whether the attempt with token ARGV[2] owns the job: the guard of everything that is done in its name.
_FENCE: Final = """
if not state then return 'gone' end
if get('token') ~= ARGV[2] or state == 'queued' then return 'superseded' end
if state == 'cancelled' then return 'cancelled' end
"""
_RUNNING: Final = _FENCE + "if state ~= 'running' then return 'finished' end\n"

# ARGV: id, inputs, owner, queue, request id, body digest, where the key of the request is kept (empty: it has none) and
# for how many seconds, prefix of records.
CREATE: Final = (
    _JOB
    + """
if state then return 'exists' end
if ARGV[7] ~= '' then
  local earlier = redis.call('GET', ARGV[7])
  local earlier_state = earlier and redis.call('HGET', ARGV[9] .. earlier, 'state')
  if earlier_state and earlier_state ~= 'cancelled' then return 'repeated' end
  redis.call('SET', ARGV[7], id, 'EX', ARGV[8])
end
set('created_at', now(), 'inputs', ARGV[2], 'owner', ARGV[3], 'queue', ARGV[4], 'request_id', ARGV[5],
    'body_digest', ARGV[6], 'token', '0', 'deliveries', '0', 'sequence', redis.call('INCR', sequence))
wait()
return 'ok'
"""
)

# ARGV: id, worker, seconds of the lease, what tells this call from others. Answers {verdict, token, id of the request}.
BEGIN: Final = (
    _JOB
    + """
if not state then return {'gone', 0, ''} end
local request_id = get('request_id') or ''
if state == 'running' then
  if get('begun_by') == ARGV[4] then return {'ok', get('token'), request_id} end  -- a repeat, as for `finish`
  return {'owned', 0, request_id}
end
if state == 'cancelled' then return {'cancelled', 0, request_id} end
if state ~= 'queued' then return {'finished', 0, request_id} end
leave_indexes()
redis.call('HINCRBY', job, 'deliveries', 1)
set('state', 'running', 'worker', ARGV[2], 'started_at', now(), 'begun_by', ARGV[4])
extend_lease(ARGV[3])
return {'ok', redis.call('HINCRBY', job, 'token', 1), request_id}
"""
)

# ARGV: id, token, seconds of the lease.
RENEW: Final = _JOB + _RUNNING + "extend_lease(ARGV[3]) return 'ok'"

# ARGV: id, token, stage, progress, loss (may be empty).
PROGRESS: Final = _JOB + _RUNNING + "set('stage', ARGV[3], 'progress', ARGV[4], 'loss', ARGV[5]) return 'ok'"

# ARGV: id, token, final state, '1' if the attempt stored artifacts, error type and detail, verdict (may be empty).
FINISH: Final = (
    _JOB
    + _FENCE
    + """
if state == ARGV[3] then return 'ok' end  -- a repeat, after the answer to the first was lost
if state ~= 'running' then return 'finished' end
finish(ARGV[3], ARGV[5], ARGV[6])
if ARGV[4] == '1' then set('artifacts', ARGV[2], 'verdict', ARGV[7]) end
if ARGV[3] == 'succeeded' then set('stage', 'done', 'progress', '1') end
return 'ok'
"""
)

# ARGV: id, token.
HAND_BACK: Final = _JOB + _RUNNING + "redis.call('HINCRBY', job, 'deliveries', -1) wait() return 'ok'"

# ARGV: id, token, '1' if only the end of the lease says so, most deliveries, error type and detail of a poisonous job.
LOSE: Final = (
    _JOB
    + """
if state and get('token') == ARGV[2] and ARGV[3] == '1' and is_leased() then return 'owned' end
"""
    + _RUNNING
    + """
if tonumber(get('deliveries')) >= tonumber(ARGV[4]) then finish('failed', ARGV[5], ARGV[6]) return 'poison' end
wait()
return 'ok'
"""
)

# ARGV: id.
REQUEUE: Final = (
    _JOB
    + """
if not state then return 'gone' end
if state ~= 'queued' then return state == 'running' and 'owned' or 'finished' end
redis.call('ZADD', sent, now(), id)
return 'ok'
"""
)

# ARGV: id. Answers ok if no attempt that lives has the job: its blobs can be deleted, and then its record. Until then
# it is like one whose attempt died, so that reconciling deletes what was not deleted.
CANCEL: Final = (
    _JOB
    + """
if not state then return 'gone' end
local is_owned = state == 'running' or state == 'cancelled' and is_leased()
if not is_owned then leave_indexes() extend_lease(0) end
set('state', 'cancelled', 'finished_at', now())
return is_owned and 'cancelled' or 'ok'
"""
)

# ARGV: id.
REMOVE: Final = _JOB + "forget() return state and 'ok' or 'gone'"

# ARGV: id. The inputs of an ended job were deleted.
FORGET_INPUTS: Final = _JOB + "redis.call('ZREM', inputs, id) return state and 'ok' or 'gone'"

# ARGV: id, a moment: a job that was left untidy later, as it ended meanwhile, stays in the index.
TIDIED: Final = (
    _JOB
    + """
local since = redis.call('ZSCORE', untidy, id)
if since and tonumber(since) <= tonumber(ARGV[2]) then redis.call('ZREM', untidy, id) end
return 'ok'
"""
)
