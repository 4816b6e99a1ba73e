"""Floor 2: the disk. `base` and `log` are the interfaces; the roof chooses who stands behind them."""
