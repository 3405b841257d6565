"""What this machine needs for what, and pictures of heads: run by hand."""

import os

# As the server does, before numpy is loaded.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
