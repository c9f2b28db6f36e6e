"""``python -m qa_nlp`` is the command line."""

from qa_nlp.cli import app

if __name__ == "__main__":
    app()
