"""Shape of number distributions: peaks, contours, ellipses, expected radii."""
