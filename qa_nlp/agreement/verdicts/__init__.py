"""What to do with a criterion, by which rules and for which reasons."""
