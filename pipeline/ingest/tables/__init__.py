"""Tables of labels: read, matched with photographs, interpreted, merged."""
