"""Pieces that several chips are made of."""
