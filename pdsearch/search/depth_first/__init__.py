"""Depth-first search within growing bounds: IDA*, its teams of workers, and how trees are cut into subtrees."""
