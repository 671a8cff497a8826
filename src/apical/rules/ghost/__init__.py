"""Ghost units (Mesnard et al. 2019): the circuit, and the rules that learn with it.

- `circuit`: the equations, and one Euler step that reads like them.
- `stepping`: the steps that a phase is walked through in, Euler's or longer ones.
- `fast`: a whole phase from cheaper products, tested equal to the plain loop.
- `rule`: what all rules here share: a free and a weakly clamped phase in every minibatch.
- `ma`, `mb`: the rules; `ma` holds MA' too.
"""
