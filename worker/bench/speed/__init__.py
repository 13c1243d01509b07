"""How fast: the alignment field beside the ways without one, whole jobs, growth, memory, and what would be possible."""
