"""What stands along a street, each built of a few solids."""
