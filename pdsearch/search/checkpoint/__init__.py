"""Checkpoints: a search that was ended, or whose machine was lost, goes on from what lies in a folder."""
