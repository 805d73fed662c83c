"""Any trained network in the one form that a bundle holds: leads and masks in, eight leads and log-variances out."""

from __future__ import annotations

import copy

from torch import Tensor, nn

from edge.errors import UsageError
from edge.leads import INDEPENDENT, LEAD
from train.models.mcma import MCMA, LinearMCMA


class EightLeads(nn.Module):
    """A network that answers with twelve leads and does not say how sure it is; that is then the same always, and the
    bundle's calibration gives its size."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net
        self.window = int(net.window)  # type: ignore[arg-type]
        self.columns = [LEAD[name] for name in INDEPENDENT]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """As `train.models.unet.UNet.forward`."""
        twelve: Tensor = self.net.twelve(x)  # type: ignore[operator]
        leads = twelve[:, self.columns, None]
        return leads, 0.0 * leads  # not a constant: the converters would not know what to do with it


def deployable(trained: nn.Module) -> nn.Module:
    """A copy of `trained`, in eval mode, every BatchNorm folded into the convolution before it.

    Raises UsageError for a network whose output has no millivolts.
    """
    if isinstance(trained, MCMA) and not isinstance(trained, LinearMCMA):
        raise UsageError("mcma as published has no millivolts in its output: train and export mcma-linear")
    net = folded(trained)
    return net if hasattr(net, "log_ridge") else EightLeads(net).eval()


def folded(net: nn.Module) -> nn.Module:
    """A copy in eval mode without BatchNorms, which are linear maps by then."""
    net = copy.deepcopy(net).eval()
    for module in list(net.modules()):
        if isinstance(module, nn.Sequential) and len(module) == 2 and isinstance(module[1], nn.BatchNorm2d):
            module[0] = nn.utils.fuse_conv_bn_eval(module[0], module[1])
            module[1] = nn.Identity()
    return net


def basis_of(net: nn.Module) -> int:
    """Channels of the third output of a deployable network."""
    return int(net.config.basis) if hasattr(net, "log_ridge") else 0  # type: ignore[union-attr]
