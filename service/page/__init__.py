"""The web page: static files without a build step, and what a browser may do with them."""
