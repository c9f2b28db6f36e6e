"""From signals to the probability of each level."""
