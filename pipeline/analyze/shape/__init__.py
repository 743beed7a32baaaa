"""The shape of number distributions: peaks, contours, ellipses."""
