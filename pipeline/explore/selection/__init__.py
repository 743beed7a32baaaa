"""What the explorer shows of one image, or of those that a lasso or a query selects."""
