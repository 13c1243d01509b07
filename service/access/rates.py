"""How often a key may post: counted in the broker's Redis, for all API processes together."""

import math
import time

import redis
from limits import parse
from limits.storage import RedisStorage
from limits.strategies import SlidingWindowCounterRateLimiter


class Rates:
    """The posts of each key within a sliding window.

    Every method raises `redis.exceptions.RedisError` when the broker does not answer.
    """

    def __init__(self, client: "redis.Redis") -> None:
        storage = RedisStorage("redis://", connection_pool=client.connection_pool, key_prefix="semalign:rate")
        self._limiter = SlidingWindowCounterRateLimiter(storage)

    def hit(self, owner: str, rate: str) -> int:
        """Count a post, unless it is one too many; return the seconds to wait in that case, else 0.

        Args:
            owner: Id of the key.
            rate: Posts in a time, such as `60/minute`.
        """
        window = parse(rate)
        if self._limiter.hit(window, owner):
            return 0
        pause_s = self._limiter.get_window_stats(window, owner).reset_time - time.time()
        return max(1, math.ceil(pause_s))
