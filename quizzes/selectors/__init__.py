"""Reads, one module for each kind of screen."""
