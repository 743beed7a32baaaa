"""Where a store lies, on a disk or in a bucket: location, small objects, locks."""
