"""How accuracy holds when an adversary perturbs the inputs, and whether that can be believed."""
