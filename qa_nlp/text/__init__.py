"""Pure functions on the words of transcripts: sentences, language."""
