"""The sections of the page: which figures and tables each shows, and their captions."""
