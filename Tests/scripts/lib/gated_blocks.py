"""The convolutions of a gated residual block."""


def gated_convolutions(options, channels):
    """The options of a gated residual block's convolutions by their names, for an input of so many channels."""
    width, bias = options.get("channels", channels), {"bias": options.get("bias", True)}
    own = {"kernel": 2, "padding": "causal", **{
        key: options[key] for key in ("kernel", "dilation", "padding") if key in options}}
    ends = {"skip": options.get("skip"), "residual": channels if options.get("residual", True) else None}
    return {"conv": {**own, "filters": 2 * width, **bias}, **{
        name: {"filters": filters, "kernel": 1, **bias} for name, filters in ends.items() if filters}}
