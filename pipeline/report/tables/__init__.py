"""Tables as functions of the report's data; they know nothing of captions."""
