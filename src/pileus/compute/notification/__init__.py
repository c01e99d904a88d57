"""What others are told of servers and the nouns around them: in the original's words, and both of its formats."""
