"""Job records in Redis: what is known of a job, and the only ways in which it may change."""
