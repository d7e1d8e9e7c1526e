"""CUDA kernels and their drivers, imported as ``pdsearch.gpu``."""

if __name__ == "gpu":  # found as a top-level folder, not as part of the package
    raise ImportError("import pdsearch.gpu, not gpu: this folder is pdsearch.gpu")
