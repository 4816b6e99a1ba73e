"""A house with a week of life in it, to look at: `teahouse demo`."""
