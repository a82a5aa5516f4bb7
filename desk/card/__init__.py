"""The person before the voice, during the talk and after it: what an agent sees of whom they serve, and writes down."""
