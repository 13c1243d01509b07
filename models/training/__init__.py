"""Training of the networks whose weights come with this package, on folders that `semalign render` wrote."""
