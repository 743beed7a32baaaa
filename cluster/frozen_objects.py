"""Loaded last by a fork server: its forks leave the objects of the libraries alone.

A garbage collection writes to every object, so that each fork would copy the pages of all that has
been loaded.
"""

import gc

from zpoints.cluster.garbage import collect_rarely

collect_rarely()
gc.freeze()
