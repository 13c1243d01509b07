"""The numerical core: SemAlign (Liu et al., IROS 2021) as a pure library."""
