"""TRecViT in PyTorch; parameters by the names of the official checkpoints."""

import torch
import torch.nn.functional as F

from torch_layers import encoder_block, linear, recurrent_block


def below(params, prefix):
    return {name[len(prefix) :]: value for name, value in params.items() if name.startswith(prefix)}


def layers_of(params):
    """The parameters of each layer: over time, and over space."""
    depth = sum(name.endswith("temporal_pre_norm/scale") for name in params)
    return [
        (below(params, f"encoder/residualblock_{layer:02}/"), below(params, f"encoder/encoderblock_{layer}/"))
        for layer in range(depth)
    ]


def tokenize(video, params):
    """[batch, frames, tokens, width] of a video [batch, frames, rows, columns, channels]."""
    kernel = params["tokenizer/embedding/kernel"]
    _, patch, _, channels, width = kernel.shape
    batch, frames, rows, columns, _ = video.shape
    grid = video.reshape(batch, frames, rows // patch, patch, columns // patch, patch * channels)
    patches = grid.transpose(3, 4).reshape(batch, frames, -1, patch * patch * channels)
    tokens = patches @ kernel.reshape(-1, width) + params["tokenizer/embedding/bias"]
    first = params["tokenizer/cls"][None].expand(batch, frames, 1, width)
    return torch.cat([first, tokens + params["tokenizer/pos_embedding"]], 2)


def layer(x, in_time, in_space, heads, state=None, begins=None):
    """One layer, and its state after it."""
    scale = 1 + in_time["temporal_pre_norm/scale"]
    y = F.rms_norm(x, scale.shape, scale, 1e-6)
    y, after = recurrent_block(y, below(in_time, "recurrent_block/"), state=state, begins=begins)
    return encoder_block((x + y).flatten(0, 1), in_space, heads).reshape(x.shape), after


class TRecViT:
    """`run_layer` is `layer`, or what a compiler made of it."""

    def __init__(self, params, heads, run_layer=layer):
        self.params = params
        self.heads = heads
        self.layers = layers_of(params)
        self.run_layer = run_layer
        self.restart()

    def restart(self):
        self.state = None
        self.seen = 0

    def features(self, video, state=None, begins=None):
        x = tokenize(video, self.params)
        states = []
        for index, parts in enumerate(self.layers):
            in_time = () if state is None else (state[index], begins)
            x, after = self.run_layer(x, *parts, self.heads, *in_time)
            states.append(after)
        names = ("encoder/encoder_norm/scale", "encoder/encoder_norm/bias")
        return F.layer_norm(x, x.shape[-1:], *(self.params[name] for name in names), 1e-6), states

    def pre_logits(self, features):
        return torch.tanh(linear(features[:, :, 0], self.params, "decoder/pre_logits"))

    def clip(self, video):
        """Features and logits of a clip."""
        features, _ = self.features(video)
        return features, linear(self.pre_logits(features).mean(1), self.params, "decoder/cls_head")

    def push(self, frame):
        """Features of one frame [batch, 1, rows, columns, channels], and logits of all so far."""
        begins = torch.tensor(self.seen == 0)
        features, self.state = self.features(frame, self.state or self.empty(frame), begins)
        hidden = self.pre_logits(features)[:, 0]
        self.seen += 1
        self.mean = hidden if self.seen == 1 else self.mean + (hidden - self.mean) / self.seen
        return features, linear(self.mean, self.params, "decoder/cls_head")

    def empty(self, frame):
        """The state before the first frame."""
        taps, inner = self.layers[0][0]["recurrent_block/conv_1d/w"].shape
        batch, tokens = tokenize(frame, self.params).shape[:3:2]
        return [
            {"h": torch.zeros(batch, tokens, inner), "conv": torch.zeros(batch, taps - 1, tokens, inner)}
            for _ in self.layers
        ]
