"""What wakes runs."""
