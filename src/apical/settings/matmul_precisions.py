"""How exactly accelerators multiply matrices of float32."""

from abc import abstractmethod

from apical.values.value import Value


class MatmulPrecision(Value):
    """What becomes of the factors; products are added up in float32.

    !!! example

        >>> [asked.of_jax for asked in (Float32(), TF32(), BFloat16())]
        [None, 'tensorfloat32', 'BF16_BF16_F32']
    """

    @property
    @abstractmethod
    def of_jax(self) -> str | None:
        """The name of it in JAX; None: nothing is rounded."""


class Float32(MatmulPrecision):
    """They stay as they are."""

    @property
    def of_jax(self):
        return None


class TF32(MatmulPrecision):
    """They are rounded to TF32, of 10 bits of mantissa, by NVIDIA's accelerators."""

    name = "tf32"

    @property
    def of_jax(self):
        return "tensorfloat32"


class BFloat16(MatmulPrecision):
    """They are rounded to bfloat16, of 7 bits of mantissa."""

    name = "bfloat16"

    @property
    def of_jax(self):
        return "BF16_BF16_F32"  # "bfloat16" is TF32 on NVIDIA's
