"""HTTP front end, client and command line of semalign."""
