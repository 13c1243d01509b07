"""Many jobs from a manifest: each done once, however often the batch is interrupted and started again."""

from service.batch.journal import Journal
from service.batch.manifest import BatchDefaults, BatchJob, read_manifest
from service.batch.run import run_batch
from service.batch.summary import Summary, summarize

__all__ = ["BatchDefaults", "BatchJob", "Journal", "Summary", "read_manifest", "run_batch", "summarize"]
