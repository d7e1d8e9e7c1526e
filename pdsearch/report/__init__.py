"""Rows, tables and plots from results."""
