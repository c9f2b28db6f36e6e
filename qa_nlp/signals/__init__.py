"""Numbers measured on transcripts: phrases, sentiment, empathy, conduct and rules."""
