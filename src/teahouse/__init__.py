"""Teahouse: a chat room that everything can join, and that loses nothing."""

__version__ = "0.1.0"
