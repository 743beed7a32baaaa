"""Jobs: runs that outlive the client that submitted them."""
