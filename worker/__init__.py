"""Queue worker, pipeline, job records, storage and input readers."""
