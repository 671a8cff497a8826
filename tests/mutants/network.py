"""The network: layers, losses, first weights, transmission."""

from tests.mutants.mutant import Mutant

FA = "tests/rules/test_fa.py"
LOSSES = "tests/test_losses.py"
INIT = "tests/test_initialisers.py"
IMAGES = "tests/layers/test_images.py"
STACK = "tests/test_stack.py"
SENT = "tests/layers/test_transmission.py"
DISCRETE = "tests/rules/test_discrete.py"

MUTANTS = (
    Mutant(
        "layer: the gradient is summed over the batch",
        "networks/layers/layer.py",
        "(delta / delta.shape[0])",
        "(delta)",
        (f"{FA}::test_by_hand",),
    ),
    Mutant(
        "layer: the bias gets no gradient",
        "networks/layers/layer.py",
        "return gradient",
        "return eqx.tree_at(lambda l: l.bias, gradient, jnp.zeros_like(gradient.bias))",
        (f"{FA}::test_by_hand",),
    ),
    Mutant(
        "layer: the derivative is taken at the activity",
        "networks/layers/layer.py",
        "jax.vjp(self.activation, a)",
        "jax.vjp(self.activation, self.activation(a))",
        (f"{FA}::test_by_hand",),
    ),
    Mutant(
        "network: the error is averaged over the batch a second time",
        "networks/network.py",
        "jnp.sum(self.loss(",
        "jnp.mean(self.loss(",
        (f"{FA}::test_by_hand",),
    ),
    Mutant(
        "cross-entropy: softmax twice",
        "networks/losses.py",
        "jax.nn.log_softmax(a, axis=-1)",
        "jax.nn.log_softmax(jax.nn.softmax(a, axis=-1), axis=-1)",
        (f"{FA}::test_by_hand",),
    ),
    Mutant(
        "cross-entropy: no softmax",
        "networks/losses.py",
        "y * jax.nn.log_softmax(a, axis=-1)",
        "y * a",
        (f"{FA}::test_by_hand",),
    ),
    Mutant(
        "squared error no half",
        "networks/losses.py",
        "0.5 * jnp.sum(",
        "jnp.sum(",
        (f"{LOSSES}::test_losses_by_hand",),
    ),
    Mutant(
        "bce mean over units",
        "networks/losses.py",
        "jnp.sum(jax.nn.softplus(a) - y * a, axis=-1)",
        "jnp.mean(jax.nn.softplus(a) - y * a, axis=-1)",
        (f"{LOSSES}::test_losses_by_hand",),
    ),
    Mutant(
        "ce unstable",
        "networks/losses.py",
        "jax.nn.log_softmax(a, axis=-1)",
        "jnp.log(jax.nn.softmax(a, axis=-1))",
        (f"{LOSSES}::test_losses_stay_exact_when_saturated",),
    ),
    Mutant(
        "glorot",
        "networks/initialisers.py",
        "math.sqrt(6 / (fan_in + fan_out))",
        "math.sqrt(2 / (fan_in + fan_out))",
        (f"{INIT}::test_weights_have_the_variance_of_their_law",),
    ),
    Mutant(
        "fans swapped",
        "networks/layers/dense.py",
        "(units, inputs), inputs, units)",
        "(units, inputs), units, inputs)",
        (f"{INIT}::test_weights_have_the_variance_of_their_law",),
    ),
    Mutant(
        "windows: the odd zero comes first",
        "networks/layers/window.py",
        "(missing // 2, missing - missing // 2)",
        "(missing - missing // 2, missing // 2)",
        (f"{IMAGES}::test_it_is_a_plain_loop",),
    ),
    Mutant(
        "windows: rows and columns of a patch change places",
        "networks/layers/window.py",
        "for i in range(self.kernel[0])\n            for j in range(self.kernel[1])",
        "for j in range(self.kernel[1])\n            for i in range(self.kernel[0])",
        (f"{IMAGES}::test_it_is_a_plain_loop",),
    ),
    Mutant(
        "windows: the stride is left out of the fans",
        "networks/layers/window.py",
        "area * channels // self.stride**2",
        "area * channels",
        (f"{IMAGES}::test_pulling_is_the_transpose_and_fans_count_connections",),
    ),
    Mutant(
        "local: positions share a bias",
        "networks/layers/windowed.py",
        "self.bias.reshape(-1, a.shape[-1])",
        "self.bias.reshape(-1, a.shape[-1])[:1]",
        (f"{IMAGES}::test_it_is_a_plain_loop",),
    ),
    Mutant(
        "local: half of the patches' derivative is lost",
        "networks/layers/local.py",
        '"pcb,pck->pbk", transposed, weight',
        '"pcb,pck->pbk", transposed / 2, weight',
        (f"{IMAGES}::test_with_tied_weights_a_locally_connected_layer_is_a_convolution",),
    ),
    Mutant(
        "windowed: examples and positions change places",
        "networks/layers/windowed.py",
        "(self.image(x))).swapaxes(0, 1)",
        "(self.image(x)))",
        (f"{IMAGES}::test_a_convolution_is_xlas_own",),
    ),
    Mutant(
        "net: the layers come in another order",
        "training/build.py",
        "(*settings.hidden, Fc(",
        "(*settings.hidden[::-1], Fc(",
        (f"{STACK}::test_the_papers_stacks_have_the_papers_shapes",),
    ),
    Mutant(
        "transmission: zero has the sign of what is above it",
        "networks/transmission.py",
        "h > 0, 1.0",
        "h >= 0, 1.0",
        (f"{SENT}::test_signs",),
    ),
    Mutant(
        "transmission: the gradient of signs is the true one, zero",
        "networks/layers/transmitted.py",
        "return sent + (x - jax.lax.stop_gradient(x))",
        "return sent",
        (f"{DISCRETE}::test_by_hand_bp_is_the_straight_through_estimator_of_a_discrete_net",),
    ),
    Mutant(
        "transmission: samples are of the opposite probability",
        "networks/transmission.py",
        "h.dtype) < h)",
        "h.dtype) > h)",
        (f"{SENT}::test_samples_have_the_activity_for_their_mean",),
    ),
    Mutant(
        "transmission: inverses of signs read the activity",
        "networks/transmission.py",
        "return self if activation.lowest < 0 else Graded()",
        "return Graded()",
        (f"{DISCRETE}::test_by_hand_dtp_on_a_discrete_net",),
    ),
    Mutant(
        "transmission: inverses of samples read samples",
        "networks/transmission.py",
        """    def returned(self, activation):
        return Graded()""",
        """    def returned(self, activation):
        return Sign()""",
        (f"{DISCRETE}::test_by_hand_dtp_and_the_straight_through_estimator_on_a_stochastic_net",),
    ),
    Mutant(
        "transmission: all layers share one draw",
        "networks/network.py",
        "keys = jax.random.split(jax.random.fold_in(key, DRAWN), len(self.layers))",
        "keys = [jax.random.fold_in(key, DRAWN)] * len(self.layers)",
        (f"{SENT}::test_a_drawn_network_gives_the_same_at_every_call",),
    ),
    Mutant(
        "network: the layer itself reads what it should send",
        "training/build.py",
        "layers.append(transmitted(layer, sent))",
        "layers.append(transmitted(layer, spec.sends))",
        (f"{STACK}::test_what_a_layer_sends_the_one_above_reads",),
    ),
)
