"""Networks: layers, activations, losses, targets, and what a forward pass leaves behind."""
