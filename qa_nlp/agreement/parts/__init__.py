"""The parts of an agreement study, each a function from the joined grades to plain values."""
