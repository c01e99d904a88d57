"""A cloud of hundreds of hosts in a storm: one seed and one clock, and invariants after each step."""
