"""Networks as dynamical systems: step functions, the integrator that runs them, fast twins."""
