"""What a reader wants to know first: the answer in images and sentences, and what is wrong."""
