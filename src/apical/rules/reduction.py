"""How the changes that single examples ask for become a minibatch's."""

from abc import abstractmethod

from apical.values.value import Value


class Reduction(Value):
    """What the sum over a minibatch's examples is divided by."""

    @abstractmethod
    def divisor(self, examples: int) -> int: ...


class Mean(Reduction):
    """The mean over the examples, as every other rule has it."""

    def divisor(self, examples):
        return examples


class Sum(Reduction):
    """The sum over the examples; Adam cannot tell it from the mean."""

    def divisor(self, examples):
        return 1
