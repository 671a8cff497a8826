"""Ghost units (Mesnard et al. 2019): the circuit and the rules that learn with it.

- `circuit`: the equations, one Euler step at a time.
- `stepping`: how a phase's time is walked through; `fast`: the same phases from cheaper products.
- `rule`: the two phases of a minibatch, which all models share.
- `ma`: models MA and MA', a ghost for every unit above; `mb`: model MB, a few ghosts.
"""
