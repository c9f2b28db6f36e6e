"""How far machine and people agree."""
