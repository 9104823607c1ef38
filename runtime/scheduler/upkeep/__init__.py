"""Duties beside the wakes: schedules, retention, released holds, stored acts, questions."""
