"""The chips that prove a recorded verification: for each its definition, its rows and its filler side by side."""
