"""WearECG (Guan et al. 2025): a variational autoencoder that sees three leads, the rest zero, and answers with twelve.

Residual blocks with GroupNorm, three halvings to 512 channels, self-attention at the bottom, a latent of 4 channels at
an eighth of the rate. The widths of the way up are those that the paper's weights were counted with: 34.5 M weights,
9.65 GMAC a 1000-sample window in convolutions, 9.95 with attention.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from edge.leads import TWELVE_FROM_EIGHT

if TYPE_CHECKING:
    from train.windows import Batch

GROUPS = 32  # at the paper's widths; fewer in a narrower network
GROUPED = 4  # channels a group holds at least: of one alone, the norm would take the convolution's bias away
LOG_VARIANCE = (-30.0, 20.0)  # as published: exp stays finite in single precision

Features = Callable[[Tensor], Sequence[Tensor]]  # of a frozen classifier, from (batch, 12, time) in mV


@dataclass(frozen=True)
class WearECGConfig:
    down: tuple[int, ...] = (128, 256, 512, 512)  # channels at 1, 1/2, 1/4 and 1/8 of the rate
    up: tuple[int, ...] = (512, 512, 512, 256)  # and at 1/8, 1/4, 1/2 and 1 on the way back
    heads: int = 4
    latent: int = 4  # channels
    kl_weight: float = 1e-4
    perceptual_weight: float = 1e-2  # of a classifier's features, where one is handed to `perceive`

    def __post_init__(self) -> None:
        object.__setattr__(self, "down", tuple(self.down))  # JSON and TOML know lists only
        object.__setattr__(self, "up", tuple(self.up))
        if len(self.down) != len(self.up):
            raise ValueError("down and up must have as many levels as each other")
        if any(width < GROUPED or width % GROUPED for width in (*self.down, *self.up)):
            raise ValueError(f"widths must be multiples of {GROUPED}")
        if self.down[-1] % self.heads or self.up[0] % self.heads:
            raise ValueError(f"{self.heads} heads do not divide the widths at the bottom")


def _norm(channels: int) -> nn.GroupNorm:
    return nn.GroupNorm(math.gcd(GROUPS, channels // GROUPED), channels)


class Residual(nn.Module):
    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _norm(inputs),
            nn.SiLU(),
            nn.Conv1d(inputs, outputs, 3, padding=1),
            _norm(outputs),
            nn.SiLU(),
            nn.Conv1d(outputs, outputs, 3, padding=1),
        )
        self.direct = nn.Identity() if inputs == outputs else nn.Conv1d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.direct(x) + self.body(x)
        return out


class Attention(nn.Module):
    """Every instant looks at every other of the window."""

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm = _norm(channels)
        self.project = nn.Linear(channels, 3 * channels)
        self.out = nn.Linear(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        parts = self.project(self.norm(x).transpose(1, 2)).unflatten(2, (3, self.heads, -1))
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2)
        out: Tensor = x + self.out(seen).transpose(1, 2)
        return out


class Halve(nn.Conv1d):
    def __init__(self, channels: int) -> None:
        super().__init__(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.pad(x, (0, 1)))


def _encoder(c: WearECGConfig) -> nn.Sequential:
    layers: list[nn.Module] = [nn.Conv1d(12, c.down[0], 3, padding=1), Residual(c.down[0], c.down[0])]
    layers.append(Residual(c.down[0], c.down[0]))
    for a, b in pairwise(c.down):
        layers += [Halve(a), Residual(a, b), Residual(b, b)]
    bottom = c.down[-1]
    layers += [Residual(bottom, bottom), Attention(bottom, c.heads), Residual(bottom, bottom), _norm(bottom), nn.SiLU()]
    return nn.Sequential(*layers)


def _decoder(c: WearECGConfig) -> nn.Sequential:
    first, last = c.up[0], c.up[-1]
    layers: list[nn.Module] = [nn.Conv1d(c.latent, first, 3, padding=1)]
    layers += [Residual(first, first), Attention(first, c.heads), *(Residual(first, first) for _ in range(4))]
    for a, b in pairwise(c.up):
        layers += [nn.Upsample(scale_factor=2), nn.Conv1d(a, a, 3, padding=1)]
        layers += [Residual(a, b), Residual(b, b), Residual(b, b)]
    layers += [_norm(last), nn.SiLU(), nn.Conv1d(last, 12, 3, padding=1)]
    return nn.Sequential(*layers)


class WearECG(nn.Module):
    window = 1000

    def __init__(self, config: WearECGConfig | None = None) -> None:
        super().__init__()
        self.config = c = config or WearECGConfig()
        self.encoder = _encoder(c)
        self.mean = nn.Conv1d(c.down[-1], c.latent, 3, padding=1)
        self.log_variance = nn.Conv1d(c.down[-1], c.latent, 3, padding=1)
        self.decoder = _decoder(c)
        self._features: tuple[Features, ...] = ()  # a tuple hides a module, which is not to be trained or saved

    def perceive(self, features: Features) -> None:
        """Add to the objective how far `features` of the answer are from those of the truth, by mean square.

        Freeze the classifier first; it must let the gradient through to its input.
        """
        self._features = (features,)

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance of the latent (batch, latent, time / 8)."""
        h = self.encoder(x[:, :12, 0])
        return self.mean(h), self.log_variance(h).clamp(*LOG_VARIANCE)

    def objective(self, batch: Batch) -> Tensor:
        """The paper's equation 12: squared error of all twelve leads, and the latent's distance from a unit normal."""
        mean, log_variance = self.posterior(batch.x)
        answer = self.decoder(mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean))
        matrix = torch.from_numpy(TWELVE_FROM_EIGHT).to(batch.target)
        truth = torch.einsum("le,bet->blt", matrix, batch.target)
        divergence = 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()
        loss = F.mse_loss(answer, truth) + self.config.kl_weight * divergence
        for features in self._features:
            with torch.no_grad():
                wanted = features(truth)
            pairs = list(zip(features(answer), wanted, strict=True))
            loss = loss + self.config.perceptual_weight * sum(F.mse_loss(a, b) for a, b in pairs) / len(pairs)
        return loss

    def twelve(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """Twelve leads (batch, 12, time) in mV from the latent's mean; time a multiple of 8.

        With a `generator` from a drawn latent, as the published test path does: another answer at every draw.
        """
        latent, log_variance = self.posterior(x)
        if generator is not None:
            noise = torch.randn(latent.shape, generator=generator, device=generator.device).to(latent)
            latent = latent + torch.exp(0.5 * log_variance) * noise
        out: Tensor = self.decoder(latent)
        return out
