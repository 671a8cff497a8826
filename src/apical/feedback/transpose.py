"""The transposed forward weights themselves: weight transport, as in backpropagation."""

from apical.feedback.feedback import Feedback, Transport


class Transpose(Feedback):
    """B_l = W_{l+1}^T."""

    transport = Transport.WEIGHTS

    def init(self, net, key):
        return None

    def layers(self, net, kept, key):
        return net.layers[1:]
